"""The headline and the tables of a TrainResult as plain values: algorithms side by side, then each."""

from __future__ import annotations

from xbarsim.report.headline import Figure, unknown_energies
from xbarsim.report.quantities import UNKNOWN, format_number, format_pj, format_quantity, format_share
from xbarsim.report.views import Cell, Column, Table, count_cell
from xbarsim.scenario.train_result import ArrayWearRow, EpochRow, Training, TrainResult

NAMES = {
    "in_memory_sgd": "in-memory SGD",
    "mixed_precision": "mixed precision",
    "ttv2": "TTv2",
    "chopped_ttv2": "chopped TTv2",
    "agad": "AGAD",
    "hybrid": "hybrid (MSB, LSB)",
    "gxnor": "GXNOR",
}


def name_of(training: Training) -> str:
    return NAMES.get(training.algorithm, training.algorithm)


def time_text(duration_ps: float) -> str:
    return format_quantity(duration_ps * 1e-12, "s")


def headline(result: TrainResult) -> tuple[Figure, ...]:
    """What a reader asks first; for several algorithms, of each."""
    first = result.trainings[0]
    least = "≥ " if unknown_energies(result) else ""
    epochs = f"{len(first.epochs)} epoch{'' if len(first.epochs) == 1 else 's'}"
    told = f"{epochs} of {result.training_samples:,} samples"
    asked = f"{name_of(first)}; one sample {time_text(first.ps_per_sample)}"
    return (
        *(_of_algorithm(one) for one in result.trainings),
        *_float(result),
        Figure("Training", time_text(first.elapsed_ps), f"{told}; {asked}"),
        Figure(
            "Energy per sample", least + format_pj(first.pj_per_sample), f"{name_of(first)}; {_shares(first)}"
        ),
    )


def _float(result: TrainResult) -> tuple[Figure, ...]:
    if result.accuracy_float is None:
        return ()
    return (
        Figure("Accuracy on a computer", _percent(result.accuracy_float), "trained there, in floating point"),
    )


def _of_algorithm(one: Training) -> Figure:
    told = (
        f"after {time_text(one.elapsed_ps)} and {format_pj(one.energy_pj)}; "
        f"most pulses on a cell {one.epochs[-1].most_pulses:,}"
    )
    return Figure(name_of(one), _percent(one.accuracy), told)


def _shares(one: Training) -> str:
    parts = {
        "forward": one.forward_pj,
        "backward": one.backward_pj,
        "update": one.update_pj,
        "static": one.static_pj,
    }
    whole = sum(parts.values())
    return ", ".join(f"{name} {format_share(pj / whole)}" for name, pj in parts.items() if whole)


def train_tables(result: TrainResult) -> tuple[Table, ...]:
    by_epoch = tuple(epoch_table(one) for one in result.trainings)
    return (algorithm_table(result), sample_table(result), *by_epoch, layer_table(result), wear_table(result))


def algorithm_table(result: TrainResult) -> Table:
    """One row an algorithm."""
    columns = (
        Column("algorithm"), Column("accuracy", True), Column("best", True, wide=True), Column("time", True),
        Column("a sample", True), Column("energy", True), Column("a sample", True),
        Column("pulses a sample", True, wide=True), Column("most on a cell", True), Column("worn out", True, wide=True),
        Column("first cell lasts", True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(name_of(one)),
            _percent_cell(one.accuracy),
            _percent_cell(one.best),
            _time_cell(one.elapsed_ps),
            _time_cell(one.ps_per_sample),
            Cell(format_pj(one.energy_pj), one.energy_pj),
            Cell(format_pj(one.pj_per_sample), one.pj_per_sample),
            _number(one.epochs[-1].pulses / one.samples),
            count_cell(one.epochs[-1].most_pulses),
            _worn(one.wear),
            _lasts(one.wear),
        )
        for one in result.trainings
    )
    return Table(
        "Algorithms", columns, rows, "first cell lasts: epochs until the first cell is worn out, at this rate"
    )


def _worn(wear: tuple[ArrayWearRow, ...]) -> Cell:
    if any(row.endurance is None for row in wear):
        return Cell(UNKNOWN)
    cells = sum(row.worn_out for row in wear)
    return Cell(f"{cells:,}", cells, tone="bad" if cells else "")


def _lasts(wear: tuple[ArrayWearRow, ...]) -> Cell:
    if any(row.epochs_until_first is None for row in wear):
        return Cell(UNKNOWN)
    return _epochs_cell(min(row.epochs_until_first or 0.0 for row in wear))


