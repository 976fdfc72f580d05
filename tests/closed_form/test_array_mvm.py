"""Time of matrix-vector products on one array, from its stage times, through the real components.

Vectors come at no cost (no `io`, no buffer), so that the run shows the array and its periphery alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_chips import (
    Tree,
    accumulator,
    array,
    bit_serial,
    buffer,
    chip_tree,
    load,
    sample_hold,
    sar,
    shift_add,
    tile,
)
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import Result
from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Same


def products(rows: int, columns: int, positions: int, layers: int = 1) -> OpGraph:
    """`positions` vectors, each through `layers` matrices of the same input."""
    ops = [Op("x", OpKind.INPUT, "input", positions=positions, width=rows)]
    matrices = {}
    for i in range(layers):
        macs = positions * rows * columns
        ops.append(
            Op(f"w{i}", OpKind.MVM, "linear", ("x",), (Same(),), positions, columns, macs, matrix=f"w{i}")
        )
        matrices[f"w{i}"] = Matrix(f"w{i}", rows, columns)
    return OpGraph("products", tuple(ops), matrices)


def run(folder: Path, tree: Tree, graph: OpGraph) -> Result:
    result = infer(load(folder, tree), graph, Infer(requests=1))
    assert [law.name for law in result.laws if not law.holds] == []
    return result


def latencies_ns(folder: Path, tree: Tree, rows: int = 16, columns: int = 8) -> tuple[float, float]:
    """Latency of one product, and the interval at which further ones follow."""
    one, five = (run(folder, tree, products(rows, columns, n)).latency.alone_ps for n in (1, 5))
    assert (five - one) % 4 == 0
    return one / 1000, (five - one) / 4000


# --- bit-serial input, converter behind a sample-and-hold ------------------------------------------


def test_input_slices_pass_array_hold_converter_and_adder_in_a_pipeline(tmp_path: Path) -> None:
    """4 input bits, one at a time: array 10 + 90 ns, hold 3 ns, 16 columns x 5 ns on one converter, adder 7 ns.

    All stages once, then 3 more slices at the pace of the slowest: 190 + 3 x 100 ns."""
    assert latencies_ns(tmp_path, chip_tree(tile(sample_hold=sample_hold()))) == (490, 400)


def test_a_slow_converter_sets_the_pace(tmp_path: Path) -> None:
    """16 columns x 10 ns: 100 + 3 + 160 + 7 + 3 x 160 ns."""
    slow = sar(cycle="2 ns")
    assert latencies_ns(tmp_path, chip_tree(tile(sample_hold=sample_hold(), adc=slow))) == (750, 640)


@pytest.mark.parametrize("converter_ns", [1, 2])
def test_products_that_do_not_overlap_follow_at_their_own_latency(tmp_path: Path, converter_ns: int) -> None:
    """The same stages and events, but the next product waits for the last slice of this one in the adder."""
    parts = {"sample_hold": sample_hold(), "adc": sar(cycle=f"{converter_ns} ns")}
    piped, blocking = chip_tree(tile(**parts)), chip_tree(tile(**parts, overlap=False))
    latency_ns, _ = latencies_ns(tmp_path, piped)
    assert latencies_ns(tmp_path, blocking) == (latency_ns, latency_ns)
    several = products(16, 8, 5)
    assert run(tmp_path, blocking, several).energy == run(tmp_path, piped, several).energy
    peak = run(tmp_path, blocking, several).peak.ops_per_s
    assert peak == pytest.approx(2 * 16 * 8 / (latency_ns * 1e-9))


def test_converters_side_by_side_share_the_columns(tmp_path: Path) -> None:
    """Of 16 columns on 3 converters the busiest has 6: 6 x 10 ns; the array sets the pace again."""
    three = sar(cycle="2 ns", count=3)
    assert latencies_ns(tmp_path, chip_tree(tile(sample_hold=sample_hold(), adc=three))) == (470, 400)


def test_only_columns_in_use_are_converted(tmp_path: Path) -> None:
    """3 weights of 4 bits in cells of 2: 6 columns x 5 ns."""
    tree = chip_tree(tile(sample_hold=sample_hold()))
    assert latencies_ns(tmp_path, tree, rows=5, columns=3) == (100 + 3 + 30 + 7 + 300, 400)


def test_two_bits_at_a_time_halve_the_slices_and_phases_double_the_reads(tmp_path: Path) -> None:
    two_bits = tile(sample_hold=sample_hold(), dac=bit_serial(bits=2))
    assert latencies_ns(tmp_path, chip_tree(two_bits)) == (190 + 100, 200)
    phases = tile(sample_hold=sample_hold(), array=array(read_phases=3))
    assert latencies_ns(tmp_path, chip_tree(phases)) == (190 + 11 * 100, 1200)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(1, 15),
    st.integers(1, 200),
    st.integers(1, 9),
    st.integers(1, 6),
)
def test_sum_of_stages_and_then_the_slowest_for_every_further_slice(
    tmp_path_factory: pytest.TempPathFactory,
    drive_ns: int,
    settle_ns: int,
    hold_ns: int,
    cycle_ns: int,
    add_ns: int,
    bits: int,
    positions: int,
) -> None:
    tree = chip_tree(
        tile(
            array=array(settle=f"{settle_ns} ns"),
            dac=bit_serial(drive_time=f"{drive_ns} ns"),
            sample_hold=sample_hold(acquire=f"{hold_ns} ns"),
            adc=sar(cycle=f"{cycle_ns} ns"),
            shift_add=shift_add(latency=f"{add_ns} ns"),
        ),
        activations=bits,
    )
    stages_ns = [drive_ns + settle_ns, hold_ns, 16 * 5 * cycle_ns, add_ns]
    expected_ns = sum(stages_ns) + (bits * positions - 1) * max(stages_ns)
    result = run(tmp_path_factory.mktemp("chip"), tree, products(16, 8, positions))
    assert result.latency.alone_ns == expected_ns


# --- no sample-and-hold ----------------------------------------------------------------------------


def test_without_a_hold_the_array_stands_still_while_it_is_converted(tmp_path: Path) -> None:
    """4 x (100 + 80) ns, then the adder's last 7 ns; the next product follows after 4 x 180 ns."""
    assert latencies_ns(tmp_path, chip_tree(tile())) == (727, 720)


