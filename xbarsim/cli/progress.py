"""How far a long run is: a bar on stderr, for those who watch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic
from typing import Any

PATIENCE_S = 1.0  # a run that is done before needs no bar
UPDATE_S = 0.1  # at least, between two updates


class Progress:
    """Told as often as one likes; shows a bar behind the first second, and moves it at most ten times a second.

    now_s: the clock; open_bar: gives a started rich.progress.Progress, or None where nobody watches.
    """

    def __init__(
        self, now_s: Callable[[], float] = monotonic, open_bar: Callable[[], Any] | None = None
    ) -> None:
        self.now_s, self.open_bar = now_s, open_bar or opened_bar
        self.bar: Any = None
        self.tasks: dict[str, Any] = {}
        self.next_s: float | None = None  # when to look again; None before anything is told

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def report(self, what: str, done: int, total: int) -> None:
        """So much of so much is done; what is complete is shown at once where a bar shows it."""
        now_s = self.now_s()
        if self.next_s is None:
            self.next_s = now_s + PATIENCE_S
        complete = done >= total and what in self.tasks
        if now_s < self.next_s and not complete:
            return
        self.next_s = now_s + UPDATE_S
        if self.bar is None:
            self.bar = self.open_bar()
        if self.bar is None:
            self.next_s = float("inf")
            return
        if what not in self.tasks:
            self.tasks[what] = self.bar.add_task(what, total=total)
        self.bar.update(self.tasks[what], completed=done)


def opened_bar() -> Any:
    """A bar that is gone when it stops; None where stderr is no terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import Progress as Bar

    bar = Bar(console=Console(stderr=True), transient=True)
    bar.start()
    return bar
