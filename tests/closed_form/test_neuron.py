"""Inputs as ternary pulses, neurons that integrate and convert: pulses, cycles and steps by bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.closed_form.test_array_mvm import latencies_ns, products, run
from tests.small_chips import Tree, array, chip_tree, load, sar, tile
from xbarsim.components.neuron import Neuron
from xbarsim.components.ternary import TernaryDac
from xbarsim.errors import MappingError
from xbarsim.scenario.infer import Infer, infer
from xbarsim.spec.roles import Conversion

WORDS = {"area": "unknown", "idle_power": "unknown"}


def ternary(**own: Any) -> Tree:
    return {
        "kind": "dac.ternary",
        "bits_per_segment": 4,
        "signed": True,
        "pulse": "10 ns",
        "energy": "1 pJ",
        "count": 16,
        **own,
    }


def neuron(**own: Any) -> Tree:
    return {
        "kind": "adc.neuron",
        "bits": 6,
        "cycle": "300 ns",
        "step": "200 ns",
        "cycle_energy": "2 pJ",
        "step_energy": "3 pJ",
        "count": 16,
        **own,
    }


def driver(**own: Any) -> TernaryDac:
    return TernaryDac(**WORDS, **ternary(**own))


@pytest.mark.parametrize(
    ("bits", "pulses", "cycles", "spared"),
    [
        (1, 1, (1,), (0,)),  # binary is a special case of ternary
        (2, 1, (1,), (0,)),
        (4, 3, (7,), (0,)),
        (5, 4, (3, 3), (0, 2)),  # sign and 2 bits, then 2 bits
        (6, 5, (3, 7), (0, 3)),
        (8, 7, (7, 15), (0, 4)),
        (9, 8, (3, 7, 7), (0, 3, 6)),
    ],
)
def test_a_pulse_for_each_magnitude_bit_and_samples_by_its_weight(bits, pulses, cycles, spared) -> None:
    feed = driver().feed(bits)
    assert feed.reads == pulses
    assert feed.conversions == tuple(Conversion(c, s) for c, s in zip(cycles, spared, strict=True))
    assert driver().slices(bits) == 1


def test_an_unsigned_input_has_a_pulse_more() -> None:
    unsigned = driver(signed=False).feed(3)
    assert (unsigned.reads, unsigned.conversions) == (3, (Conversion(7),))


def test_in_one_segment_the_cycles_grow_by_powers_of_two() -> None:
    assert driver(bits_per_segment=8).feed(8) == driver(bits_per_segment=9).feed(8)
    assert driver(bits_per_segment=8).feed(8).conversions == (Conversion(127),)


def test_a_conversion_takes_a_step_a_bit_and_one_to_begin() -> None:
    found = Neuron(**WORDS, **neuron())
    both = (Conversion(7), Conversion(15, spared_bits=4))
    assert found.steps(both) == (6 + 1) + (2 + 1)
    service = found.convert_each(both, columns=5, converters=16)
    assert service.portion_ps == 22 * 300_000 + 10 * 200_000
    assert [(a.name, a.count, a.energy_pj) for a in service.actions] == [("cycle", 110, 2), ("step", 50, 3)]
    assert found.convert_each((Conversion(1, spared_bits=9),), 1, 1).portion_ps == (300 + 2 * 200) * 1000


@pytest.mark.parametrize(("bits", "expected_ns"), [(4, 7 * 300 + 7 * 200), (6, 10 * 300 + (7 + 4) * 200)])
def test_array_and_neurons_are_taken_from_the_first_pulse_to_the_last_step(tmp_path, bits, expected_ns):
    """Each pulse takes 10 ns and 90 ns to settle."""
    tree = chip_tree(tile(dac=ternary(), adc=neuron(), shift_add=None), activations=bits)
    expected_ns += (bits - 1) * 100
    assert latencies_ns(tmp_path, tree) == (expected_ns, expected_ns)


def test_what_each_component_does_in_a_product(tmp_path: Path) -> None:
    """12 inputs of 6 bits and 5 weights on 10 bit lines: 5 pulses, 10 cycles, 7 + 4 steps, 2 segments."""
    lines = array(energy_per_line="4 pJ", setup_energy_per_line="0.5 pJ", energy_per_cell="0.1 pJ")
    tree = chip_tree(tile(array=lines, dac=ternary(), adc=neuron(), shift_add=None), activations=6)
    result = run(tmp_path, tree, products(12, 5, 1))
    found = {(row.component, row.action): row.count for row in result.energy if not row.static}
    assert found == {
        ("tile.array", "read"): 5,
        ("tile.array", "cell read"): 5 * 12 * 10,
        ("tile.array", "line read"): 5 * 12,
        ("tile.array", "line readied"): 2 * 12,
        ("tile.dac", "pulse"): 5 * 12,
        ("tile.adc", "cycle"): 10 * 10,
        ("tile.adc", "step"): 11 * 10,
    }
    prices = {row.action: row.per_action_pj for row in result.energy if not row.static}
    assert (prices["line read"], prices["line readied"], prices["step"]) == (4, 0.5, 3)


def test_a_neuron_behind_other_drivers_converts_every_slice(tmp_path: Path) -> None:
    """4 slices of 1 bit: 100 ns read, a cycle and 7 steps each."""
    tree = chip_tree(tile(adc=neuron(), shift_add=None))
    assert latencies_ns(tmp_path, tree)[0] == 4 * (100 + 300 + 7 * 200)


def message(folder: Path, **parts: Tree) -> str:
    chip = load(folder, chip_tree(tile(**parts)))
    with pytest.raises(MappingError) as caught:
        infer(chip, products(16, 8, 1), Infer(requests=1))
    return str(caught.value)


def test_a_converter_that_cannot_weigh_bits_is_told(tmp_path: Path) -> None:
    assert message(tmp_path, dac=ternary(), adc=sar()) == (
        "Small chip: tile.dac (dac.ternary) gives each bit of an input as a pulse of its own, and tile.adc (adc.sar) "
        "cannot add these up by weight. Take an 'adc.neuron', or a 'dac.bit_serial'"
    )


def test_fewer_neurons_than_columns_are_told(tmp_path: Path) -> None:
    assert message(tmp_path, dac=ternary(), adc=neuron(count=8)) == (
        "Small chip: tile.adc (adc.neuron) samples a column of its own, but 8 stand beside an array of 16 columns. "
        "Raise tile.adc.count"
    )
