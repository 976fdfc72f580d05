"""Training on the engine's timeline: published times, both granularities, laws, overlap, wear, forgetting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xbarsim as xs
from tests.training.devices import soft_bounds
from xbarsim.engine.granularity import Granularity
from xbarsim.errors import MappingError
from xbarsim.mapping.backward import LOSS, backward
from xbarsim.mapping.blocks import cut
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.transposed import _number, _turned
from xbarsim.scenario.train_parts import training_parts
from xbarsim.scenario.train_run import BatchRun, TrainBench
from xbarsim.scenario.train_steps import SampleCounts, by_sample
from xbarsim.training.array import PulsedArray
from xbarsim.training.rule import InMemorySgd, MixedPrecision, UpdateRule
from xbarsim.training.tiki_taka import TikiTaka, agad, chopped_ttv2, ttv2
from xbarsim.training.trains import Pulsing
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.load import load_workload

CHIP = xs.load_chip("agad-training")
TABLE_1_NS = {
    "ttv2": 56.277, "chopped_ttv2": 56.277, "agad": 62.129, "mixed_precision": 3024.457, "in_memory_sgd": 30.851,
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def bench(graph: OpGraph, granularity: Granularity = Granularity.BURST) -> TrainBench:
    return TrainBench(CHIP, map_network(CHIP, graph, None), training_parts(Floor(CHIP)), granularity)


# --- the published cost model --------------------------------------------------------------------


def rule_of(name: str, n: int) -> UpdateRule:
    """Each sample takes all five slots, the table's mean."""
    rng = np.random.default_rng(0)
    pulsing = Pulsing(5, fit_length=False)
    fast, slow = (PulsedArray(soft_bounds(), (n, n), rng) for _ in range(2))
    if name == "in_memory_sgd":
        return InMemorySgd(slow, pulsing, rng)
    if name == "mixed_precision":
        return MixedPrecision(slow)
    made = {
        "ttv2": lambda: ttv2(2, pulsing, 200.0),
        "chopped_ttv2": lambda: chopped_ttv2(2, pulsing, 200.0, 0.1),
        "agad": lambda: agad(2, pulsing, 200.0, 0.1, 0.5),
    }[name]()
    return TikiTaka(replace(made, gain=1e-3), fast, slow, rng)  # so that each transfer writes


@pytest.mark.parametrize("name", TABLE_1_NS)
def test_update_times_of_table_1_come_out_of_the_timeline(name: str) -> None:
    """Rasch et al., Nature Communications 15, 7133 (2024), Table 1: N = 512, n_s = 2, 100 samples, to 0.05 ns."""
    n, samples = 512, 100
    graph = xs.trace(nn.Sequential(nn.Linear(n, n, bias=False)), torch.randn(1, n), name="one")
    rule, rng = rule_of(name, n), np.random.default_rng(1)
    if name == "agad":  # the first rounds of choppers write nothing
        assert isinstance(rule, TikiTaka)
        rule._round = 100
    asked = rule.update(rng.standard_normal((samples, n)), rng.standard_normal((samples, n)), 0.1)
    counts = by_sample(asked, samples, 2 * n)
    run = bench(graph).batch({"0": counts})
    assert run.update_ps["0"] / samples * 1e-3 == pytest.approx(TABLE_1_NS[name], abs=0.05)


# --- backwards -------------------------------------------------------------------------------------


def test_errors_go_where_results_came_from() -> None:
    back = backward(load_workload("resnet9_cifar10").graph)
    after = {layer.op.name: layer.after for layer in back.layers}
    assert after["fc"] == {LOSS}
    assert after["conv4.0"] == {"fc", "residual2.conv1.0"}  # around the shortcut, and through it
    assert [layer.op.name for layer in back.layers if not layer.sends] == ["conv1.0"]


def test_scalar_work_backwards() -> None:
    """The derivatives of two activations; of the loss: four operations for each of ten outputs."""
    back = backward(load_workload("mlp_digits").graph)
    assert {layer.op.name: layer.element_ops for layer in back.layers} == {"4": 64, "2": 128, "0": 0}
    assert back.loss_ops == 40


def test_overlapping_windows_are_added_up() -> None:
    """Second convolution: 16 positions of 8 x 9 errors each onto 16 x 8 inputs."""
    work = load_workload("cnn_digits").graph
    layer = backward(work).by_name["3"]
    matrix = work.matrices["3"]
    inputs = next(op.elements for op in work.ops if op.name == "2")
    scalar = sum(op.element_ops for op in work.ops if op.name in ("1", "2"))
    assert layer.element_ops == scalar + layer.op.positions * matrix.rows - inputs


@pytest.mark.parametrize("name", ["bert_base", "lstm"])
def test_what_cannot_be_trained_is_told(name: str) -> None:
    graph = load_workload(name).graph
    with pytest.raises(MappingError, match=r"training in place|trained in place"):
        backward(graph)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 5), st.integers(2, 12), st.integers(2, 12))
