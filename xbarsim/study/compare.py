"""compare: any number of chips with any number of networks, and what makes the difference between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from xbarsim.api import simulate
from xbarsim.errors import XbarsimError
from xbarsim.scenario.accuracy import ChipAccuracy, Judge
from xbarsim.scenario.infer import Infer
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.serve_spec import Serve
from xbarsim.spec.chip import Chip
from xbarsim.study.accuracy import accuracy_on
from xbarsim.study.figures import FIGURES, Value, figures_of
from xbarsim.study.vary import Vary, changes
from xbarsim.workload.load import Workload

Told = Callable[[str, int, int], None]  # (what runs, done, in all)


@dataclass(frozen=True)
class Entry:
    """One chip with one network: its result, or why there is none.

    accuracy: where that was asked for and can be measured; accuracy_error: why it cannot.
    """

    chip: str
    workload: str
    result: Result | ServeResult | None
    error: str = ""
    accuracy: ChipAccuracy | None = None
    accuracy_error: str = ""

    @cached_property
    def figures(self) -> Mapping[str, Value]:
        """As in a study; None where they are not known."""
        if self.result is None:
            return dict.fromkeys(figure.name for figure in FIGURES)
        found = figures_of(self.result)
        return found if self.accuracy is None else found | {"accuracy": self.accuracy.mean}


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

    def energy_ratio(self, family: str = "", reference: float = 1.0, other: float = 1.0) -> float | None:
        """Energy of the other chip over that of the reference, with the prices of a family times these factors.

        Exact, without a run: energy is a sum of counts times prices. None if the reference spends nothing.
        """
        spent = [0.0, 0.0]
        for gap in self.energy:
            factors = (reference, other) if gap.family == family else (1.0, 1.0)
            spent = [spent[0] + factors[0] * gap.reference_pj, spent[1] + factors[1] * gap.other_pj]
        return spent[1] / spent[0] if spent[0] else None


@dataclass(frozen=True)
class Variation:
    """The same comparison with one thing set otherwise; chips that it does not touch keep their entry."""

    label: str
    value: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Comparison:
    """Entries in the order in which they were asked for: network by network, chip by chip."""

    chips: tuple[str, ...]
    workloads: tuple[str, ...]
    scenario: str
    entries: tuple[Entry, ...]
    variations: tuple[Variation, ...] = ()

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
    vary: Sequence[Vary] = (),
    judge: Judge | None = None,
) -> Comparison:
    """Run every network on every chip; one that does not fit is told with its error, the others go on.

    scenario: `Infer()` if none is given; `Serve` for chips under load. vary: what else to set, one thing at a time; a
    chip that says what it is without its fit is also run so. judge: also how often each network is right on each chip.
    Raises: ValueError if nothing is given to compare; SpecError if what is to be varied cannot be.
    """
    if not chips or not works:
        raise ValueError("compare: give at least one chip and one workload")
    told = _Runs(_apart([chip.name for chip in chips]), works, scenario, report)
    changed = list(changes(chips, vary))
    told.total = len(works) * sum(len([c for c in one if c]) for one in (chips, *(c.chips for c in changed)))
    entries = told.entries(chips)
    if judge is not None:
        entries = told.judged(entries, chips, judge)
    variations = tuple(Variation(one.label, one.value, told.entries(one.chips, entries)) for one in changed)
    kind = "serve" if isinstance(scenario, Serve) else "infer"
    return Comparison(tuple(told.names), tuple(told.networks), kind, entries, variations)


class _Runs:
    """Runs networks on chips and tells how far it is."""

    def __init__(self, names: list[str], works: Sequence[Workload], scenario: Any, report: Told | None):
        self.names, self.works, self.scenario, self.report = names, works, scenario, report
        self.networks = _apart([work.name for work in works])
        self.done = self.total = 0

    def entries(self, chips: Sequence[Chip | None], before: tuple[Entry, ...] = ()) -> tuple[Entry, ...]:
        """Network by network; where there is no chip, the entry of before."""
        found: list[Entry] = []
        for network, work in zip(self.networks, self.works, strict=True):
            for name, chip in zip(self.names, chips, strict=True):
                found.append(self._entry(name, network, chip, work) if chip else before[len(found)])
        return tuple(found)

    def judged(self, entries: Sequence[Entry], chips: Sequence[Chip], judge: Judge) -> tuple[Entry, ...]:
        """The same with the accuracy of those that ran."""
        pairs = [(chip, work) for work in self.works for chip in chips]
        found = []
        for number, (entry, (chip, work)) in enumerate(zip(entries, pairs, strict=True)):
            if self.report is not None:
                self.report("accuracy", number, len(entries))
            found.append(entry if entry.result is None else _judged(entry, chip, work, judge))
        return tuple(found)

    def _entry(self, name: str, network: str, chip: Chip, work: Workload) -> Entry:
        if self.report is not None:
            self.report("chips and networks", self.done, self.total)
        self.done += 1
        try:
            return Entry(name, network, simulate(chip, work, self.scenario))
        except XbarsimError as error:
            return Entry(name, network, None, str(error))


def _judged(entry: Entry, chip: Chip, work: Workload, judge: Judge) -> Entry:
    try:
        return replace(entry, accuracy=accuracy_on(chip, work, judge))
    except XbarsimError as error:
        return replace(entry, accuracy_error=str(error))


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
