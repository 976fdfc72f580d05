"""The kernel's machine code as it is kept between processes: whole or made anew, and asking for nothing outside."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from xbarsim.engine.burst import machine

ROOT = Path(__file__).parents[2]
RUN = (
    "import sys, xbarsim as xs\n"
    "xs.simulate(xs.load_chip('tutorial'), xs.load_workload('mlp_digits'))\n"
    "heavy = ('numba', 'torch', 'networkx', 'pint', 'scipy', 'matplotlib')\n"
    "print([name for name in heavy if name in sys.modules])"
)


def kept(symbol: bytes, code: bytes) -> bytes:
    rest = symbol + b"\n" + code
    return sha256(rest).digest() + rest


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    (file := tmp_path / "advance.o").write_bytes(kept(b"advance", b"\x7fELF\n\x00"))
    assert machine._kept(file) == ("advance", b"\x7fELF\n\x00")


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40] + b"?" + b[41:], lambda b: b""])
def test_what_is_not_whole_is_made_anew(tmp_path: Path, damage: object) -> None:
    (file := tmp_path / "advance.o").write_bytes(damage(kept(b"advance", b"some code, long enough")))  # type: ignore[operator]
    assert machine._kept(file) is None


def test_what_is_not_there_is_made_anew(tmp_path: Path) -> None:
    assert machine._kept(tmp_path / "advance.o") is None


def test_code_that_calls_outside_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"advance calls \['elsewhere'\]"):
        machine._demand_alone("declare i64 @elsewhere(i64)\ndeclare i64 @llvm.smin.i64(i64, i64)", "advance")


def test_a_run_with_kept_code_imports_nothing_heavy() -> None:
    """Twice: the first process compiles the kernel if nobody has yet."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", RUN], capture_output=True, text=True, cwd=ROOT, check=True
        )
    assert done.stdout == "[]\n"
