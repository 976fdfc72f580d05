"""ISAAC and PUMA, designs on paper: what their tables and texts imply beyond the figures that are validated.

Sums, peaks, buffers and the pipeline are rows of the descriptions (`xbarsim validate isaac puma`).
"""

from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.validations import validation_of
from xbarsim.spec.load import load_chip
from xbarsim.validation.outcome import Validation
from xbarsim.validation.tables import of_area_um2, of_power_uw
from xbarsim.workload.graph import Window

POINTS = yaml.safe_load((Path(__file__).parent.parent / "data" / "published_points.yaml").read_text())
PERCENT = 0.01
TABLE_III = ("maps", "kernel", "side", "whole_kb", "pipelined_kb")


def simulated(found: Validation, figure: str) -> float:
    return next(row.simulated for row in found.rows if row.figure == figure)


# --- ISAAC ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def isaac():
    return load_chip("isaac")


def test_isaac_tile_without_its_imas_sums_to_table_i(isaac):
    """With a quarter of a router: 40.9 mW and 0.215 mm2."""
    tile, ima = isaac.parts["tile"], isaac.parts["tile.ima"]
    router = isaac.root.connect[0].router
    around_uw = of_power_uw(isaac, tile) - ima.count * of_power_uw(isaac, ima) + router.active_power_uw / 4
    around_um2 = of_area_um2(isaac, tile) - ima.count * of_area_um2(isaac, ima) + router.area_um2 / 4
    assert around_uw / 1e3 == pytest.approx(40.9, rel=PERCENT)
    assert around_um2 / 1e6 == pytest.approx(0.215, rel=PERCENT)


def test_isaac_converter_resolution_is_what_the_column_needs(isaac):
    """Sec. V: A = log2(R) + v + w, less one where v or w is 1, less one by the flipped encoding."""
    ima = isaac.parts["tile.ima"]
    array, dac, adc = (ima.child(name).spec for name in ("array", "dac", "adc"))
    v, w = dac.bits, array.weight.bits_per_cell
    needed = int(np.log2(array.rows)) + v + w - (1 if 1 in (v, w) else 0) - 1
    assert adc.bits == needed == 8