def sample_table(result: TrainResult) -> Table:
    """Where the time and the energy of a mean sample go."""
    columns = (
        Column("algorithm"), Column("forward", True), Column("backward", True), Column("update", True),
        Column("forward", True), Column("backward", True), Column("update", True), Column("static", True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(name_of(one)),
            *(_time_cell(ps) for ps in (one.forward_ps, one.backward_ps, one.update_ps)),
            *(
                Cell(format_pj(pj), pj)
                for pj in (one.forward_pj, one.backward_pj, one.update_pj, one.static_pj)
            ),
        )
        for one in result.trainings
    )
    note = "times: until the last result of a batch, the last error, the last update; they follow one another"
    return Table("A mean sample", columns, rows, note)


def epoch_table(one: Training) -> Table:
    columns = (
        Column("epoch", True), Column("time", True), Column("loss", True), Column("accuracy", True),
        Column("energy", True), Column("pulses", True), Column("most on a cell", True),
    )  # fmt: skip
    return Table(
        name_of(one),
        columns,
        tuple(_epoch(row) for row in one.epochs),
        "since the beginning; the loss is the epoch's",
    )


def _epoch(row: EpochRow) -> tuple[Cell, ...]:
    return (
        count_cell(row.epoch),
        _time_cell(row.elapsed_ps),
        _number(row.loss),
        _percent_cell(row.accuracy),
        Cell(format_pj(row.energy_pj), row.energy_pj),
        count_cell(row.pulses),
        count_cell(row.most_pulses),
    )


def layer_table(result: TrainResult) -> Table:
    """What each layer asks for, a sample."""
    columns = (
        Column("algorithm"), Column("layer"), Column("weights", True), Column("update", True), Column("slots", True),
        Column("transfers", True), Column("operations", True), Column("memory bits", True, wide=True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(name_of(one)),
            Cell(row.layer),
            Cell(f"{row.inputs} x {row.outputs}", row.inputs * row.outputs),
            _time_cell(row.update_ps),
            *(_number(value) for value in (row.slots, row.transfers, row.operations, row.memory_bits)),
        )
        for one in result.trainings
        for row in one.layers
    )
    return Table(
        "Updates by layer",
        columns,
        rows,
        "of a mean sample; update: from its beginning to its end, waiting included",
    )


def wear_table(result: TrainResult) -> Table:
    """How often cells are pulsed, and how long they last."""
    ahead = "projected" if result.projected_epochs is None else f"after {result.projected_epochs:,} epochs"
    columns = (
        Column("algorithm"), Column("layer"), Column("array"), Column("cells", True, wide=True), Column("mean", True),
        Column("most", True), Column("endurance", True, wide=True), Column("worn out", True),
        Column("first", True, wide=True), Column(ahead, True, wide=True), Column("first cell lasts", True),
    )  # fmt: skip
    rows = tuple((Cell(name_of(one)), *_wear(row)) for one in result.trainings for row in one.wear)
    return Table("Wear", columns, rows, "pulses of a cell and sample; first: when the first cell wore out")


def _wear(row: ArrayWearRow) -> tuple[Cell, ...]:
    known = row.endurance is not None
    first = "" if row.first_ps is None else f"epoch {row.first_epoch}, {time_text(row.first_ps)}"
    return (
        Cell(row.layer),
        Cell(row.array),
        count_cell(row.cells),
        _number(row.mean),
        _number(row.most),
        Cell(f"{row.endurance:.3g}" if known else UNKNOWN, row.endurance),
        Cell(f"{row.worn_out:,}", row.worn_out, tone="bad" if row.worn_out else "")
        if known
        else Cell(UNKNOWN),
        Cell(first, row.first_ps),
        count_cell(row.projected) if row.projected is not None else Cell(UNKNOWN),
        _epochs_cell(row.epochs_until_first) if row.epochs_until_first is not None else Cell(UNKNOWN),
    )


def _epochs_cell(epochs: float) -> Cell:
    return Cell("for ever" if epochs == float("inf") else f"{epochs:.3g} epochs", epochs)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _percent_cell(share: float) -> Cell:
    return Cell(_percent(share), share)


def _time_cell(duration_ps: float) -> Cell:
    return Cell(time_text(duration_ps), duration_ps)


def _number(value: float | None) -> Cell:
    return Cell(UNKNOWN) if value is None else Cell(format_number(value), value)
