"""Stations and stages of a chip: where components meet over the engine.

A stage is one step of a job on one set of stations; its meta says whose step it is and what it costs. The
costs come from the components' pure functions, so nothing here knows a kind. What many stages have in common
is a task: priced once, then done on as many sets of stations as there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from xbarsim.engine.chain import Chain, Seq, Stage, Tally, Work
from xbarsim.engine.clock import Clock
from xbarsim.engine.station import Station
from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Part
from xbarsim.spec.component import ComponentSpec, Service


@dataclass(slots=True)
class Cost:
    """One action of a stage: done `count` times in every job."""

    component: str
    kind: str
    action: str
    count: int
    energy_pj: float  # each
    key: str  # of the number that prices it


@dataclass(slots=True)
class Meta:
    """What a stage is: the operation it works for, its component, its costs, the instances it keeps busy."""

    op: str
    component: str
    costs: tuple[Cost, ...]
    engaged: tuple[tuple[str, float], ...]  # component -> instances in service together
    jobs: int = 0
    energy_pj: float = 0.0  # of one job
    macs: int = 0  # multiply-accumulates done by one job


@dataclass(frozen=True, slots=True)
class Task:
    """What a stage does and costs, wherever it is done; `Stage` says what the numbers mean."""

    meta: Meta
    portion_ps: int
    portions: int = 1
    delay_ps: int = 0
    holds: bool = False
    tally: Tally = field(default_factory=Tally)  # of all its stages together

    def at(self, *stations: Station) -> Stage:
        return Stage(
            stations, self.portion_ps, self.portions, self.delay_ps, self.meta, self.holds, self.tally
        )


@dataclass(slots=True)
class StationInfo:
    """What a station stands for."""

    component: str
    kind: str
    multiplicity: int = 1
    tile: str = ""


@dataclass
class Workshop:
    """Makes the stations and tasks of one run, each shared station once."""

    clock: Clock
    floor: Floor
    stations: dict[str, Station] = field(default_factory=dict)
    metas: list[Meta] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    _cycles: dict[str, int] = field(default_factory=dict)  # part -> cycle around it

    def renew(self, clock: Clock) -> None:
        """All stations and counts as new, for another run."""
        self.clock = clock
        for station in self.stations.values():
            station.renew(clock)
        for task in self.tasks:
            task.tally.jobs = task.meta.jobs = 0

    def station(
        self,
        name: str,
        component: str,
        spec: ComponentSpec,
        servers: int = 1,
        multiplicity: int = 1,
        tile: str = "",
    ) -> Station:
        station = self.stations.get(name)
        if station is None:
            info = StationInfo(component, spec.kind, multiplicity, tile)
            station = Station(self.clock, name, servers, info, spec.gate_after_ps)
            self.stations[name] = station
        return station

    def task(
        self,
        op: str,
        portion_ps: int,
        uses: tuple[Use, ...],
        *,
        portions: int = 1,
        delay_ps: int = 0,
        holds: bool = False,
        macs: int = 0,
    ) -> Task:
        costs = tuple(cost for use in uses for cost in use.costs())
        engaged = tuple((use.component, use.instances) for use in uses)
        energy_pj = sum(cost.count * cost.energy_pj for cost in costs)
        component = uses[0].component if uses else ""
        meta = Meta(op, component, costs, engaged, energy_pj=energy_pj, macs=macs)
        self.metas.append(meta)
        self.tasks.append(Task(meta, portion_ps, portions, delay_ps, holds))
        return self.tasks[-1]

    def merged(self, time_ps: int, tasks: Sequence[Task]) -> Task:
        """What several tasks do, as one of a single portion."""
        metas = [task.meta for task in tasks]
        costs = tuple(cost for meta in metas for cost in meta.costs)
        engaged = tuple(one for meta in metas for one in meta.engaged)
        energy_pj, macs = sum(meta.energy_pj for meta in metas), sum(meta.macs for meta in metas)
        meta = Meta(metas[0].op, metas[0].component, costs, engaged, energy_pj=energy_pj, macs=macs)
        self.metas.append(meta)
        self.tasks.append(Task(meta, time_ps))
        return self.tasks[-1]

    def step(self, op: str, part: Part, time_ps: int, uses: tuple[Use, ...], macs: int = 0) -> Task:
        """One step of a single portion: the component is taken for its own time, and in a synchronous pipeline
        the result moves on at the end of the cycle."""
        delay_ps = self.in_cycles(part, time_ps) - time_ps
        return self.task(op, time_ps, uses, delay_ps=delay_ps, macs=macs)

    def serial(self, op: str, part: Part, service: Service, values: int, use: Use, macs: int = 0) -> Task:
        """A step whose results leave one by one, so that the next serial step works on them at the same time.

        Only where its time divides into whole picoseconds, and not inside a synchronous pipeline.
        """
        if values < 2 or service.portion_ps % values or self.in_cycles(part, 1) > 1:
            return self.step(op, part, service.portion_ps, (use,), macs)
        return self.task(op, service.portion_ps // values, (use,), portions=values, macs=macs)

    def in_cycles(self, part: Part, time_ps: int) -> int:
        """A duration in whole cycles of the synchronous composite around a part, if there is one."""
        if part.path not in self._cycles:
            self._cycles[part.path] = self._cycle_ps(part)
        cycle_ps = self._cycles[part.path]
        return -(-time_ps // cycle_ps) * cycle_ps

    def _cycle_ps(self, part: Part) -> int:
        """Cycle of the nearest synchronous composite; 1 where time is free."""
        scope = self.floor.chip.parent(part)  # a converter's own `cycle` is no pipeline's
        while scope is not None:
            cycle_ps = getattr(scope.spec, "cycle_ps", None)
            if cycle_ps:
                return int(cycle_ps)
            scope = self.floor.chip.parent(scope)
        return 1


@dataclass(frozen=True)
class Use:
    """A component's service in a stage: the actions of one portion, times the portions and arrays in step."""

    component: str
    spec: ComponentSpec
    service: Service
    times: int = 1
    instances: float = 1.0

    def costs(self) -> list[Cost]:
        return [
            Cost(
                self.component,
                self.spec.kind,
                action.name,
                action.count * self.times,
                action.energy_pj,
                number_key(self.component, price_key(self.spec, action.name)),
            )
            for action in self.service.actions
        ]