def test_isaac_converters_keep_up_with_the_crossbar(isaac):
    ima = isaac.parts["tile.ima"]
    adc, array = ima.child("adc").spec, ima.child("array").spec
    assert adc.convert(array.columns, adc.count // array.count).portion_ps == array.settle_ps == 100_000


def test_isaac_fills_an_input_register_in_one_cycle(isaac):
    """Sec. VI: up to 1 KB goes from eDRAM over the bus into the register within 100 ns."""
    bits = 8 * 1024
    assert isaac.parts["tile.buffer"].spec.read(bits).portion_ps == 100_000
    assert isaac.parts["tile.bus"].spec.carry(bits).portion_ps < 100_000
    assert isaac.parts["tile.ima.input_register"].spec.write(bits).portion_ps == 100_000


def test_isaac_steps_are_at_most_a_cycle_each(isaac):
    """Fig. 4b: read and fill, 16 bits, ADC, S+A, result to the tile, sigmoid, write: 22 cycles."""
    tile, ima = isaac.parts["tile"], isaac.parts["tile.ima"]
    result_bits = 32 * isaac.header.precision.activations  # the paper's layer has 32 outputs
    once = [
        tile.child("buffer").spec.read(256 * 16).portion_ps,
        ima.child("adc").spec.convert(128, 1).portion_ps,
        ima.child("shift_add").spec.combine(128).portion_ps,
        ima.child("output_register").spec.write(result_bits).portion_ps,
        tile.child("sigmoid").spec.compute(32).portion_ps,
        tile.child("buffer").spec.write(result_bits).portion_ps,
    ]
    cycle_ps = tile.spec.cycle_ps
    assert all(0 < step_ps <= cycle_ps for step_ps in once)
    # The column results are latched at the end of the crossbar's own cycle.
    assert ima.child("sample_hold").spec.hold(128).portion_ps == 0
    reads = ima.child("dac").spec.slices(isaac.header.precision.activations)
    assert len(once) * cycle_ps + reads * cycle_ps == 22 * cycle_ps == 2_200_000


@pytest.mark.parametrize(TABLE_III, POINTS["isaac_table_iii"]["rows"])
def test_isaac_buffer_formula_is_what_a_window_keeps(maps, kernel, side, whole_kb, pipelined_kb):
    """Sec. IV: (Nx (Ky - 1) + Kx) Nif values wait at most; Table III rounds that up to whole rows."""
    out = side - kernel + 1
    window = Window((side, side), (out, out), (kernel, kernel))
    waiting = window.last_needed(out * out) - window.first_needed(out * out) + 1
    least = side * (kernel - 1) + kernel
    assert waiting[0] == least
    assert waiting.max() * maps / 1024 <= pipelined_kb * 1.025


def test_isaac_board_is_sixteen_of_the_same_chip(isaac):
    board = load_chip("isaac-board")
    assert board.totals["die.tile"] == 16 * isaac.parts["tile"].count
    for of in (of_power_uw, of_area_um2):
        assert of(board, board.parts["die.tile"]) == of(isaac, isaac.parts["tile"])


def test_isaac_link_energy_is_its_power_at_full_use(isaac):
    board = load_chip("isaac-board")
    link = board.root.connect[0].channel
    both_ways = 2 * link.width_bits * link.clock_hz
    assert link.width_bits * link.clock_hz == 6.4e9 * 8
    assert link.energy_pj_per_bit * both_ways * 1e-12 == pytest.approx(10.4 / 4)
    router = isaac.root.connect[0].router
    assert router.energy_pj_per_bit * 8 * 32 * 1e9 * 1e-9 == pytest.approx(router.active_power_uw / 1e3)


# --- PUMA -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def puma():
    return load_chip("puma")


def test_puma_product_is_eighteen_steps_of_a_hundred_and_twenty_eight_conversions(puma):
    """16 bits through crossbar, ADC and shift-and-add; each step takes what 128 conversions take."""
    mvmu = puma.parts["tile.core.mvmu"]
    array, dac, adc, shift_add = (mvmu.child(name).spec for name in ("array", "dac", "adc", "shift_add"))
    steps_ps = [
        array.read(dac.drive(128).portion_ps, 0).portion_ps,
        adc.convert(array.columns, adc.count).portion_ps,
        shift_add.combine(array.columns).portion_ps,
    ]
    assert steps_ps == [128_000] * 3
    assert (dac.slices(16) + len(steps_ps) - 1) * 128_000 == 2_304_000
    assert (array.weight_rows, array.weight_columns) == (128, 128)


def test_puma_node_is_the_printed_tiles_and_what_is_around_them(puma):
    """From the printed tile the node is exact; from the tile's own rows it inherits their 1.1 and 3.3 %."""
    mesh, io = puma.root.connect[0], puma.parts["io"]
    routers = -(-138 // mesh.concentration)
    around_w = (routers * mesh.router.active_power_uw + io.count * io.spec.active_power_uw) / 1e6
    around_mm2 = (routers * mesh.router.area_um2 + io.count * io.spec.area_um2) / 1e6
    assert around_w == pytest.approx(0.57063 + 10.4)
    assert around_mm2 == pytest.approx(1.622 + 22.88)
    assert 138 * 0.3738 + around_w == pytest.approx(62.5, rel=PERCENT)
    assert 138 * 0.479 + around_mm2 == pytest.approx(90.638, rel=PERCENT)


def test_table_6_counts_both_chips_alike_so_that_their_ratio_is_right():
    """PUMA's Table 6 has both peaks about 5/3 above one product in the time that each paper gives for it. What it
    concludes, PUMA's efficiencies below ISAAC's by 20.7 and 29.2 %, holds for the simulated peaks."""
    isaac, puma = validation_of("isaac"), validation_of("puma")
    too_high = [69.53e12 / simulated(isaac, "peak throughput"), 52.31e12 / simulated(puma, "peak throughput")]
    assert too_high == pytest.approx([1.684, 1.666], rel=0.001)
    less = {
        figure: 1 - simulated(puma, figure) / simulated(isaac, figure)
        for figure in ("energy efficiency", "area efficiency")
    }
    assert less["energy efficiency"] == pytest.approx(0.207, abs=0.01)
    assert less["area efficiency"] == pytest.approx(0.292, abs=0.01)