# --- other converters ------------------------------------------------------------------------------


def test_pulse_widths_and_counters_read_a_phase_at_a_time_and_latch_once(tmp_path: Path) -> None:
    """8 bits, one of them the sign: 2^7 steps of 1 ns, 5 ns to settle, 4 phases, 20 ns to latch."""
    for phases, expected_ns in ((1, 133 + 20), (4, 4 * 133 + 20)):
        tree = chip_tree(
            tile(
                array=array(settle="5 ns", read_phases=phases),
                dac={
                    "kind": "dac.pwm",
                    "bits": 8,
                    "lsb": "1 ns",
                    "signed": True,
                    "energy": "1 pJ",
                    "count": 16,
                },
                adc={"kind": "adc.counter", "bits": 12, "latch": "20 ns", "energy": "1 pJ", "count": 16},
                shift_add=None,
            ),
            activations=8,
        )
        assert latencies_ns(tmp_path, tree) == (expected_ns, expected_ns)


def test_a_ramp_converts_all_columns_in_the_steps_of_its_levels(tmp_path: Path) -> None:
    """2^4 steps of 2 ns, whatever the columns: 100 + 3 + 32 + 7 + 3 x 100 ns."""
    ramp = {"kind": "adc.ramp", "bits": 4, "step": "2 ns", "energy": "1 pJ", "count": 16}
    tree = chip_tree(tile(sample_hold=sample_hold(), adc=ramp))
    assert latencies_ns(tmp_path, tree) == (442, 400)
    assert latencies_ns(tmp_path, tree, columns=1) == (442, 400)


