"""Processing-element arrays: cycles, bits and energies of a product from its shape and its weights alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import xbarsim as xs
from tests.small_chips import Tree, buffer, chip_tree, load, vector_unit
from xbarsim.components.element_prices import operation_pj
from xbarsim.errors import SpecError
from xbarsim.quantise import elements, quantiser
from xbarsim.scenario.result import Result
from xbarsim.shipped import shipped
from xbarsim.spec.chip import Chip
from xbarsim.workload.inline import read_inline


def array(**own: Any) -> Tree:
    """4 inputs and 4 outputs at once, 10 ns a block."""
    usual = {"kind": "pe_array", "element": "bac", "quantiser": "pot_nearest_value", "weight": {"bits": 4},
             "activations": 4, "rows": 4, "columns": 4, "depth": 64, "cell": "toy", "clock": "100 MHz",
             "energy": "2 pJ", "gate_energy": "0.25 pJ"}  # fmt: skip
    return {**usual, **own}


def price(model: str, weights: int) -> Tree:
    return {
        "model": model,
        "weights": weights,
        "inputs": 64,
        "shifter": 8,
        "factor": 1,
        "technology": "45 nm",
    }


def memory(**own: Any) -> Tree:
    return {"kind": "buffer.weights", "capacity": "1 KiB", "width": "64 bit", "access": "10 ns",
            "read_energy": "0.5 pJ/bit", **own}  # fmt: skip


def chip(folder: Path, elements: Tree | None = None, **parts: Any) -> Chip:
    unit = vector_unit(operations=["requantise", "elementwise", "pooling", "move"], clock="1 GHz", lanes=4)
    usual = {"array": elements or array(), "weight_memory": memory(), "buffer": buffer(), "vector_unit": unit}
    held = {name: part for name, part in {**usual, **parts}.items() if part is not None}
    return load(folder, chip_tree({"kind": "tile", **held}))


def run(machine: Chip, work: str, requests: int = 2) -> Result:
    return xs.simulate(machine, read_inline(work), xs.Infer(requests=requests))


def counts(result: Result, component: str) -> dict[str, int]:
    """Actions of one request."""
    return {row.action: row.count // result.requests for row in result.energy if row.component == component}


def busy_ps(result: Result, station: str) -> int:
    """Of one request."""
    return next(row.busy_ps for row in result.stations if row.path == station) // result.requests


@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (5, 4), (17, 9), (32, 20)])
def test_a_block_takes_a_cycle(tmp_path: Path, rows: int, columns: int) -> None:
    result = run(chip(tmp_path), f"product {rows}x{columns}")
    blocks = -(-rows // 4) * -(-columns // 4)
    weights = rows * columns
    assert busy_ps(result, "tile.array") == blocks * 10_000
    assert counts(result, "tile.array") == {"operation": weights}
    assert counts(result, "tile.weight_memory") == {"bit read": 4 * weights}
    # Sums stay in the elements: each result is scaled once, whatever the number of blocks above one another.
    assert counts(result, "tile.vector_unit") == {"operation": columns}


def test_latency_is_the_sum_of_its_steps(tmp_path: Path) -> None:
    """8 inputs of 4 bits into and out of the buffer in a beat of 32 bits each, 4 blocks, pipeline, 8 results."""
    result = run(chip(tmp_path, array(latency_cycles=3)), "product 8x8")
    write_ps, read_ps, blocks_ps, pipeline_ps, requantise_ps = 1_000, 1_000, 4 * 10_000, 3 * 10_000, 2_000
    assert result.latency.alone_ps == write_ps + read_ps + blocks_ps + pipeline_ps + requantise_ps


def test_a_narrow_memory_makes_the_elements_wait(tmp_path: Path) -> None:
    """A block of 64 bits in beats of 16: four cycles of the memory each."""
    result = run(chip(tmp_path, weight_memory=memory(width="16 bit")), "product 8x8")
    assert busy_ps(result, "tile.array") == busy_ps(result, "tile.weight_memory") == 16 * 10_000


def test_layers_queue_for_the_elements(tmp_path: Path) -> None:
    """Two products at once of 4 blocks each: one waits until the other is through."""
    result = run(chip(tmp_path, buffer=buffer(ports=2)), "product 8x8 x2", requests=1)
    row = next(row for row in result.stations if row.path == "tile.array")
    assert (row.busy_ps, row.waited_ps) == (80_000, 40_000)


def test_held_weights_are_read_once_for_several_products(tmp_path: Path) -> None:
    """A convolution of 4x4 pixels has 16 products with the same weights; a single product cannot share."""
    once, held = (run(chip(tmp_path, array(weights_held=n)), "conv 2x3x4") for n in (1, 4))
    bits = 16 * 4 * (2 * 9 * 2)
    assert counts(once, "tile.weight_memory") == {"bit read": bits}
    assert counts(held, "tile.weight_memory") == {"bit read": bits // 4}
    alone = run(chip(tmp_path, array(weights_held=4)), "product 8x8")
    assert counts(alone, "tile.weight_memory") == {"bit read": 4 * 64}


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_gating_follows_the_share_of_zeros_and_takes_the_same_time(tmp_path: Path, share: float) -> None:
    dense = run(chip(tmp_path), "product 16x16")
    gated = run(chip(tmp_path, array(gate_zeros=True, zero_share=share)), "product 16x16")
    zeros = round(256 * share)
    assert counts(gated, "tile.array") == {"operation": 256 - zeros, "gated operation": zeros}
    energy = sum(row.energy_pj for row in gated.energy if row.component == "tile.array")
    assert energy / gated.requests == pytest.approx((256 - zeros) * 2 + zeros * 0.25)
    assert gated.latency.alone_ps == dense.latency.alone_ps
    assert counts(gated, "tile.weight_memory") == counts(dense, "tile.weight_memory")


def test_skipping_takes_fewer_cycles_and_bits(tmp_path: Path) -> None:
    """Half of 16 blocks; words with a place of 3 bits, for which the memory needs to be wider, or it decides."""
    elements = array(skip_zeros=True, index=3, zero_share=0.5)
    result = run(chip(tmp_path, elements, weight_memory=memory(width="112 bit")), "product 16x16")
    assert busy_ps(result, "tile.array") == 8 * 10_000
    narrow = run(chip(tmp_path, elements), "product 16x16")
    assert busy_ps(narrow, "tile.array") == 128 * 7 / 64 * 10_000
    assert counts(result, "tile.array") == {"operation": 128}
    assert counts(result, "tile.weight_memory") == {"bit read": 128 * 7}


def test_nothing_but_zeros_is_left_out_but_for_a_cycle(tmp_path: Path) -> None:
    result = run(chip(tmp_path, array(skip_zeros=True, index=3, zero_share=1)), "product 16x16")
    assert busy_ps(result, "tile.array") == 10_000
    assert counts(result, "tile.array") == {"operation": 0}


def test_zeros_and_toggles_are_those_of_the_real_weights() -> None:
    """Of the trained perceptron, counted here from its layers, one word after another."""
    settings = ["accelerator.array.gate_zeros=true", "accelerator.array.toggle_energy=0.01 pJ/bit"]
    work = xs.load_workload("mlp_digits")
    result = xs.simulate(xs.load_chip("zcu104-pot", settings), work)
    zeros, toggled = 0, 0
    for layer in (work.network()[i] for i in (0, 2, 4)):
        found = quantiser("pot_nearest_value", 4).quantise(layer.weight.detach().double().numpy())
        zeros += int((found.integers == 0).sum())
        changed = 0
        for words in found.words.tolist():
            for lane in range(16):
                live = [word for word in words[lane::16] if word & 7]
                changed += sum((a ^ b).bit_count() for a, b in zip(live, live[1:] + live[:1], strict=True))
        toggled += changed
    seen = counts(result, "accelerator.array")
    assert seen["gated operation"] == zeros > 0
    assert seen["operation"] + zeros == sum(layer.weight.numel() for layer in work.network()[::2])
    assert seen["bit toggled"] == pytest.approx(toggled, abs=3)  # rounded layer by layer
    assert any(
        "of the weights are zero as the chip stores them, 3 of 3 matrices" in note for note in result.notes
    )


def test_packed_cycles_are_those_of_the_real_weights() -> None:
    settings = ["array.skip_zeros=true", "array.index=4", "weight_memory.width=2048 bit"]
    settings = [f"accelerator.{setting}" for setting in settings]
    work = xs.load_workload("mlp_digits")
    result = xs.simulate(xs.load_chip("zcu104-uniform", settings), work)
    cycles = 0
    for layer in work.network()[::2]:
        used = quantiser("uniform", 4).quantise(layer.weight.detach().double().numpy()).integers != 0
        for first in range(0, len(used), 16):
            cycles += max(-(-int(row.sum()) // 16) for row in used[first : first + 16])
    assert busy_ps(result, "accelerator.array") == cycles * 5_000
    assert cycles < 32 + 32 + 4  # blocks of the layers


UNKNOWN = (
    "Small chip: energy of tile.array depends on how many weights are zero, and nobody knows it of fc. Name `weights` "
    "in the workload file, give tile.array.zero_share, or leave tile.array.gate_zeros and skip_zeros out"
)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"elements": array(gate_zeros=True)}, UNKNOWN),
        (
            {"weight_memory": None},
            "Small chip: tile.array has no buffer.weights in reach. Add one beside it or in its tile, or write "
            "'weight_memory: ideal'.",
        ),
        (
            {"vector_unit": vector_unit()},
            "Small chip: tile.array has no vector_unit with 'requantise' among its `operations` in reach. Add one "
            "beside it or in its tile, or write 'vector_unit: ideal'.",
        ),
        (
            {"elements": array(activations=2)},
            "Small chip: activations have 4 bits, elements of tile.array take 2. Lower precision.activations (or the "
            "workload's), or raise tile.array.activations and its energy",
        ),
        (
            {"elements": array(count=2)},
            "Small chip: several of tile.array in one tile; each has its own inputs and sums. Put each into a tile of "
            "its own",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, parts: dict[str, Any], text: str) -> None:
    with pytest.raises(xs.MappingError) as told:
        run(chip(tmp_path, **parts), "product 8x8")
    assert str(told.value) == text


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"quantiser": "uniform"}, "bac elements do not read 'uniform' words"),
        ({"weight": {"bits": 9}}, "power of two: bits is 9; allowed: 2 to 6"),
        ({"element": "adder", "quantiser": "uniform", "gate_zeros": True}, "no idle operation of 'adder'"),
        ({"gate_zeros": True, "skip_zeros": True, "index": 4}, "given with gate_zeros"),
        ({"skip_zeros": True}, "what is not stored must be told from its neighbours"),
        ({"zero_share": 1.5}, "1.5 is out of range; allowed: at most 1"),
        (
            {"energy": price("pe.adder", 4)},
            "energy.model: 'pe.adder' is the price of other elements; take 'pe.bac'",
        ),
        (
            {"energy": price("pe.bac", 3)},
            "energy.weights: is the price of 3-bit weights, the words have 4; set it to 4",
        ),
    ],
)
def test_impossible_combinations(tmp_path: Path, own: dict[str, Any], text: str) -> None:
    with pytest.raises(SpecError) as told:
        chip(tmp_path, array(**own))
    assert text in str(told.value)


def test_other_weights_than_the_elements_take(tmp_path: Path) -> None:
    file = tmp_path / "eight.yaml"
    trace = shipped("workloads") / "mlp_digits.trace.yaml"
    file.write_text(f"name: eight\nsource: a test\ntrace: {trace}\nprecision: {{weights: 8 bit}}\n")
    with pytest.raises(
        xs.MappingError,
        match=r"weights of 8 bits, which accelerator\.array cannot store: its 'bac' elements take 4",
    ):
        xs.check(xs.load_chip("zcu104-pot"), xs.load_workload(file))


def test_zeros_that_are_left_out_take_no_memory(tmp_path: Path) -> None:
    """256 weights of 4 bits, half of them zero; what is stored has 3 bits more, to say where it stands."""
    dense = run(chip(tmp_path), "product 16x16")
    sparse = run(chip(tmp_path, array(skip_zeros=True, index=3, zero_share=0.5)), "product 16x16")
    assert dense.programming.cells == 256 * 4
    assert sparse.programming.cells == 128 * 7


@pytest.mark.parametrize(
    ("element", "words", "model"), [("adder", "uniform", "pe.adder"), ("shift_add", "shift", "pe.shift_add")]
)
def test_elements_of_other_networks_are_chips_too(
    tmp_path: Path, element: str, words: str, model: str
) -> None:
    """AdderNet and ShiftAddNet elements take every weight, zero or not, and cost what their model says."""
    result = run(
        chip(tmp_path, array(element=element, quantiser=words, energy=price(model, 4))), "product 16x16"
    )
    row = next(row for row in result.energy if row.component == "tile.array")
    own = elements.element(element, 4, 4)
    assert (row.action, row.count) == ("operation", 2 * 256)
    assert row.per_action_pj == pytest.approx(operation_pj(own, element, 64, 8))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        # 64 x 128 + 128 x 64 + 64 x 10 weights of 4 bits
        ("accelerator.weight_memory.capacity=1 KiB", "take 8.3125 KiB, accelerator.weight_memory holds 1: 7.3125 KiB"),
        ("accelerator.vector_unit.operations=[elementwise]", "has no vector_unit with 'requantise'"),
        ("precision.activations=12", "activations have 12 bits, elements of accelerator.array take 8"),
    ],
)  # fmt: skip
def test_check_tells_what_a_run_would_tell(settings: str, said: str) -> None:
    with pytest.raises(xs.MappingError) as caught:
        xs.check(xs.load_chip("zcu104-pot", [settings]), xs.load_workload("mlp_digits"))
    assert said in str(caught.value)
