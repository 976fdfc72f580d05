"""The entries of the kernel as machine code that is linked in without the compiler.

To import the compiler takes a third of a second and 60 MiB, so it is asked only once for each version of the
kernel's sources and each kind of processor. What it made is kept as object files, which LLVM alone can link.
The kernel's functions take and return integers and call nothing outside, which is checked when one is made.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, byref, c_int32, c_int64, c_void_p
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from xbarsim.files import kept_folder

DIGEST = 32  # bytes before the code in a file


def advance(m: int, until_ps: int, most_events: int) -> int:
    return _call("kernel", "advance", m, until_ps, most_events)


def push(m: int, what: int, a: int, b: int, c: int) -> None:
    _call("passages", "push", m, what, a, b, c)


def frame(m: int, kind: int, a: int, b: int, c: int, d: int) -> int:
    return _call("passages", "frame", m, kind, a, b, c, d)


def raise_to(m: int, counter: int, value: int) -> None:
    _call("queues", "raise_to", m, counter, value)


def settle_all(m: int, stations: int) -> None:
    _call("queues", "settle_all", m, stations)


def rearrange(m: int, shift: int) -> None:
    _call("calendar", "rearrange", m, shift)


def list_events(m: int) -> int:
    return _call("portrait", "list_events", m)


def portray(m: int, events: int, stations: int, counters: int, done: int) -> int:
    return _call("portrait", "portray", m, events, stations, counters, done)


def _call(home: str, name: str, *numbers: int) -> int:
    """By the compiler's convention: where the result goes, where an error would go, the arguments."""
    result, error = c_int64(), c_void_p()
    status = _entry(home, name, len(numbers))(byref(result), byref(error), *map(int, numbers))
    assert not status, f"{home}.{name} came back with {status}"
    return result.value


@cache
def _entry(home: str, name: str, numbers: int) -> Callable[..., int]:
    kept = _kept(folder() / f"{name}-{_processor()}.o")
    if kept is None:
        try:
            kept = _made(home, name, numbers)
        except (AttributeError, ImportError, TypeError):  # a compiler whose inner parts have changed
            return _through_compiler(home, name)
    symbol, code = kept
    linker = _linker()
    linker.add_object_file(llvm.ObjectFileRef.from_data(code))
    linker.finalize_object()
    kind = CFUNCTYPE(c_int32, POINTER(c_int64), POINTER(c_void_p), *[c_int64] * numbers)
    return kind(linker.get_function_address(symbol))


def _through_compiler(home: str, name: str) -> Callable[..., int]:
    """The entry as the compiler itself offers it, in the convention of linked code: slower to start, the same after."""
    function = getattr(import_module(f"xbarsim.engine.burst.{home}"), name)

    def called(result: Any, error: Any, *numbers: int) -> int:
        result._obj.value = function(*numbers) or 0
        return 0

    return called


@cache
def _linker() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True, codemodel="jitdefault")
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


@cache
def _processor() -> str:
    """Code for one kind of processor may hold instructions that another lacks."""
    kind = f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"
    return sha256(kind.encode()).hexdigest()[:12]


def _kept(file: Path) -> tuple[str, bytes] | None:
    """Symbol and code from an earlier process, if they are whole."""
    try:
        digest, rest = (content := file.read_bytes())[:DIGEST], content[DIGEST:]
    except OSError:
        return None
    if sha256(rest).digest() != digest:
        return None
    symbol, _, code = rest.partition(b"\n")
    return symbol.decode(), code


def _made(home: str, name: str, numbers: int) -> tuple[str, bytes]:
    """Compile an entry, and keep it for later processes."""
    compiler: Any = import_module("numba.core.compiler")  # here, as it takes a third of a second
    types: Any = import_module("numba.core.types")
    cpu_target: Any = import_module("numba.core.registry").cpu_target
    function = getattr(import_module(f"xbarsim.engine.burst.{home}"), name)
    flags = compiler.Flags()
    bare = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    cpu_target.options.parse_as_flags(flags, function.targetoptions | bare)
    typing, target = cpu_target.typing_context, cpu_target.target_context
    arguments = (types.int64,) * numbers
    made = compiler.compile_extra(typing, target, function.py_func, arguments, None, flags, {})
    assert made.signature.return_type in (types.int64, types.none), made.signature
    _demand_alone(made.library.get_llvm_str(), name)
    symbol, code = made.fndesc.llvm_func_name, bytes(made.library._get_compiled_object())
    rest = symbol.encode() + b"\n" + code
    _write(folder() / f"{name}-{_processor()}.o", sha256(rest).digest() + rest)
    return symbol, code


def _demand_alone(text: str, name: str) -> None:
    """A symbol that nobody gives would end the process when it is linked."""
    parts = llvm.parse_assembly(text)
    missing = [f.name for f in parts.functions if f.is_declaration and not f.name.startswith("llvm.")]
    missing += [v.name for v in parts.global_variables if v.is_declaration]
    assert not missing, f"{name} calls {missing}"


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, whoever else writes it at the same time."""
    number, draft = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(number, "wb") as out:
        out.write(content)
    os.replace(draft, file)


@cache
def folder() -> Path:
    """Where compiled code is kept: the user's cache, or a folder for this process if that cannot be written.

    Named after all sources of this package: the compiler's own cache looks at one file at a time and would not
    see that a function or a column of another file has changed.
    """
    sources = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    return kept_folder(f"kernel-{version('numba')}-{sha256(sources).hexdigest()[:16]}")