def test_a_flash_converter_takes_a_cycle_for_each_of_its_columns(tmp_path: Path) -> None:
    """2 converters, 8 columns each at 500 MHz: 16 ns."""
    flash = {"kind": "adc.flash", "bits": 4, "clock": "500 MHz", "energy": "1 pJ", "count": 2}
    tree = chip_tree(tile(sample_hold=sample_hold(), adc=flash))
    assert latencies_ns(tmp_path, tree) == (100 + 3 + 16 + 7 + 300, 400)


# --- converters shared by arrays -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "converters", "turns"), [(1, 1, 1), (2, 1, 2), (4, 1, 4), (4, 2, 2), (4, 4, 1)]
)
def test_arrays_that_share_a_converter_take_as_many_times_its_time(
    tmp_path: Path, arrays: int, converters: int, turns: int
) -> None:
    """`arrays` row blocks of one matrix at once: 80 ns for each array on a converter; then the partial sums."""
    tree = chip_tree(
        tile(
            array=array(count=arrays),
            sample_hold=sample_hold(count=16 * arrays),
            adc=sar(count=converters),
            accumulator=accumulator(),
        )
    )
    slowest_ns = max(100, 80 * turns)
    sums_ns = 2 * (arrays - 1)  # 8 results on 4 lanes at 1 GHz, once for each further row block
    latency_ns = 100 + 3 + 80 * turns + 7 + 3 * slowest_ns + sums_ns
    assert latencies_ns(tmp_path, tree, rows=16 * arrays) == (latency_ns, 4 * slowest_ns)


def test_two_layers_on_one_converter_wait_for_each_other(tmp_path: Path) -> None:
    """Both read at once and are ready at 103 ns; the second has the converter when the first is done with all
    its slices: 103 + 2 x 4 x 130 ns, then the adder."""
    shared = tile(array=array(count=2), sample_hold=sample_hold(count=32), adc=sar(cycle="1.625 ns"))
    result = run(tmp_path, chip_tree(shared), products(16, 8, 1, layers=2))
    assert result.latency.alone_ns == 103 + 2 * 520 + 7
    (converter,) = [row for row in result.stations if row.component == "tile.adc"]
    assert (converter.jobs, converter.busy_ps, converter.waited_ps) == (2, 1_040_000, 520_000)
    assert converter.waited_for == (("w0", 520_000),)


# --- synchronous pipelines -------------------------------------------------------------------------


def test_a_synchronous_tile_takes_whole_cycles_for_every_stage(tmp_path: Path) -> None:
    """Array 100, converter 80, adder 7 ns: each a cycle of 100 ns, the hold at the end of the array's: n + 2."""
    tree = chip_tree(tile(sample_hold=sample_hold(acquire="included"), cycle="100 ns"))
    assert latencies_ns(tmp_path, tree) == (600, 400)


def test_a_synchronous_converter_of_a_cycle_and_a_bit_takes_two(tmp_path: Path) -> None:
    slow = tile(sample_hold=sample_hold(acquire="included"), adc=sar(cycle="1.3 ns"), cycle="100 ns")
    assert latencies_ns(tmp_path, chip_tree(slow)) == (100 + 4 * 200 + 100, 800)


# --- the buffer in front of the array --------------------------------------------------------------


@pytest.mark.parametrize("vectors", [1, 2, 5])
def test_a_vector_is_stored_fetched_and_multiplied(tmp_path: Path, vectors: int) -> None:
    """64 bits of input, 32 at a time in 1 ns: all vectors are stored one behind the other, then the first is
    fetched; each further one is fetched while the array works."""
    tree = chip_tree(tile(sample_hold=sample_hold(), buffer=buffer()))
    result = run(tmp_path, tree, products(16, 8, vectors))
    assert result.latency.alone_ns == 2 * vectors + 2 + 490 + 400 * (vectors - 1)
