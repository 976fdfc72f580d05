"""Validations as tables: every published figure beside the simulator's, and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from xbarsim.report.views import Cell, Column, Table
from xbarsim.validation.fit import Refit
from xbarsim.validation.outcome import BARS, Row, Validation

KINDS = ("identity", "calibrated", "blind", "uncalibrated", "prediction", "needs_data", "context")
KIND_WORDS = {
    "identity": "arithmetic of what was published",
    "calibrated": "used in the fit",
    "blind": "predicted",
    "uncalibrated": "the generic component library alone",
    "prediction": "nothing was published",
    "needs_data": "needs data that are not there",
    "context": "not comparable",
}
_LEAST_SENSITIVITY = 0.01
_TONES = {"inside": "good", "explained": "warn", "outside": "bad", "shown": "", "not simulated": "quiet"}


def figure_table(validation: Validation) -> Table:
    """One row for each published figure."""
    columns = (
        Column("figure"),
        Column("mode"),
        Column("conditions", wide=True),
        Column("published", True),
        Column("simulated", True),
        Column("error", True),
        Column("bar", True),
        Column("kind"),
        Column("source", wide=True),
    )
    rows = tuple(_cells(row) for row in by_kind(validation))
    return Table(validation.chip, columns, rows, fit_words(validation))


def by_kind(validation: Validation) -> list[Row]:
    return sorted(validation.rows, key=lambda row: KINDS.index(row.kind))


def _cells(row: Row) -> tuple[Cell, ...]:
    tone = _TONES[row.verdict]
    return (
        Cell(row.figure),
        Cell(row.mode, tone="quiet"),
        Cell(row.conditions, tone="quiet"),
        Cell(row.published_text, sort=row.published),
        Cell(
            row.simulated_text or "not simulated",
            sort=row.simulated,
            tone="" if row.simulated_text else "quiet",
        ),
        Cell(error_text(row.error), sort=row.error, tone=tone),
        Cell("" if row.bar is None else f"{row.bar * 100:g} %", sort=row.bar),
        Cell(row.kind.replace("_", " ")),
        Cell(row.source, tone="quiet"),
    )


def cause_table(validation: Validation) -> Table:
    """Why figures are outside their bar, or were not compared."""
    told: dict[str, list[Row]] = {}
    for row in by_kind(validation):
        if row.because:
            told.setdefault(row.because, []).append(row)
    rows = tuple(
        (
            Cell("; ".join(f"{row.figure} ({row.mode})" if row.mode else row.figure for row in alike)),
            Cell("; ".join(error_text(row.error) for row in alike), tone=_TONES[alike[0].verdict]),
            Cell(because),
        )
        for because, alike in told.items()
    )
    columns = (Column("figure"), Column("error", True), Column("cause, as far as it was measured"))
    return Table(f"{validation.chip}: causes", columns, rows)


def fitted_table(validation: Validation) -> Table:
    rows = tuple(
        (Cell(one.parameter), Cell(one.value), Cell("; ".join(one.figures) or f"same as {one.same_as}"))
        for one in validation.fitted
    )
    columns = (Column("fitted parameter"), Column("value", True), Column("fitted to"))
    return Table(f"{validation.chip}: fitted parameters", columns, rows, fit_words(validation))


def refit_table(chip: str, found: Refit) -> Table:
    """Parameters fitted anew beside those of the description."""
    rows = tuple(
        (Cell(one.parameter), Cell(one.value), Cell(error_text(found.scale[one.parameter] - 1)))
        for one in found.parameters
        if one.parameter in found.scale
    )
    columns = (Column("parameter"), Column("described", True), Column("fitted anew", True))
    told = f"{len(rows)} varied; whole numbers stay as they are"
    return Table(f"{chip}: least squares over {len(found.errors)} calibrated figures", columns, rows, told)


def sensitivity_table(chip: str, found: Refit) -> Table:
    """Percent by which each predicted figure changes for a percent of each fitted parameter, largest first."""
    columns = (Column("predicted figure"), Column("parameter"), Column("percent a percent", True))
    moved = [
        (figure, key, percent)
        for figure, by_parameter in found.sensitivity.items()
        for key, percent in sorted(by_parameter.items(), key=lambda item: -abs(item[1]))
        if abs(percent) >= _LEAST_SENSITIVITY
    ]
    rows = tuple(
        (Cell(figure), Cell(key), Cell(f"{percent:+.2f}", sort=percent)) for figure, key, percent in moved
    )
    return Table(f"{chip}: what moves the predictions", columns, rows)


def summary_table(validations: Sequence[Validation]) -> Table:
    """One row for each chip: how many figures of each kind are inside their bar, and the largest errors."""
    columns = (
        Column("chip"),
        Column("identities", True),
        Column("calibrated", True),
        Column("blind", True),
        Column("largest blind error", True),
        Column("parameters fitted", True),
    )
    return Table("Published chips", columns, tuple(_summary(one) for one in validations))


def _summary(validation: Validation) -> tuple[Cell, ...]:
    largest = max(validation.of("blind"), key=lambda row: abs(row.error or 0), default=None)
    fitted = f"{validation.parameters} to {validation.numbers}" if validation.fitted else "none"
    return (
        Cell(validation.chip),
        *(_inside(list(validation.of(kind))) for kind in ("identity", "calibrated", "blind")),
        Cell(
            "" if largest is None else error_text(largest.error),
            sort=None if largest is None else largest.error,
            tone="" if largest is None else _TONES[largest.verdict],
        ),
        Cell(fitted),
    )


def _inside(rows: list[Row]) -> Cell:
    inside = sum(1 for row in rows if row.verdict == "inside")
    return Cell(f"{inside} of {len(rows)}" if rows else "", tone="good" if inside == len(rows) else "warn")


def kind_words() -> str:
    """What the kinds of figures are, and which error passes."""
    told = []
    for kind, words in KIND_WORDS.items():
        time, energy = (f"{bar * 100:g} %" for bar in BARS.get(kind, (0.0, 0.0)))
        bar = f" (bar {time} of times and counts, {energy} of energies and areas)" if kind in BARS else ""
        told.append(f"{kind.replace('_', ' ')}: {words}{bar}")
    return "; ".join(told) + "."


def fit_words(validation: Validation) -> str:
    """How many parameters were fitted to how many numbers."""
    if not validation.fitted:
        return "nothing fitted"
    parameters = validation.parameters
    return f"{parameters} parameter{'s' * (parameters > 1)} fitted to {validation.numbers} numbers"


def error_text(error: float | None) -> str:
    if error is None:
        return ""
    if abs(error) >= 1:
        return f"× {error + 1:.3g}"
    return f"{error * 100:+.1f} %" if abs(error) >= 0.0005 else "0.0 %"
