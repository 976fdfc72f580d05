"""Layers of different precision on one chip: each costs what it costs where all have its bits."""

from __future__ import annotations

from pathlib import Path

import pytest

import xbarsim as xs
from xbarsim.scenario.result import Result
from xbarsim.shipped import shipped
from xbarsim.workload.load import Workload


def work(folder: Path, precision: str = "") -> Workload:
    """The digits MLP, 64-128-64-10: layers 0, 2 and 4."""
    file = folder / "network.yaml"
    trace = shipped("workloads") / "mlp_digits.trace.yaml"
    text = f"name: network\nsource: a test\ntrace: {trace}\n"
    file.write_text(text + (f"precision: {precision}\n" if precision else ""))
    return xs.load_workload(file)


def run(chip: str, network: Workload, *settings: str) -> Result:
    return xs.simulate(xs.load_chip(chip, settings), network, xs.Infer(requests=1))


def layer_energy_pj(result: Result, name: str) -> float:
    return next(row.energy_pj for row in result.layers if row.name == name)


def spent(result: Result, component: str) -> float:
    return sum(row.energy_pj for row in result.energy if row.component == component)


@pytest.mark.parametrize(
    ("chip", "array"), [("isaac", "tile.ima.array"), ("zcu104-uniform", "accelerator.array")]
)
def test_every_layer_costs_what_its_bits_cost(tmp_path: Path, chip: str, array: str) -> None:
    """Layer 0 with 8 bits (ISAAC's arrays store 16, the multipliers take 4), the others with the chip's."""
    plain = run(chip, work(tmp_path))
    changed = run(chip, work(tmp_path, "{weights: 8 bit}"))
    mixed = run(chip, work(tmp_path, '{layers: {"0": {weights: 8 bit}}}'))
    for name, like in (("0", changed), ("2", plain), ("4", plain)):
        assert layer_energy_pj(mixed, name) == pytest.approx(layer_energy_pj(like, name), rel=1e-9)
    assert spent(plain, array) != spent(mixed, array) != spent(changed, array)
    low, high = sorted((plain.programming.cells, changed.programming.cells))
    assert low < mixed.programming.cells < high
    assert all(law.holds for law in mixed.laws)


def test_cells_of_a_layer_follow_its_bits(tmp_path: Path) -> None:
    """Bits of the memory: 64 x 128 weights of 8 bits, the others of 4."""
    result = run("zcu104-uniform", work(tmp_path, '{layers: {"0": {weights: 8 bit}}}'))
    assert result.programming.cells == 8 * 64 * 128 + 4 * (128 * 64 + 64 * 10)


@pytest.mark.parametrize(("bits", "elements"), [(2, 1), (4, 1), (6, 2), (8, 2), (12, 3)])
def test_wider_words_take_elements_side_by_side(tmp_path: Path, bits: int, elements: int) -> None:
    """Products of one layer of 64 x 128 weights on multipliers for 4 bits; memory reads follow the bits themselves."""
    result = run("zcu104-uniform", work(tmp_path, f'{{layers: {{"0": {{weights: {bits} bit}}}}}}'))
    rows = {(row.component, row.action): row.count for row in result.energy}
    others = 128 * 64 + 64 * 10
    assert rows["accelerator.array", "operation"] == elements * 64 * 128 + others
    assert rows["accelerator.weight_memory", "bit read"] == bits * 64 * 128 + 4 * others


def test_inputs_of_fewer_bits_are_driven_sooner(tmp_path: Path) -> None:
    """ISAAC drives inputs bit by bit: conversions of a layer follow its bits, those of the others stay."""
    plain, few = (
        run("isaac", work(tmp_path)),
        run("isaac", work(tmp_path, '{layers: {"0": {activations: 4 bit}}}')),
    )
    assert layer_energy_pj(few, "0") < 0.5 * layer_energy_pj(plain, "0")
    for name in ("2", "4"):
        assert layer_energy_pj(few, name) == pytest.approx(layer_energy_pj(plain, name))
    assert few.latency.alone_ps < plain.latency.alone_ps


def test_of_several_patterns_the_first_counts(tmp_path: Path) -> None:
    both = run("zcu104-uniform", work(tmp_path, '{layers: {"0": {weights: 8 bit}, "*": {weights: 2 bit}}}'))
    assert both.programming.cells == 8 * 64 * 128 + 2 * (128 * 64 + 64 * 10)
    assert any("weights of 8 bits in 1 layer (0)" in note for note in both.notes)


@pytest.mark.parametrize(
    ("chip", "precision", "said"),
    [
        ("zcu104-pot", '{layers: {"0": {weights: 8 bit}}}', "0 has weights of 8 bits, which accelerator.array cannot"),
        ("zcu104-uniform", '{layers: {"0": {weights: 1 bit}}}', "uniform: bits is 1; allowed: 2 to"),
        ("zcu104-uniform", '{layers: {conv1: {weights: 8 bit}}}', "precision.layers.conv1 is no layer"),
        ("isaac", '{layers: {"0": {activations: 20 bit}}}', "20 bits, but numbers on the chip have 16"),
    ],
)  # fmt: skip
def test_what_a_chip_cannot_do_is_told(tmp_path: Path, chip: str, precision: str, said: str) -> None:
    with pytest.raises(xs.MappingError) as caught:
        xs.check(xs.load_chip(chip), work(tmp_path, precision))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        ("{layers: [4]}", "precision.layers: a list; allowed: a mapping of layers"),
        ("{layers: {conv1: 8 bit}}", "precision.layers.conv1: '8 bit'; write it like {weights: 8 bit"),
        ("{layers: {conv1: {wieghts: 8 bit}}}", "precision.layers.conv1.wieghts: unknown key; did you mean 'weights'?"),
        ("{layers: {conv1: {weights: 0 bit}}}", "precision.layers.conv1.weights: '0 bit'; allowed: from 1 bit to"),
        ("{layer: {}}", "precision.layer: unknown key; did you mean 'layers'?"),
    ],
)  # fmt: skip
def test_mistakes_in_the_file_are_told(tmp_path: Path, precision: str, said: str) -> None:
    with pytest.raises(xs.SpecError) as caught:
        work(tmp_path, precision)
    assert said in str(caught.value)
