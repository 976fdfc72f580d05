"""A batch of training on the engine: samples forwards, errors backwards, updates layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine, Flow
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.stream import Network
from xbarsim.errors import MappingError, SimulationError
from xbarsim.mapping.backward import LOSS, Backward, backward
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.mapping.transposed import block_by_block
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.bench import running
from xbarsim.scenario.stages import Workshop
from xbarsim.scenario.train_parts import TrainingParts
from xbarsim.scenario.train_steps import SampleCounts
from xbarsim.scenario.train_tasks import Phases, TrainingTasks
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import Matrix

BatchCounts: TypeAlias = Mapping[str, tuple[SampleCounts, ...]]  # by layer, sample by sample
_REMEMBERED = 4096


@dataclass(frozen=True)
class BatchRun:
    """What a batch took. forward_ps: until the last result is out; backward_ps: until the last error is there.

    update_ps: by layer, all its samples together, each from its beginning to its end.
    jobs: how often each task of the workshop was done.
    """

    samples: int
    elapsed_ps: int
    forward_ps: int
    backward_ps: int
    update_ps: Mapping[str, int]
    jobs: tuple[int, ...]


class TrainBench:
    """A network wired up to learn on a chip. A batch that asks for what another one did takes as long, to the
    picosecond, because a batch begins when all is still; so it is run through once.

    Raises: MappingError for a chip or a network that cannot be trained in place.
    """

    def __init__(self, chip: Chip, program: Program, parts: TrainingParts, granularity: Granularity):
        self.chip, self.program, self.parts = chip, block_by_block(program), parts
        self.back = backward(program.graph)
        _demand_single(chip, program)
        self.shop = Workshop(Clock(), Floor(chip))
        self.network = Network(program.graph.name, tuple(assemble(self.shop, self.program)))
        self.tasks = TrainingTasks(self.shop, self.program, self.back, parts)
        self.granularity = granularity
        self.engine: Engine | None = None
        self.runs = 0  # batches that were run through
        self._known: dict[tuple[object, ...], BatchRun] = {}

    def bits_kept(self, bytes_each: int) -> dict[str, int]:
        """By tile, of digital matrices that keep so much of each weight."""
        found: dict[str, int] = {}
        for name, (copy,) in self.program.copies.items():
            for segment in copy.segments:
                bits = 8 * bytes_each * self.program.cuts[name].weights(segment.first_block)
                found[segment.tile] = found.get(segment.tile, 0) + bits
        return found

    def matrix_of(self, layer: str) -> Matrix:
        name = self.back.by_name[layer].op.matrix
        assert name is not None
        return self.program.graph.matrices[name]

    def batch(self, counts: BatchCounts) -> BatchRun:
        """One batch: all layers' counts, for as many samples each."""
        key = tuple(sorted(counts.items()))
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = self._run(counts)
        return self._known[key]

    def _run(self, counts: BatchCounts) -> BatchRun:
        self.runs += 1
        known = len(self.tasks.works)
        updates = {name: [self.tasks.update(name, one) for one in each] for name, each in counts.items()}
        if self.engine is None or len(self.tasks.works) > known:
            self.engine = Engine(self.granularity, (self.network,), self.tasks.works)
        with running(self.shop, self.engine) as flow:
            batch = _Batch(flow, self.back, updates)
            flow.run()
        return batch.told(tuple(task.tally.jobs for task in self.shop.tasks), flow.clock.now)


def _demand_single(chip: Chip, program: Program) -> None:
    several = [name for name, copies in program.copies.items() if len(copies) > 1]
    if several:
        raise MappingError(
            f"{chip.name}: {several[0]} stands on it {len(program.copies[several[0]])} times; weights that learn are "
            f"kept once. Write mapping: {{replicate: none}}"
        )


@dataclass
class _Batch:
    """The decisions of a batch: what begins when what it needs is there."""

    flow: Flow
    back: Backward
    updates: Mapping[str, Sequence[Phases]]  # by layer, sample by sample
    loss_ps: list[int] = field(default_factory=list)
    backward_ps: int = 0
    update_ps: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = self.flow.clock
        self.samples = len(next(iter(self.updates.values())))
        names = [layer.op.name for layer in self.back.layers]
        self.missing = {
            (layer.op.name, s): len(layer.after) for layer in self.back.layers for s in range(self.samples)
        }
        self.passed = dict.fromkeys(names, 0)  # samples whose errors have gone through the weights
        self.flow.completed = self._completed
        for _ in range(self.samples):
            self.flow.let_in(0)

    def told(self, jobs: tuple[int, ...], elapsed_ps: int) -> BatchRun:
        if set(self.update_ps) != set(self.passed):
            raise SimulationError("a layer never came to its updates")
        return BatchRun(
            self.samples, elapsed_ps, max(self.loss_ps), self.backward_ps, dict(self.update_ps), jobs
        )

    # --- forwards and backwards ------------------------------------------------------------------

    def _completed(self, network: int, sample: int) -> None:
        self.loss_ps.append(self.clock.now)
        self.flow.submit(LOSS, partial(self._errors_from, LOSS, sample))

    def _errors_from(self, name: str, sample: int) -> None:
        self.backward_ps = self.clock.now
        for layer in self.back.layers:
            if name in layer.after:
                key = layer.op.name, sample
                self.missing[key] -= 1
                if not self.missing[key]:
                    self._error_there(layer.op.name, sample)

    def _error_there(self, name: str, sample: int) -> None:
        layer = self.back.by_name[name]
        if not layer.sends:
            self._through(name)
            return
        left = layer.op.positions

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._through(name)
                self.flow.submit(f"return {name}", partial(self._errors_from, name, sample))

        for _ in range(layer.op.positions):
            self.flow.submit(f"error {name}", done)

    # --- updates ---------------------------------------------------------------------------------

    def _through(self, name: str) -> None:
        """Weights change once all errors of the batch have been through them."""
        self.passed[name] += 1
        if self.passed[name] == self.samples:
            self.update_ps[name] = 0
            self._update(name, 0)

    def _update(self, name: str, sample: int) -> None:
        if sample == self.samples:
            return
        begun_ps = self.clock.now

        def over() -> None:
            self.update_ps[name] += self.clock.now - begun_ps
            self._update(name, sample + 1)

        self._phases(self.updates[name][sample], over)

    def _phases(self, phases: Phases, then: Callable[[], None]) -> None:
        if not phases:
            then()
            return
        left = len(phases[0])

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._phases(phases[1:], then)

        for strand in phases[0]:
            self._strand(strand, done)

    def _strand(self, tasks: tuple[str, ...], then: Callable[[], None]) -> None:
        if not tasks:
            then()
            return
        self.flow.submit(tasks[0], lambda: self._strand(tasks[1:], then))