def test_turned_twice_is_the_same(rows: int, columns: int, groups: int, height: int, width: int) -> None:
    """Every block has its place in the turned cut, with as many weights, and comes back."""

    class Room:
        rows, weight_rows, weight_columns, cells_per_weight = height, height, width, 1

    from xbarsim.workload.graph import Matrix

    there = cut(Matrix("m", rows, columns, groups), Room())
    back = _turned(there)
    numbers = [_number(there, block) for block in range(there.blocks)]
    assert sorted(numbers) == list(range(back.blocks))
    assert [there.weights(b) for b in range(there.blocks)] == [back.weights(n) for n in numbers]
    assert [_number(back, n) for n in numbers] == list(range(there.blocks))
    assert _turned(back) == there


# --- batches -----------------------------------------------------------------------------------------


def counts(positions: int, slots: int, moved: bool) -> SampleCounts:
    return SampleCounts(
        positions, (("fast", slots),), (("slow", 1),) if moved else (), (("fast", 1),) if moved else (),
        100 * positions, 300 if moved else 0, 1000 if moved else 0,
    )  # fmt: skip


def batch_of(one: TrainBench, samples: int) -> BatchRun:
    layers = one.back.layers
    return one.batch(
        {
            layer.op.name: tuple(counts(layer.op.positions, 1 + s % 3, s % 2 == 1) for s in range(samples))
            for layer in layers
        }
    )


@pytest.mark.parametrize("name, samples", [("mlp_digits", 1), ("mlp_digits", 5), ("cnn_digits", 2)])
def test_both_granularities_agree(name: str, samples: int) -> None:
    graph = load_workload(name).graph
    burst, mvm = (batch_of(bench(graph, one), samples) for one in (Granularity.BURST, Granularity.MVM))
    assert burst == mvm


