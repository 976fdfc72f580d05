"""Precision, memory and accuracy of chips and networks that are compared, side by side."""

from __future__ import annotations

from xbarsim.report.compare_views import network_names
from xbarsim.report.quantities import UNKNOWN, format_count, format_pj, format_ps, format_share
from xbarsim.report.views import Cell, Column, Table, number_cell
from xbarsim.scenario.accuracy import Aged, ChipAccuracy
from xbarsim.scenario.result import Result
from xbarsim.study.compare import Comparison, Entry

_UNITS_S = (("year", 31_557_600.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0))


def accuracy_table(found: Comparison) -> Table:
    """One row for each network and chip; empty if no accuracy was asked for."""
    judged = [entry for entry in found.done if entry.accuracy is not None]
    ages = [aged.age_s for aged in judged[0].accuracy.by_age[1:]] if judged and judged[0].accuracy else []
    columns = (
        Column("network"),
        Column("chip"),
        Column("bits", wide=True),
        Column("zeros", True),
        Column("memory", True),
        *(Column(title, True, wide=True) for title in ("energy", "latency", "exact")),
        Column("accuracy", True),
        *(Column(f"after {age_words(age_s)}", True) for age_s in ages),
    )
    names = network_names(found)
    rows = tuple((Cell(names[one.workload]), *_row(one, one.accuracy)) for one in judged if one.accuracy)
    return Table("Precision, memory and accuracy", columns, rows, _note(judged))


def _row(entry: Entry, accuracy: ChipAccuracy) -> tuple[Cell, ...]:
    energy_pj, latency_ns = entry.figures["energy_pj"], entry.figures["latency_ns"]
    return (
        Cell(entry.chip),
        Cell(_bits(entry)),
        number_cell(format_share(accuracy.zero_share), accuracy.zero_share),
        _memory(entry),
        Cell(format_pj(energy_pj) if isinstance(energy_pj, float) else UNKNOWN),
        Cell(format_ps(round(latency_ns * 1e3)) if isinstance(latency_ns, float) else UNKNOWN),
        number_cell(_share(accuracy.exact), accuracy.exact),
        *(number_cell(_aged(aged, accuracy.networks), aged.mean) for aged in accuracy.by_age),
    )


def _bits(entry: Entry) -> str:
    """Of the weights that an array stores, and of its inputs, where no layer asks for others."""
    if not isinstance(entry.result, Result):
        return ""
    return f"{entry.result.peak.weight_bits}×{entry.result.peak.input_bits}"


def _memory(entry: Entry) -> Cell:
    """Of digital elements in bits of memory, of arrays in cells: each holds more than a bit, or less than a weight."""
    if not isinstance(entry.result, Result):
        return Cell("")
    cells = entry.result.programming.cells
    digital = any(row.kind == "pe_array" for row in entry.result.energy)
    return number_cell(f"{format_count(cells)} {'bits' if digital else 'cells'}", cells)


def _aged(aged: Aged, networks: int) -> str:
    return f"{_share(aged.mean)} ± {100 * aged.deviation:.1f}" if networks > 1 else _share(aged.mean)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def _note(judged: list[Entry]) -> str:
    written = max((entry.accuracy.networks for entry in judged if entry.accuracy is not None), default=1)
    return (
        f"bits: weights × inputs; ±: of {written} networks, each written with noise of its own"
        if written > 1
        else ""
    )


def age_words(age_s: float) -> str:
    for name, each_s in _UNITS_S:
        if age_s >= each_s and (age_s / each_s) % 1 == 0:
            count = round(age_s / each_s)
            return f"{count:,} {name}{'s' if count > 1 else ''}"
    return f"{age_s:,g} s"


def accuracy_words(found: Comparison) -> tuple[str, ...]:
    """What was assumed, each with the chips that it was assumed of; and where nothing could be measured."""
    chips: dict[str, list[str]] = {}
    for entry in found.done:
        for words in entry.accuracy.told if entry.accuracy is not None else ():
            if entry.chip not in chips.setdefault(words, []):
                chips[words].append(entry.chip)
    told = [f"{'; '.join(names)}: {words}" for words, names in chips.items()]
    return (*told, *no_accuracy_words(found))


def no_accuracy_words(found: Comparison) -> tuple[str, ...]:
    """Why there is none, where it was asked for."""
    errors = (
        f"no accuracy: {entry.accuracy_error.removeprefix('accuracy: ')}"
        for entry in found.done
        if entry.accuracy_error
    )
    return tuple(dict.fromkeys(errors))
