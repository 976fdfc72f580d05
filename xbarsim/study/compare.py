"""compare: any number of chips with any number of networks, and what makes the difference between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xbarsim.api import simulate
from xbarsim.errors import XbarsimError
from xbarsim.scenario.infer import Infer
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.serve_spec import Serve
from xbarsim.spec.chip import Chip
from xbarsim.study.figures import FIGURES, Value, figures_of
from xbarsim.workload.load import Workload

Told = Callable[[str, int, int], None]  # (what runs, done, in all)


@dataclass(frozen=True)
class Entry:
    """One chip with one network: its result, or why there is none."""

    chip: str
    workload: str
    result: Result | ServeResult | None
    error: str = ""

    @cached_property
    def figures(self) -> Mapping[str, Value]:
        """As in a study; None where they are not known."""
        if self.result is None:
            return dict.fromkeys(figure.name for figure in FIGURES)
        return figures_of(self.result)


@dataclass(frozen=True)
class EnergyGap:
    """What one family of components (adc, crossbar, link, …) spends per inference on two chips."""

    family: str
    reference_pj: float
    other_pj: float

    @property
    def gap_pj(self) -> float:
        return self.other_pj - self.reference_pj


@dataclass(frozen=True)
class StationGap:
    """How long the busiest station of a family serves for one inference on two chips; None where there is none.

    No inference can follow another in less than the longest of these times.
    """

    family: str
    reference_ps: float | None
    other_ps: float | None
    reference_station: str
    other_station: str


@dataclass(frozen=True)
class Difference:
    """Two chips with one network: where the energy and the throughput part, largest first."""

    workload: str
    reference: str
    other: str
    energy: tuple[EnergyGap, ...]
    stations: tuple[StationGap, ...]


@dataclass(frozen=True)
class Comparison:
    """Entries in the order in which they were asked for: network by network, chip by chip."""

    chips: tuple[str, ...]
    workloads: tuple[str, ...]
    scenario: str
    entries: tuple[Entry, ...]

    @property
    def done(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.result is not None)

    @property
    def failed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.result is None)

    def of(self, workload: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.workload == workload)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every chip against the first one that runs the network."""
        found = []
        for workload in self.workloads:
            ran = [entry for entry in self.of(workload) if entry.result is not None]
            found += [difference(ran[0], other) for other in ran[1:]]
        return tuple(found)

    def _repr_html_(self) -> str:
        """How a notebook shows it. The report room draws it; it is looked up only when asked."""
        from importlib import import_module

        return str(import_module("xbarsim.report.study_notebook").comparison_html(self))


def compare(
    chips: Sequence[Chip],
    works: Sequence[Workload],
    scenario: Infer | Serve | None = None,
    report: Told | None = None,
) -> Comparison:
    """Run every network on every chip; one that does not fit is told with its error, the others go on.

    scenario: `Infer()` if none is given; `Serve` for chips under load.
    Raises: ValueError if nothing is given to compare.
    """
    if not chips or not works:
        raise ValueError("compare: give at least one chip and one workload")
    names, networks = _apart([chip.name for chip in chips]), _apart([work.name for work in works])
    entries: list[Entry] = []
    for network, work in zip(networks, works, strict=True):
        for name, chip in zip(names, chips, strict=True):
            if report is not None:
                report("chips and networks", len(entries), len(chips) * len(works))
            entries.append(_entry(name, network, chip, work, scenario))
    return Comparison(
        tuple(names), tuple(networks), "serve" if isinstance(scenario, Serve) else "infer", tuple(entries)
    )


def _entry(name: str, network: str, chip: Chip, work: Workload, scenario: Any) -> Entry:
    try:
        return Entry(name, network, simulate(chip, work, scenario))
    except XbarsimError as error:
        return Entry(name, network, None, str(error))


def _apart(names: Sequence[str]) -> list[str]:
    """Equal names with a number behind them."""
    many = [names[: at + 1].count(name) for at, name in enumerate(names)]
    return [
        f"{name} ({count})" if names.count(name) > 1 else name
        for name, count in zip(names, many, strict=True)
    ]


def difference(reference: Entry, other: Entry) -> Difference:
    """Where two results of one network part. The gaps of energy add up to the whole difference, exactly."""
    assert reference.result is not None and other.result is not None
    spent = [energy_by_family(entry.result) for entry in (reference, other) if entry.result is not None]
    gaps = [
        EnergyGap(name, spent[0].get(name, 0.0), spent[1].get(name, 0.0)) for name in {**spent[0], **spent[1]}
    ]
    busy = [busiest_by_family(entry.result) for entry in (reference, other) if entry.result is not None]
    stations = [_station_gap(name, busy[0].get(name), busy[1].get(name)) for name in {**busy[0], **busy[1]}]
    return Difference(
        other.workload, reference.chip, other.chip,
        tuple(sorted(gaps, key=lambda gap: (-abs(gap.gap_pj), gap.family))),
        tuple(sorted(stations, key=lambda gap: (-max(gap.reference_ps or 0, gap.other_ps or 0), gap.family))),
    )  # fmt: skip


def _station_gap(
    family: str, reference: tuple[float, str] | None, other: tuple[float, str] | None
) -> StationGap:
    times = [found[0] if found else None for found in (reference, other)]
    names = [found[1] if found else "" for found in (reference, other)]
    return StationGap(family, times[0], times[1], names[0], names[1])


def family_of(kind: str) -> str:
    """What a kind of component is to its chip: 'adc' for 'adc.sar', so that chips can be set side by side."""
    return kind.partition(".")[0]


def energy_by_family(result: Result | ServeResult) -> dict[str, float]:
    """Picojoules per inference, dynamic and static."""
    spent: dict[str, float] = {}
    for row in result.energy:
        family = family_of(row.kind)
        spent[family] = spent.get(family, 0.0) + row.energy_pj / result.requests
    return spent


def busiest_by_family(result: Result | ServeResult) -> dict[str, tuple[float, str]]:
    """Picoseconds that the busiest station of each family serves per inference and server, and its component."""
    found: dict[str, tuple[float, str]] = {}
    for row in result.stations:
        family, each_ps = family_of(row.kind), row.busy_ps / (row.servers * result.requests)
        if each_ps > found.get(family, (0.0, ""))[0]:
            found[family] = (each_ps, row.component)
    return found
