"""Documents whose examples are run: README.md and docs/*.md.

A fenced block counts if an HTML comment stands on the line before it:

    <!-- run -->        ```console  each "$ command" is run; the lines below it are what it prints
                        ```python   executed, all of a document in one namespace
    <!-- run fails -->  ```console  the same, of commands that end in an error
    <!-- printed -->    ```text     what the python block before it printed
    <!-- file NAME -->  any         written as that file, in the folder in which everything runs
    <!-- more NAME -->  any         appended to that file

Between `<!-- table: kinds -->` and `<!-- end -->` stands what tests/reference_tables.py makes of the registry.

In a shown output, a line "..." stands for any number of lines. `python -m tests.documents README.md` writes
the real output and the tables into a document; which lines it keeps, the comment says:

    <!-- run: 12 lines; 9 lines from "Layers" -->
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.reference_tables import with_tables
from xbarsim.cli import main
from xbarsim.spec.component import kinds

ROOT = Path(__file__).parent.parent
SKIP = "..."
WENT_WRONG = "(ended with exit code"
BLOCK = re.compile(
    r"^<!-- (?P<mark>[^\n]*?) -->\n```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
KEEP = re.compile(r'(\d+) lines?(?: from "([^"]*)")?')


@dataclass(frozen=True)
class Block:
    """A marked block; `start` and `end` bound its body in the document's text."""

    word: str
    rest: str
    language: str
    body: str
    start: int
    end: int

    @property
    def fails(self) -> bool:
        return self.rest.startswith("fails")


def blocks(text: str) -> list[Block]:
    found = []
    for match in BLOCK.finditer(text):
        word, _, rest = match["mark"].replace(":", " ", 1).partition(" ")
        found.append(
            Block(
                word, rest.strip(), match["language"], match["body"], match.start("body"), match.end("body")
            )
        )
    return found


def examples(text: str) -> Iterator[tuple[Block, str]]:
    """Every block with an output, and the body it really has. Runs in a folder of its own."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    with _workplace():
        for block in blocks(text):
            if block.word in ("file", "more"):
                _write(block)
            elif block.word == "printed":
                yield block, printed
            elif block.language == "python":
                printed = _python(block.body, namespace)
                if WENT_WRONG in printed:
                    yield block, printed
            else:
                yield block, "".join(_session(block))


@contextmanager
def _workplace() -> Iterator[None]:
    """A fresh folder with the shipped chips and networks; kinds and modules made in it are forgotten after."""
    known, modules = dict(kinds()), set(sys.modules)
    with TemporaryDirectory() as folder, chdir(folder):
        for name in ("architectures", "workloads", "studies"):
            Path(name).symlink_to(ROOT / name)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
            for name in set(sys.modules) - modules:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
                    del sys.modules[name]
            kinds().clear()
            kinds().update(known)


def _write(block: Block) -> None:
    path = Path(block.rest)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if block.word == "more" else "w", encoding="utf-8") as file:
        file.write(block.body)


def _python(source: str, namespace: dict[str, Any]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            exec(compile(source, "<document>", "exec"), namespace)
        except Exception as error:
            return f"{type(error).__name__}: {error}\n{WENT_WRONG} 1)\n"  # told like a command that failed
    return out.getvalue()


def _session(block: Block) -> Iterator[str]:
    """Each command with what it prints; the last one must end as the block says, those before it well."""
    commands = [line for line in block.body.splitlines() if line.startswith("$ ")]
    for line in commands:
        output, code = shell(line[2:].partition("  #")[0].strip())
        expected = bool(code) == (block.fails and line is commands[-1])
        yield f"{line}\n{output}" + ("" if expected else f"{WENT_WRONG} {code})\n")


def shell(command: str) -> tuple[str, int]:
    """What a command prints (on an error also its text on stderr), and its exit code."""
    if not command.startswith("xbarsim "):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, env={**os.environ, "PATH": path}
        )
        return done.stdout + done.stderr, done.returncode
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(shlex.split(command)[1:])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        except Exception as error:  # told as a difference of this example, so that the others are run too
            return f"{type(error).__name__}: {error}\n", 1
    return out.getvalue() + (err.getvalue() if code else ""), code


# --- comparing ---------------------------------------------------------------------------------------


def problems(text: str) -> list[str]:
    """Every example whose shown output is not what it really prints."""
    return [
        f"shown:\n{block.body}\nreal:\n{real}"
        for block, real in examples(text)
        if WENT_WRONG in real or not agree(block.body.splitlines(), real.splitlines())
    ]


def agree(shown: list[str], real: list[str]) -> bool:
    """The real lines are the shown ones, with anything in place of each `...`."""
    shown, real = [[line.rstrip() for line in lines] for lines in (shown, real)]
    pieces: list[list[str]] = [[]]
    for line in shown:
        if line == SKIP:
            pieces.append([])
        else:
            pieces[-1].append(line)
    if len(pieces) == 1:
        return shown == real
    first, last = pieces[0], pieces[-1]
    at = len(first)
    if real[:at] != first or (last and real[-len(last) :] != last):
        return False
    for piece in pieces[1:-1]:
        found = next((i for i in range(at, len(real)) if real[i : i + len(piece)] == piece), None)
        if found is None:
            return False
        at = found + len(piece)
    return at + len(last) <= len(real)


# --- writing -----------------------------------------------------------------------------------------


def updated(text: str) -> str:
    """The document with the real output in it; an example that went wrong is left and told."""
    for block, real in reversed(list(examples(text))):
        if WENT_WRONG in real:
            sys.stderr.write(f"left as it is:\n{real}\n")
            continue
        if agree(block.body.splitlines(), real.splitlines()) and SKIP not in block.body.splitlines():
            continue
        lines = kept([line.rstrip() for line in real.splitlines()], block.rest)
        text = text[: block.start] + "\n".join(lines) + "\n" + text[block.end :]
    return text


def kept(lines: list[str], rule: str) -> list[str]:
    """The lines that a rule like '12 lines; 9 lines from "Layers"' keeps; commands always, `...` for the rest."""
    keep = {i for i, line in enumerate(lines) if line.startswith("$ ")}
    rules = KEEP.findall(rule)
    if not rules:
        return lines
    for count, start in rules:
        at = next((i for i, line in enumerate(lines) if i and start in line), None) if start else 0
        assert at is not None, f"no line with '{start}'"
        keep |= set(range(at, min(at + int(count), len(lines))))
    shown: list[str] = []
    for i, line in enumerate(lines):
        if i in keep:
            shown.append(line)
        elif not shown or shown[-1] != SKIP:
            shown.append(SKIP)
    return shown


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name).absolute()
        path.write_text(updated(with_tables(path.read_text(encoding="utf-8"))), encoding="utf-8")
