"""Validate: run what a chip's published figures ask for, and set each beside the simulator's."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from xbarsim.errors import Problem, SpecError
from xbarsim.shipped import shipped
from xbarsim.spec.chip import Chip
from xbarsim.spec.figures import MEASURES, SAME_AS, Reported, published
from xbarsim.units import exact, show, split
from xbarsim.validation.measures import FUNCTIONS, known
from xbarsim.validation.outcome import BARS, Fitted, Row, Validation
from xbarsim.validation.problems import InputError, demand, problems_of
from xbarsim.validation.subject import Settings, Subject

for _module in ("tables", "parts", "flow", "fleet"):  # their measures enter themselves
    import_module(f"xbarsim.validation.{_module}")

Report = Callable[[str, int, int], None]  # what runs, how much is done, of how much


def published_chips() -> tuple[str, ...]:
    """Shipped chips that say what was published of them."""
    names = sorted(file.stem for file in shipped("architectures").glob("*.yaml"))
    return tuple(
        name for name in names if "\nreported:" in (shipped("architectures") / f"{name}.yaml").read_text()
    )


def validate(name: str, settings: Settings = (), report: Report | None = None) -> Validation:
    """All published figures of one chip, by name or path, beside what the simulator gives.

    Raises: SpecError for a wrong description, and for rows of `reported` that ask for what cannot be had, each with
    file and line: settings and workloads of all rows before anything runs, what does not fit or has no numbers behind.
    """
    return validated(demand([name], settings)[0], report)


def validated(subject: Subject, report: Report | None = None) -> Validation:
    """The same of a chip whose rows were looked at before. Raises: SpecError with what no row could give."""
    chip = subject.chip()
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, row in enumerate(chip.header.reported):
        if report is not None:
            report(chip.name, number, len(chip.header.reported))
        try:
            rows.append(compare(subject, row))
        except InputError as error:
            problems += problems_of(subject, number, row, error)
    if problems:
        raise SpecError(problems)
    if report is not None:
        report(chip.name, len(rows), len(rows))
    return Validation(subject.name, chip.name, chip.header.source, tuple(rows), fitted(chip), chip.sha256)


def compare(subject: Subject, row: Reported) -> Row:
    """One figure: published, simulated, error, and the bar it is held to."""
    simulated = simulate_figure(subject, row)
    known = published(row)
    error = simulated / known - 1 if simulated is not None and known else None
    timing = row.measure is not None and MEASURES[row.measure].timing
    bar = BARS[row.kind][0 if timing else 1] if row.kind in BARS else None
    return Row(
        subject.chip().name,
        row.figure,
        row.mode or "",
        conditions(row),
        row.kind or "context",
        row.measure or "",
        known,
        simulated,
        row.value or "not published",
        _text(row, simulated),
        error,
        bar,
        row.source,
        row.because or ("" if row.kind else "not yet compared: no kind and no measure are given"),
    )


def simulate_figure(subject: Subject, row: Reported) -> float | None:
    """The simulator's value in the measure's base unit; None where there is no measure.

    Raises: MappingError where what is asked for does not fit, or energy, power or area have no numbers behind them.
    """
    if row.measure is None:
        return None
    asked = subject.asked(row)
    value = float(FUNCTIONS[row.measure](asked))
    return value if MEASURES[row.measure].timing else known(asked, value)


def conditions(row: Reported) -> str:
    """Settings, run and note of a figure in one line."""
    told = [f"{key} {value}" for key, value in row.set.items()]
    told += [row.run] if row.run else []
    told += [f"{row.requests} requests"] if row.requests > 1 else []
    told += [f"batch {row.batch}"] if row.batch > 1 else []
    return ", ".join([*told, *([row.note] if row.note else [])])


def fitted(chip: Chip) -> tuple[Fitted, ...]:
    """The chip's fitted parameters, with the figures they were fitted to."""
    values = {row.key: row.value for row in chip.numbers}
    return tuple(
        Fitted(key, values.get(key, ""), () if (twin := _twin(figures)) else tuple(figures), twin)
        for key, figures in chip.header.calibrated.items()
    )


def _twin(figures: tuple[str, ...]) -> str:
    """`[same as core.ldpu.energy]`: a parameter that always has the value of another."""
    alone = figures[0] if len(figures) == 1 else ""
    return alone.removeprefix(SAME_AS) if alone.startswith(SAME_AS) else ""


def _text(row: Reported, value: float | None) -> str:
    """A value in the unit of the published one."""
    if value is None or row.measure is None:
        return ""
    dimension = MEASURES[row.measure].dimension
    if dimension is not None:
        told = split(row.value) if row.value is not None else None
        if told is None:
            return show(value, dimension)
        return f"{value / float(exact(f'1 {told[1]}', dimension)):.4g} {told[1]}"
    return f"{value * 100:.3g} %" if (row.value or "").rstrip().endswith("%") else f"{value:,.6g}"
