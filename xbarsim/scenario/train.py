"""Scenario `train`: a network learns on the chip; numerics and timeline go on together, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xbarsim.devices.learning import PulsedCell
from xbarsim.errors import DeviceError, MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.program import Program
from xbarsim.scenario.bench import Progress, Report, told
from xbarsim.scenario.laws import demanded, program_laws
from xbarsim.scenario.ledger import area_rows
from xbarsim.scenario.origin import fitted, mode_notes, rounding_notes, source_rows, versions
from xbarsim.scenario.result import EnergyRow, Law
from xbarsim.scenario.train_books import TrainBooks
from xbarsim.scenario.train_parts import TrainingParts, training_parts
from xbarsim.scenario.train_result import EpochRow, TrainedLayerRow, Training, TrainResult
from xbarsim.scenario.train_run import TrainBench
from xbarsim.scenario.train_spec import Train
from xbarsim.scenario.train_steps import by_sample
from xbarsim.scenario.train_wear import WearBook, histogram
from xbarsim.spec.chip import Chip
from xbarsim.training.algorithm import Algorithm, load_algorithm
from xbarsim.training.asked import Asked
from xbarsim.training.by_algorithm import Devices
from xbarsim.training.learner import Batch, Learner
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.load import Workload

OUTSIDE_NOTES = (
    "Accuracy is looked at between epochs and takes no time on the chip; what biases and normalisations learn is not "
    "on the timeline either.",
    "Drivers and converters serve both directions of the arrays.",
)


def train(
    chip: Chip,
    graph: OpGraph,
    work: Workload,
    scenario: Train,
    bits: int | None = None,
    workload_sha256: str = "",
    report: Report | None = None,
) -> TrainResult:
    """Train a network with each algorithm.

    Raises: MappingError for what the chip cannot do or does not say; WorkloadError, DataError for a workload without
    data; SpecError for an algorithm; SimulationError if a run cannot end or breaks a law.
    """
    program = map_network(chip, graph, bits)
    floor = Floor(chip)
    parts = training_parts(floor)
    algorithms = [one if isinstance(one, Algorithm) else load_algorithm(one) for one in scenario.algorithms]
    jobs = [_Job(chip, program, parts, work, one, scenario) for one in algorithms]
    trainings = tuple(job.done(told(report, job.algorithm.kind)) for job in jobs)
    return TrainResult(
        chip=chip.name,
        workload=graph.name,
        scenario="train",
        seed=scenario.seed,
        training_samples=jobs[0].learner.training_samples,
        accuracy_float=_on_computer(work),
        projected_epochs=scenario.project_epochs,
        trainings=trainings,
        area=area_rows(floor),
        sources=source_rows(chip),
        calibrated=fitted(chip),
        provenance=_provenance(chip, workload_sha256, scenario),
    )


def _on_computer(work: Workload) -> float | None:
    """Of the first trained weights that the workload names."""
    if not work.weights:
        return None
    from xbarsim.analog.measure import accuracy

    return accuracy(work.network(next(iter(work.weights))), *work.test_set())


def _provenance(chip: Chip, workload_sha256: str, scenario: Train) -> dict[str, object]:
    return {
        "chip_sha256": chip.sha256,
        "workload_sha256": workload_sha256,
        "granularity": str(scenario.granularity),
        "seed": scenario.seed,
        **versions("torch"),
    }


class _Job:
    """One algorithm, from what it needs of the chip to what it did."""

    def __init__(
        self, chip: Chip, program: Program, parts: TrainingParts, work: Workload, algorithm: Algorithm,
        scenario: Train,
    ):  # fmt: skip
        self.chip, self.algorithm, self.scenario = chip, algorithm, scenario
        self.floor = Floor(chip)
        self.cells = parts.cells_for(self.floor, algorithm.arrays, algorithm.kind)
        try:
            self.learner = Learner(
                work, algorithm, _devices(chip, self.cells), scenario.seed, samples=scenario.samples
            )
        except DeviceError as error:
            raise MappingError(f"{chip.name}: {error}") from None
        self.bench = TrainBench(chip, program, parts, scenario.granularity)
        parts.demand_room(self.floor, self.bench.bits_kept(algorithm.kept_bytes))
        self.ops = _by_layer(self.bench, self.learner, algorithm)
        paths = {array: parts.path_of(self.floor, array) for array in self.cells}
        self.wear = WearBook(chip, self.cells, paths, scenario.seed)
        self.books = TrainBooks(self.bench, self.cells)
        self.epochs = scenario.epochs or algorithm.epochs

    def done(self, progress: Progress | None) -> Training:
        rows = tuple(self._epochs(progress))
        energy = self.books.rows()
        laws = demanded((*program_laws(self.bench.program), *self._laws(energy)))
        return self._told(rows, energy, laws)

    # --- epoch by epoch ----------------------------------------------------------------------------

    def _epochs(self, progress: Progress | None) -> Iterator[EpochRow]:
        total, seen, lost, epoch = self.epochs * self.learner.training_samples, 0, 0.0, 0
        for batch in self.learner.run(self.epochs):
            if batch.epoch != epoch:
                yield self._epoch(epoch, lost / seen)
                epoch, seen, lost = batch.epoch, 0, 0.0
            self._batch(batch)
            seen, lost = seen + batch.samples, lost + batch.loss * batch.samples
            if progress is not None:
                progress(self.books.samples, total)
        yield self._epoch(epoch, lost / seen)

    def _batch(self, batch: Batch) -> None:
        """The numerics say what is asked for, the engine how long it takes, the cells forget meanwhile."""
        nothing = Asked.nothing(batch.samples, self.cells)
        asked = {self.ops[path]: one for path, one in batch.asked.items()}
        counts = {
            name: by_sample(asked.get(name, nothing), batch.samples, self._before(name))
            for name in self.bench.back.by_name
        }
        run = self.bench.batch(counts)
        self.books.add(run, asked)
        self.learner.relax(run.elapsed_ps * 1e-12)

    def _before(self, layer: str) -> int:
        """Operations before the pulses of an outer product: the largest input, the largest error."""
        matrix = self.bench.matrix_of(layer)
        return matrix.rows * matrix.groups + matrix.columns * matrix.groups

    def _epoch(self, number: int, loss: float) -> EpochRow:
        wear = self._worn()
        self.wear.look(number + 1, self.books.elapsed_ps, wear)
        most = max(int(pulses.max(initial=0)) for arrays in wear.values() for pulses in arrays.values())
        energy_pj = sum(row.energy_pj for row in self.books.rows())
        return EpochRow(
            number + 1,
            self.books.elapsed_ps,
            loss,
            self.learner.accuracy(),
            energy_pj,
            self.books.pulses(),
            most,
        )

    def _worn(self) -> dict[str, dict[str, object]]:
        return {self.ops[path]: dict(arrays) for path, arrays in self.learner.wear.items()}

    # --- what is told ------------------------------------------------------------------------------

    def _told(
        self, rows: tuple[EpochRow, ...], energy: tuple[EnergyRow, ...], laws: tuple[Law, ...]
    ) -> Training:
        books, n = self.books, self.books.samples
        spent = {f"{purpose}_pj": pj / n for purpose, pj in books.spent_pj(energy).items()}
        return Training(
            algorithm=self.algorithm.kind,
            source=self.algorithm.source or "",
            batch=self.algorithm.batch,
            samples=n,
            batches=books.batches,
            simulated=self.bench.runs,
            elapsed_ps=books.elapsed_ps,
            epochs=rows,
            forward_ps=books.forward_ps / n,
            backward_ps=books.backward_ps / n,
            update_ps=books.last_ps / n,
            **spent,
            layers=tuple(self._layer(name) for name in reversed(self.bench.back.by_name)),
            wear=self.wear.rows(self._worn(), n, self.epochs, self.scenario.project_epochs),
            histogram=histogram(self._worn(), n),
            energy=energy,
            laws=laws,
            notes=tuple(self._notes()),
        )

    def _layer(self, name: str) -> TrainedLayerRow:
        n, matrix, sums = self.books.samples, self.bench.matrix_of(name), self.books.asked[name]
        slots = sum(value for key, value in sums.items() if key.startswith("parallel_slots."))
        return TrainedLayerRow(
            name, matrix.columns * matrix.groups, matrix.rows, self.books.update_ps[name] / n, slots / n,
            sums["transfers"] / n, sums["digital_ops"] / n, sums["memory_bits"] / n,
        )  # fmt: skip

    def _laws(self, energy: tuple[EnergyRow, ...]) -> tuple[Law, ...]:
        """Work is what the samples ask for; pulses on cells are those that were asked for."""
        graph, back, n = self.bench.program.graph, self.bench.back, self.books.samples
        asked = n * (graph.macs + sum(layer.op.macs for layer in back.layers if layer.sends))
        macs = self.books.macs()
        spent, ledger = sum(self.books.spent_pj(energy).values()), sum(row.energy_pj for row in energy)
        laws = [
            Law(
                "MACs in = MACs done",
                asked == macs,
                f"{asked:,} asked, {macs:,} done, errors backwards included",
            ),
            Law(
                "energy by purpose = ledger",
                abs(spent - ledger) <= 1e-9 * max(1.0, ledger),
                f"{spent:.6g} pJ and {ledger:.6g} pJ",
            ),
        ]
        pulses = self.books.pulses()
        found = sum(int(pulses_.sum()) for arrays in self._worn().values() for pulses_ in arrays.values())  # type: ignore[attr-defined]
        if self.algorithm.kind not in ("hybrid",):
            laws.append(
                Law(
                    "pulses asked = pulses on cells", pulses == found, f"{pulses:,} asked, {found:,} on cells"
                )
            )
        return tuple(laws)

    def _notes(self) -> Iterator[str]:
        yield from OUTSIDE_NOTES
        yield from mode_notes(self.chip)
        yield from rounding_notes(self.chip)
        if self.bench.runs < self.books.batches:
            yield (
                f"{self.algorithm.kind}: {self.bench.runs:,} of {self.books.batches:,} batches were run through; the "
                f"others ask for the same, and take as long"
            )


def _devices(chip: Chip, cells: Mapping[str, str]) -> Devices:
    found = {}
    for array, name in cells.items():
        cell = chip.cells[name]
        found[array] = cell.device if isinstance(cell, PulsedCell) else cell
    return found  # type: ignore[return-value]


def _by_layer(bench: TrainBench, learner: Learner, algorithm: Algorithm) -> dict[str, str]:
    """Layer of the network -> operation of the graph: by name, or in their order where the names are others.

    Raises: MappingError where shapes tell that they are not the same network.
    """
    operations = [layer.op.name for layer in reversed(bench.back.layers)]
    paths = list(learner.layers)
    pairs = (
        dict(zip(paths, operations, strict=False)) if set(paths) != set(operations) else {p: p for p in paths}
    )
    for path, name in pairs.items():
        matrix = bench.matrix_of(name)
        shape = (matrix.columns * matrix.groups, matrix.rows)
        if len(paths) != len(operations) or learner.layers[path].rule.shape != shape:
            raise MappingError(
                f"{bench.program.graph.name}: layer {path} of the network is {learner.layers[path].rule.shape}, and "
                f"{name} of its trace {shape}; {algorithm.kind} cannot train it. Capture it anew (xbarsim trace)"
            )
    return pairs
