"""Validations as tables: every published figure beside the simulator's, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xbarsim.report.views import Cell, Column, Table, number_cell
from xbarsim.validation.fit import Refit
from xbarsim.validation.outcome import BARS, Row, Validation

KINDS = ("identity", "calibrated", "blind", "uncalibrated", "prediction", "needs_data", "context")
KIND_WORDS = {
    "identity": "arithmetic of what was published: it holds by construction, or the description is wrong",
    "calibrated": "used in the fit of the parameters that the paper leaves open",
    "blind": "predicted: nothing was fitted to it. Only these say something about the simulator",
    "uncalibrated": "from the generic component library alone, which knows nothing of the chip: shown, whatever it is",
    "prediction": "simulated, but nothing was published to compare it with",
    "needs_data": "not simulated: needs data that are not there",
    "context": "shown beside what was published, but not comparable; the cause says why",
}
_LEAST_SENSITIVITY = 0.01
_VERDICTS = {
    "inside": "inside",
    "explained": "explained",
    "outside": "outside",
    "shown": "shown",
    "not simulated": "not run",
}
BAR_WORDS = (
    "bar: the largest error that passes, of times and counts, and of what has energy or area in it; explained: outside "
    "it, with the cause told; shown: held to no bar"
)
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
            Cell("; ".join(figure_words(row) for row in alike)),
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


def kind_table(validations: Sequence[Validation]) -> Table:
    """What the kinds of figures are, which error passes, and how many of each do."""
    columns = (
        Column("kind"),
        Column("what it is", wide=True),
        Column("bar, time", True),
        Column("bar, energy", True),
        Column("figures", True),
        *(Column(title, True) for title in _VERDICTS.values()),
    )
    rows = tuple(_of_kind(kind, validations) for kind in KINDS)
    return Table("Kinds of figures", columns, rows, BAR_WORDS)


def _of_kind(kind: str, validations: Sequence[Validation]) -> tuple[Cell, ...]:
    verdicts = Counter(row.verdict for one in validations for row in one.of(kind))
    bars = [f"{bar * 100:g} %" for bar in BARS[kind]] if kind in BARS else ["none", "none"]
    return (
        Cell(kind.replace("_", " ")),
        Cell(KIND_WORDS[kind], tone="quiet"),
        *(Cell(bar) for bar in bars),
        number_cell(str(verdicts.total()), verdicts.total()),
        *(_counted(verdicts[verdict], _TONES[verdict]) for verdict in _VERDICTS),
    )


def _counted(number: int, tone: str) -> Cell:
    return Cell(str(number or ""), sort=number, tone=tone if number else "")


def tables_of(validation: Validation) -> tuple[Table, ...]:
    """All tables about one chip that have something in them."""
    tables = (figure_table(validation), fitted_table(validation), cause_table(validation))
    return tuple(table for table in tables if table.rows)


def tables_of_all(validations: Sequence[Validation]) -> tuple[Table, ...]:
    """Tables over several chips: kinds of figures, and a row for each chip."""
    return kind_table(validations), summary_table(validations)


def outside_words(validations: Sequence[Validation]) -> str:
    """Which figures are outside their bar without a cause; nothing if none is."""
    outside = [
        f"{one.chip}: {figure_words(row)} is off by {error_text(row.error)} (bar {(row.bar or 0) * 100:g} %)"
        for one in validations
        for row in one.rows
        if row.verdict == "outside"
    ]
    fix = "Find the cause, and say under `because` of the figure what was measured."
    return "\n".join(["Outside their bar without a cause:", *outside, fix]) if outside else ""


def figure_words(row: Row) -> str:
    """A figure with its mode, as causes and messages name it."""
    return f"{row.figure} ({row.mode})" if row.mode else row.figure


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