_WRITING = {"cell written": "write_energy"}  # what no component tells of itself


def price_key(spec: ComponentSpec, action: str) -> str:
    """The YAML key that prices an action."""
    first = spec.ENERGY_KEYS[0] if spec.ENERGY_KEYS else "energy"
    return spec.ACTION_KEYS.get(action) or _WRITING.get(action, first)


@lru_cache(maxsize=4096)
def number_key(component: str, key: str) -> str:
    """The key of a number as the chip's list of sources has it: 'connect0.link' stands under 'connect[0].link'."""
    return re.sub(r"\bconnect(\d+)\b", r"connect[\1]", f"{component}.{key}")


def use(part: Part, service: Service, times: int = 1, instances: float = 1.0) -> Use:
    assert part.spec is not None
    return Use(part.path, part.spec, service, times, instances)


def join(works: list[Work]) -> Work:
    """One after another; neighbouring chains become one, so that serial steps overlap."""
    joined: list[Work] = []
    for work in (part for w in works for part in (w.parts if isinstance(w, Seq) else (w,))):
        if joined and isinstance(work, Chain) and isinstance(joined[-1], Chain):
            joined[-1] = Chain((*joined[-1].stages, *work.stages))
        else:
            joined.append(work)
    return joined[0] if len(joined) == 1 else Seq(tuple(joined))


def spec_of(part: Part | None) -> Any:
    """The description of a part, or None if it is ideal or not there."""
    return part.spec if part is not None else None
