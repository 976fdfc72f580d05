"""How far a study is: a line on stderr that moves, for those who watch."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from xbarsim.study.study import Study
    from xbarsim.study.sweep import Tally

UPDATE_S = 0.1  # at least, between two updates on a terminal
LINE_S = 30.0  # elsewhere: a line for a log


class StudyWatch:
    """Told behind each point; keeps one line up to date on a terminal, and writes one now and then elsewhere.

    An interrupt inside is told with what is kept.
    """

    def __init__(self, study: Study, store: Path, stream: TextIO | None = None):
        self.study, self.store, self.stream = study, store, stream or sys.stderr
        self.tally: Tally | None = None
        self.next_s = 0.0 if self.stream.isatty() else monotonic() + LINE_S

    def __enter__(self) -> StudyWatch:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if self.stream.isatty() and self.tally is not None:
            print("\r\x1b[K", end="", file=self.stream, flush=True)
        if kind is KeyboardInterrupt:
            raise KeyboardInterrupt(self._kept()) from None

    def told(self, tally: Tally) -> None:
        self.tally = tally
        if monotonic() < self.next_s:
            return
        terminal = self.stream.isatty()
        self.next_s = monotonic() + (UPDATE_S if terminal else LINE_S)
        begin, end = ("\r\x1b[K", "") if terminal else ("", "\n")
        print(begin + words(self.study, tally), end=end, file=self.stream, flush=True)

    def _kept(self) -> str:
        tally = self.tally
        if tally is None:
            return "interrupted; nothing was run"
        kept = tally.total - tally.left
        return (
            f"interrupted; {kept:,} of {tally.total:,} points are in {self.store}, the same command goes on"
        )


def words(study: Study, tally: Tally) -> str:
    """Done, failed, rate, left, best so far."""
    from xbarsim.report.quantities import format_number, format_quantity
    from xbarsim.report.study_views import format_figure

    parts = [f"{tally.known + tally.done:,} of {tally.total:,} done"]
    if tally.failed:
        parts.append(f"{tally.failed:,} failed")
    if tally.left_s is not None:
        parts.append(f"{format_number(tally.per_s, 2)} a second")
        parts.append(f"{format_quantity(tally.left_s, 's', 2)} left")
    if tally.best is not None:
        figure = study.goals[0].figure
        parts.append(f"best {figure} {format_figure(figure, tally.best[figure])}")
    return f"{study.name}: {', '.join(parts)}"
