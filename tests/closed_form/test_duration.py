"""Conversion in duration format: reads of both signs and all row groups, then time slots at shared landing pads.

Vectors come at no cost, so that a run shows arrays and slots alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.closed_form.test_array_mvm import products
from tests.small_chips import Tree, array, chip_tree, load, tile
from xbarsim.errors import MappingError
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import Result
from xbarsim.workload.graph import OpGraph

READS_NS = 2 * 2 * (4 * 5 + 10)  # signs x row groups x (longest pulse of 2 bits + settling)
SLOT_NS = 7


def chip(joins: int = 2, pads: int = 1, count: int = 4, **header: object) -> Tree:
    """Tiles of 16 x 16 cells, one weight each, in two row groups; a pad takes in 8 results."""
    parts: Tree = {
        "array": array(
            weight={"bits": 2, "bits_per_cell": 2, "encoding": "differential", "along": "cell"},
            settle="10 ns", read_phases=2, row_groups=2, energy="ideal", read_power="3 mW",
        ),
        "dac": {"kind": "dac.pwm", "bits": 2, "lsb": "5 ns", "signed": False, "count": 16, "energy": "1 pJ"},
        "adc": {"kind": "adc.duration", "bits": 2, "slot": f"{SLOT_NS} ns", "pads": pads, "wires": 8, "joins": joins,
                "count": 16, "energy": "2 pJ"},
        "shift_add": None,
        "accumulator": "ideal",
        "count": count,
    }  # fmt: skip
    wires = {"width": "64 bit", "clock": "ideal", "energy": "ideal"}
    mesh = [{"topology": "mesh", "of": "tile", "router": "ideal", "link": wires}]
    return chip_tree(tile(**parts), mesh, activations=2, **header)


def run(folder: Path, tree: Tree, graph: OpGraph) -> Result:
    result = infer(load(folder, tree), graph, Infer(requests=1))
    assert [law.name for law in result.laws if not law.holds] == []
    return result


def counts(result: Result) -> dict[str, int]:
    return {f"{row.component} {row.action}": row.count for row in result.energy if not row.static}


def test_all_reads_then_the_slots_of_the_results(tmp_path: Path) -> None:
    """16 results at 8 a slot: two slots; each result is converted once, each row group is driven in half the reads."""
    result = run(tmp_path, chip(), products(16, 16, 1))
    assert result.latency.alone_ps == (READS_NS + 2 * SLOT_NS) * 1_000
    assert counts(result) == {"tile.array powered read": 4, "tile.array read": 4, "tile.dac conversion": 4 * 8,
                              "tile.adc conversion": 16}  # fmt: skip


def test_an_array_keeps_its_charge_until_all_results_of_the_step_are_out(tmp_path: Path) -> None:
    """Two layers of 8 results share one pad: both arrays wait for both slots; two pads take them at once."""
    for pads, slots in ((1, 2), (2, 1)):
        result = run(tmp_path, chip(pads=pads), products(16, 8, 3, layers=2))
        assert result.latency.alone_ps == 3 * (READS_NS + slots * SLOT_NS) * 1_000


def test_power_while_reading_is_energy_of_the_reads_alone(tmp_path: Path) -> None:
    result = run(tmp_path, chip(), products(16, 8, 1))
    row = next(row for row in result.energy if row.action == "powered read")
    assert row.energy_pj == pytest.approx(READS_NS * 3)  # 3 mW for as many ns


@pytest.mark.parametrize(("joins", "converted", "slots"), [(1, 3 * 8, 3), (2, 2 * 8, 2), (3, 8, 1)])
def test_joined_tiles_add_up_before_they_are_converted(
    tmp_path: Path, joins: int, converted: int, slots: int
) -> None:
    """Three row blocks of 8 columns: alone, a pair and one, or all three on one bank of capacitors."""
    result = run(tmp_path, chip(joins=joins), products(48, 8, 1))
    assert counts(result)["tile.adc conversion"] == converted
    assert result.latency.alone_ps == (READS_NS + slots * SLOT_NS) * 1_000


def test_a_weight_stored_twice_takes_twice_the_rows_and_is_multiplied_once(tmp_path: Path) -> None:
    """16 inputs fill two tiles of 8 weights below one another: each drives 16 lines, half of them in a read."""
    twice = run(tmp_path, chip(mapping={"repeat": {"w*": 2}}), products(16, 8, 1))
    assert (sum(row.arrays for row in twice.layers), twice.macs_per_request) == (2, 16 * 8)
    assert counts(twice)["tile.dac conversion"] == 2 * 4 * 8
    assert twice.peak.ops_per_s == run(tmp_path, chip(), products(16, 8, 1)).peak.ops_per_s
    half = run(tmp_path, chip(mapping={"repeat": {"*": 2}}), products(8, 8, 1))
    assert half.peak.ops_per_s == twice.peak.ops_per_s / 2


def test_what_cannot_be_stored_or_joined_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        MappingError, match=r"mapping.repeat stores each weight of w0 17 times .* has room for 16"
    ):
        run(tmp_path, chip(mapping={"repeat": {"w0": 17}}), products(16, 8, 1))
    with pytest.raises(MappingError, match=r"columns of 2 tiles .* Write 'gather', or take `joins` away"):
        run(tmp_path, chip(mapping={"partial_sums": "chain"}), products(16, 8, 1))
    several = chip()
    several["components"]["tile"]["array"]["count"] = 2
    with pytest.raises(
        MappingError, match=r"tile has 2 arrays. Make each array a tile, or take `joins` away"
    ):
        run(tmp_path, several, products(16, 8, 1))
