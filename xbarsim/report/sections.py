"""One part of a page."""

from __future__ import annotations

from dataclasses import dataclass

from xbarsim.report.views import Table


@dataclass(frozen=True)
class Mark:
    """A word at the top of a page, and the part that says more."""

    tone: str  # "good", "warn", "bad"
    anchor: str
    text: str


@dataclass(frozen=True)
class Section:
    """One part of the page: a figure, tables, words; whatever of them there is."""

    anchor: str
    title: str
    lead: str = ""
    figure: str = ""
    tables: tuple[Table, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def filled(self) -> bool:
        return bool(self.figure or self.words or any(table.rows for table in self.tables))
