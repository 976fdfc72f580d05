"""The last parts of every page of a result: what its figures rest on."""

from __future__ import annotations

from xbarsim.report import origins, views
from xbarsim.report.sections import Section
from xbarsim.report.views import Measured


def trust_sections(result: Measured, notes: tuple[str, ...], laws_lead: str = "") -> tuple[Section, ...]:
    """Fitted parameters, laws, unknown numbers, notes, sources, provenance."""
    return (
        Section("calibrated", "Calibrated parameters", origins.calibrated_words(result),
                tables=(origins.calibrated_table(result),)),
        Section("laws", "Conservation laws", laws_lead, tables=(views.law_table(result),)),
        Section("unknown", "Unknown numbers", "What the chip's description leaves unknown.", words=result.unknowns),
        Section("notes", "Notes", words=notes),
        Section("sources", "Sources", "Every number of the chip, and where it stands.",
                tables=(origins.source_table(result),)),
        Section("provenance", "Provenance", tables=(origins.provenance_table(result),)),
    )  # fmt: skip
