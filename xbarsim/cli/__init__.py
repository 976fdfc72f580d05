"""The command line: one file per command, a thin coat over xbarsim.api, and the only place that prints."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer

from xbarsim.errors import XbarsimError

COMMANDS = ("run", "serve", "generate", "check", "map", "explain", "trace", "schema", "show", "validate")

app = typer.Typer(
    name="xbarsim",
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
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"{error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "show"):  # click's own usage errors
            error.show()
            sys.exit(2)
        raise
    sys.exit(result if isinstance(result, int) else 0)