def test_many_different_updates_are_done_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times differ by no more than the roundings of the pieces; energy does not."""
    graph = load_workload("mlp_digits").graph
    whole = bench(graph)
    first = batch_of(whole, 3)
    monkeypatch.setattr("xbarsim.scenario.train_tasks.MOST_WHOLE", 0)
    pieces = bench(graph)
    second = batch_of(pieces, 3)
    assert second.update_ps == pytest.approx(first.update_ps, rel=0.15)  # memory traffic: whole accesses each
    assert second.forward_ps == first.forward_ps

    def lines(one: TrainBench, run: BatchRun) -> int:
        pairs = zip(one.shop.tasks, run.jobs, strict=True)
        return sum(n * c.count for task, n in pairs for c in task.meta.costs if c.action == "line driven")

    assert lines(pieces, second) == lines(whole, first) > 0


def test_layers_update_side_by_side() -> None:
    """A batch is shorter than its parts one after another, and no shorter than the longest of them."""
    run = batch_of(bench(load_workload("mlp_digits").graph), 8)
    assert run.elapsed_ps < run.backward_ps + sum(run.update_ps.values())
    assert run.elapsed_ps >= run.forward_ps + max(run.update_ps.values())


def test_equal_batches_are_run_through_once() -> None:
    one = bench(load_workload("mlp_digits").graph)
    assert batch_of(one, 2) is batch_of(one, 2)
    assert one.runs == 1


# --- the scenario -------------------------------------------------------------------------------------


def trained(work: str = "mlp_digits", *over: str, algorithm: str = "agad", **asked: object) -> xs.TrainResult:
    scenario = xs.Train([algorithm], **({"epochs": 1, "samples": 96} | asked))  # type: ignore[arg-type]
    return xs.simulate(xs.load_chip("agad-training", over), load_workload(work), scenario)


@pytest.mark.parametrize("algorithm", ["in_memory_sgd", "mixed_precision", "ttv2", "chopped_ttv2", "agad"])
def test_laws_hold(algorithm: str) -> None:
    result = trained(algorithm=algorithm)
    assert all(law.holds for law in result.laws)
    assert {"MACs in = MACs done", "energy by purpose = ledger", "pulses asked = pulses on cells"} <= {
        law.name for law in result.laws
    }


def test_a_convolution_learns_on_the_timeline() -> None:
    result = trained("cnn_digits", samples=32)
    one = result.trainings[0]
    graph = load_workload("cnn_digits").graph
    back = backward(graph)
    macs = 32 * (graph.macs + sum(layer.op.macs for layer in back.layers if layer.sends))
    assert next(law.detail for law in result.laws if law.name.startswith("MACs")).startswith(
        f"{macs:,} asked"
    )
    assert one.elapsed_ps == one.epochs[-1].elapsed_ps > 0


def test_same_seed_same_bytes_and_read_back(tmp_path: Path) -> None:
    from xbarsim.scenario.store import result_to_json

    one, other = trained(), trained()
    assert result_to_json(one) == result_to_json(other)
    assert xs.load_result(xs.save_result(one, tmp_path / "run")) == one


def test_worn_out_cells_are_marked() -> None:
    """With an endurance of 40 pulses some cells of the fast arrays do not reach the end of training."""
    result = trained("mlp_digits", "cells.fast.endurance=40", "cells.fast.endurance_spread=ideal", epochs=2)
    fast = [row for row in result.trainings[0].wear if row.array == "fast"]
    worst = max(fast, key=lambda row: row.most)
    assert worst.worn_out > 0 and worst.first_epoch in (1, 2) and worst.first_ps
    assert worst.epochs_until_first == pytest.approx(40 / (worst.most * 96), rel=1e-9)
    slow = [row for row in result.trainings[0].wear if row.array == "slow"]
    assert not any(row.worn_out for row in slow)


def test_projection_finds_more_worn_cells() -> None:
    near, far = (
        trained("mlp_digits", "cells.fast.endurance=100", project_epochs=n).trainings[0] for n in (None, 50)
    )
    assert sum(row.projected or 0 for row in far.wear) > sum(row.projected or 0 for row in near.wear)


def test_fast_cells_forget_in_real_seconds() -> None:
    """A lifetime far below a batch leaves less to move on; one far above changes nothing."""

    def moved(*lifetime: str) -> float:
        over = ["cells.fast.device.at_symmetry_point=false", *lifetime]
        result = trained("mlp_digits", *over, algorithm="ttv2", samples=400)
        return sum(row.mean for row in result.trainings[0].wear if row.array == "slow")

    kept = moved()
    assert moved("cells.fast.device.lifetime=1 year") == pytest.approx(kept, rel=0.02)
    assert moved("cells.fast.device.lifetime=1 ns") < 0.7 * kept


# --- what is told of wrong input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chip, over, algorithm, told",
    [
        ("tutorial", (), "agad", "nothing in tile drives the pulses of updates"),
        ("agad-training", (), "hybrid", "asks for an array that holds 'lsb'"),
        ("agad-training", (), "gxnor", "array 'junctions' has a device of pulses"),
        ("agad-training", ("tile.fast_array.rows=256",), "agad", "256 x 512 cells"),
        ("agad-training", ("tile.update_memory.capacity=1 KiB",), "agad", "keeps 32,768 bits a tile"),
        ("zcu104-pot", (), "agad", "made of digital elements"),
    ],
)
def test_chips_that_cannot_train_say_why(chip: str, over: tuple[str, ...], algorithm: str, told: str) -> None:
    with pytest.raises(MappingError, match=told):
        xs.simulate(
            xs.load_chip(chip, over), load_workload("mlp_digits"), xs.Train([algorithm], 1, samples=16)
        )


def test_weights_stand_once() -> None:
    with pytest.raises(MappingError, match="weights that learn are kept once"):
        trained("cnn_digits", "mapping.replicate=balance")


def test_a_workload_without_data(tmp_path: Path) -> None:
    with pytest.raises(xs.XbarsimError, match="data"):
        xs.simulate(CHIP, load_workload("resnet9_cifar10"), xs.Train(["agad"], 1))
    with pytest.raises(TypeError, match="model and data"):
        xs.simulate(CHIP, load_workload("mlp_digits").graph, xs.Train(["agad"], 1))


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"algorithms": "agad"}, "Train.algorithms"),
        ({"epochs": 0}, "Train.epochs"),
        ({"samples": -1}, "Train.samples"),
        ({"seed": -1}, "Train.seed"),
    ],
)
def test_wrong_scenarios(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        xs.Train(**wrong)  # type: ignore[arg-type]


def test_the_command_line_tells_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    from xbarsim.cli import main

    with pytest.raises(SystemExit) as left:
        main(["train", "agad-trainin", "mlp_digit", "-a", "agadd", "--with", "nonsense=1"])
    told = capsys.readouterr().err
    assert left.value.code == 2
    for word in ("agad-training", "mlp_digits", "agad"):
        assert word in told


def test_settings_are_told_by_their_option(capsys: pytest.CaptureFixture[str]) -> None:
    from xbarsim.cli import main

    with pytest.raises(SystemExit) as left:
        main(["train", "agad-training", "mlp_digits", "-a", "agad", "--with", "beta=7"])
    assert left.value.code == 2
    assert "--with beta: 7.0; allowed: above 0, up to 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "setting",
    ["step=0", "step=-1", "noise=-1", "stuck_share=2", "reference_spread=-0.1", "lifetime_updates=0"],
)
def test_devices_that_cannot_be(setting: str) -> None:
    key = setting.partition("=")[0]
    with pytest.raises(xs.SpecError, match=rf"cells\.fast\.device\.{key}: .*; allowed: "):
        xs.load_chip("agad-training", [f"cells.fast.device.{setting}"])


def test_settings_must_say_something(capsys: pytest.CaptureFixture[str]) -> None:
    from xbarsim.cli import main

    with pytest.raises(SystemExit) as left:
        main(["train", "agad-training", "mlp_digits", "-a", "agad", "--with", "nonsense=1"])
    assert left.value.code == 2
    assert (
        "'nonsense=1' says nothing to agad; allowed: key=value with one of balance, batch, beta"
        in capsys.readouterr().err
    )
