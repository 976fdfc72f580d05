"""The command line: one file per command, a thin coat over xbarsim.api, and the only place that prints."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from xbarsim.errors import XbarsimError

COMMANDS = (
    "run", "serve", "generate", "lifetime", "train", "check", "map", "explain", "trace", "schema", "show", "validate",
    "compare", "sweep", "search", "sensitivity", "query",
)  # fmt: skip
INTERRUPTED = 130  # exit code, as shells have it


class _Interrupted(Exception):
    """Ctrl-C, with what it leaves; typer would end the command without a word."""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            raise _Interrupted(str(stopped) or "interrupted; nothing was written") from None


app = typer.Typer(
    name="xbarsim",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulate in-memory-computing chips, event by event: what a chip running a network really costs and delivers.",
)
for _command in COMMANDS:
    import_module(f"xbarsim.cli.{_command}").register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run a command; a wrong input ends in its own text on stderr and exit code 2, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that has no µ or × shows a question mark
    try:
        result: Any = app(args=arguments, standalone_mode=False)
    except XbarsimError as error:
        _leave(error, 2)
    except OSError as error:
        _leave(f"{error.filename or 'output'}: {error.strerror or error}", 2)
    except _Interrupted as stopped:
        _leave(stopped, INTERRUPTED)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "show"):  # click's own usage errors
            error.show()
            sys.exit(2)
        raise
    sys.exit(result if isinstance(result, int) else 0)


def _leave(why: object, code: int) -> None:
    print(why, file=sys.stderr)
    sys.exit(code)
