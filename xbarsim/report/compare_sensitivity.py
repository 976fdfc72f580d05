"""What a comparison hangs on: numbers that were fitted, prices that move the ratio of energies, keys set otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xbarsim.report.compare_views import network_names
from xbarsim.report.quantities import UNKNOWN, divided, format_number, format_pj
from xbarsim.report.views import Cell, Column, Table, number_cell
from xbarsim.study.compare import Comparison, Difference, Entry
from xbarsim.study.vary import WITHOUT_FIT

DEARER = 0.1
AS_DESCRIBED = "as described"
_RATIOS = ("energy_pj", "latency_ns", "throughput_per_s")


def fitted_table(found: Comparison) -> Table:
    """How many numbers of each chip were fitted, which, and to what."""
    columns = (
        Column("chip"),
        Column("fitted", True),
        Column("of", True),
        Column("which"),
        Column("fitted to", wide=True),
    )
    rows = []
    for entry in _first_of_each(found):
        assert entry.result is not None
        fitted, numbers = entry.result.calibrated, len(entry.result.sources)
        to = "; ".join(dict.fromkeys(figure for figures in fitted.values() for figure in figures))
        counts = (
            Cell(str(len(fitted)), len(fitted), tone="warn" if fitted else ""),
            Cell(str(numbers), numbers),
        )
        rows.append((Cell(entry.chip), *counts, Cell(", ".join(fitted) or "nothing"), Cell(to)))
    note = "what a number was fitted to tests nothing; all else is predicted"
    return Table("Fitted numbers", columns, tuple(rows), note)


def _first_of_each(found: Comparison) -> Iterator[Entry]:
    """One entry of each chip that ran."""
    seen: dict[str, Entry] = {}
    for entry in found.done:
        seen.setdefault(entry.chip, entry)
    yield from seen.values()


def price_table(told: Difference) -> Table:
    """How far the ratio of energies moves if all prices of a kind of component are higher; largest first."""
    names = (told.reference, told.other, "both")
    columns = (Column("components"), *(Column(f"in {name}", True) for name in names))
    rows = [(gap.family, price_effects(told, gap.family)) for gap in told.energy]
    rows = [(family, found) for family, found in rows if any(found)]
    cells = tuple((Cell(family), *map(_moved, found)) for family, found in _by_effect(told, rows))
    now = format_number(told.energy_ratio())
    title = f"Sensitivity of {told.workload}: {told.other} takes {now} times the energy of {told.reference}"
    return Table(
        title, columns, cells, f"the ratio, were these prices {DEARER:.0%} higher; exact, nothing is run"
    )


def price_effects(told: Difference, family: str, by: float = DEARER) -> tuple[float | None, ...]:
    """The ratio with dearer parts in the reference, in the other chip, in both; None where there are none."""
    gap = next(gap for gap in told.energy if gap.family == family)
    up = 1 + by
    reference = told.energy_ratio(family, reference=up) if gap.reference_pj else None
    other = told.energy_ratio(family, other=up) if gap.other_pj else None
    both = told.energy_ratio(family, up, up) if gap.reference_pj and gap.other_pj else None
    return reference, other, both


def _by_effect(
    told: Difference, rows: Sequence[tuple[str, tuple[float | None, ...]]]
) -> list[tuple[str, tuple[float | None, ...]]]:
    now = told.energy_ratio() or 0.0
    return sorted(rows, key=lambda row: (-max(abs(r - now) for r in row[1] if r is not None), row[0]))


def _moved(ratio: float | None) -> Cell:
    return number_cell("–" if ratio is None else f"{ratio:.3f}", ratio)


def variation_table(found: Comparison) -> Table:
    """Every chip against the first one, with one thing set otherwise at a time."""
    networks, chips, told = len(found.workloads) > 1, len(found.chips) != 2, network_names(found)
    columns = (
        Column("set"), Column("to"), *([Column("network")] if networks else []), *([Column("chip")] if chips else []),
        Column("energy", True), Column("times the first", True), Column("latency, times", True, wide=True),
        Column("throughput, times", True, wide=True),
    )  # fmt: skip
    rows = []
    for label, value, first, entry in variation_rows(found) if found.variations else ():
        names = ([Cell(told[entry.workload])] if networks else []) + ([Cell(entry.chip)] if chips else [])
        energy_pj = entry.figures["energy_pj"]
        own = Cell(format_pj(energy_pj) if isinstance(energy_pj, float) else UNKNOWN)
        rows.append(
            (Cell(label), Cell(value if label != WITHOUT_FIT else ""), *names, own, *_times(first, entry))
        )
    note = f"{'' if chips else found.chips[-1] + '; '}the first is {found.chips[0]}"
    return Table("Set otherwise", columns, tuple(rows), note)


def variation_rows(found: Comparison) -> Iterator[tuple[str, str, Entry, Entry]]:
    """(what is set, to what, the first chip, another), as described first."""
    varied = [(one.label, one.value, one.entries) for one in found.variations]
    for label, value, entries in [(AS_DESCRIBED, "", found.entries), *varied]:
        for workload in found.workloads:
            first, *others = [entry for entry in entries if entry.workload == workload]
            yield from ((label, value, first, other) for other in others)


def _times(first: Entry, entry: Entry) -> Iterator[Cell]:
    """Energy, latency and throughput as multiples of the first chip's."""
    for name in _RATIOS:
        ratio = figure_ratio(first, entry, name)
        yield number_cell("–" if ratio is None else format_number(ratio), ratio)


def figure_ratio(first: Entry, entry: Entry, name: str) -> float | None:
    above, below = entry.figures[name], first.figures[name]
    if not isinstance(above, float | int) or not isinstance(below, float | int):
        return None
    return divided(above, below)


def fitted_words(found: Comparison) -> tuple[str, ...]:
    """What was fitted, and what is found without it."""
    words = []
    for entry in _first_of_each(found):
        fitted = entry.result.calibrated if entry.result is not None else {}
        if fitted:
            numbers = "number" if len(fitted) == 1 else "numbers"
            words.append(f"{entry.chip}: {len(fitted)} {numbers} fitted: {_told(fitted)}")
    for label, value, first, entry in variation_rows(found):
        ratio = figure_ratio(first, entry, "energy_pj")
        if label == WITHOUT_FIT and ratio is not None:
            times = f"{format_number(ratio)} times the energy of {first.chip}"
            words.append(f"without the fit ({value}), {entry.workload}: {entry.chip} takes {times}")
    return tuple(words)


def _told(fitted: Mapping[str, Sequence[str]]) -> str:
    """Numbers that were fitted to the same figures together."""
    to: dict[str, list[str]] = {}
    for key, figures in fitted.items():
        to.setdefault("; ".join(figures), []).append(key)
    return "; ".join(f"{', '.join(keys)} (to: {figures})" for figures, keys in to.items())
