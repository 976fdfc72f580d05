"""IBM's 34-tile chip and its speech network on five of them: geometry, fits, and what the residuals come from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

import xbarsim as xs
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.program import Program
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import Result
from xbarsim.spec.load import load_chip
from xbarsim.workload.inline import read_inline

POINTS = yaml.safe_load((Path(__file__).parent.parent / "data" / "published_points.yaml").read_text())
WEIGHTS, STEP_US, POWER_W, TOPS_PER_W, DEVICES, TILES = map(
    np.array, zip(*POINTS["ibm34_chips"]["rows"], strict=True)
)
CHIPS = range(5)
MEASURED = ("mode=speech", "io.bandwidth=included")
EMBEDDING = 28 * 320  # looked up, not multiplied
READ_S = 300e-9
TILES_W = 2 * WEIGHTS[3] / STEP_US[3] / 20.0e6  # of chip 4's tiles at 1.5 V, from 20.0 TOPS/W
FRAMES = np.array([2, 2, 1, 1, 0.86])  # steps of each chip for one stacked frame


def program(chip: int) -> Program:
    return map_network(load_chip("ibm34", ["mode=speech"]), xs.load_workload(f"rnnt_chip{chip + 1}").graph)


@cache
def result(chip: int, *settings: str) -> Result:
    work = xs.load_workload(f"rnnt_chip{chip + 1}")
    return xs.simulate(load_chip("ibm34", [*MEASURED, *settings]), work, Infer(requests=4))


def actions(chip: int, component: str) -> float:
    return sum(row.count for row in result(chip).energy if row.component == component) / 4


# --- geometry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chip", CHIPS)
def test_workloads_have_the_published_weights_in_the_published_tiles(chip: int) -> None:
    laid = program(chip)
    tiles = {segment.tile for copies in laid.copies.values() for copy in copies for segment in copy.segments}
    assert laid.graph.macs == WEIGHTS[chip] - (EMBEDDING if chip == 4 else 0)
    assert len(tiles) == TILES[chip]


@pytest.mark.parametrize("chip", CHIPS)
def test_weights_take_the_published_devices(chip: int) -> None:
    """The real decoder stores 252 rows (embedding and input weights multiplied out, nine times) where the network
    has 320."""
    laid = program(chip)
    pairs = sum(cut.matrix.weights * cut.cells_per_weight for cut in laid.cuts.values())
    folded = (320 - 252) * 1280 * 2 if chip == 4 else 0
    assert 2 * (pairs - folded) == DEVICES[chip]


def test_the_chip_holds_the_published_weights() -> None:
    array = load_chip("ibm34").arrays()[0].spec
    assert 34 * array.weight_rows * array.weight_columns == 17_825_792


@pytest.mark.parametrize("chip", CHIPS)
def test_a_step_is_four_reads_and_the_slots_of_its_vectors(chip: int) -> None:
    """16, 16, 16, 17 and 6 vectors of 512 at six landing pads: three time steps, the decoder one. (Two pairs of
    tiles of chips 1 to 3 are not neighbours on the real chip: 18 vectors, three time steps as well.)"""
    vectors = actions(chip, "tile.adc") / 512
    assert vectors == (16, 16, 16, 17, 6)[chip]
    assert result(chip).throughput.interval_ps == (4 + -(-vectors // 6)) * 300_000
    assert result(chip).throughput.interval_ps == pytest.approx(STEP_US[chip] * 1e6)


@pytest.mark.parametrize(("chip", "vectors", "step_us"), [(1, 32, 3.0), (3, 33, 3.0), (4, 11, 1.8)])
def test_without_sums_over_tile_pairs_there_would_be_more_slots(
    chip: int, vectors: int, step_us: float
) -> None:
    alone = result(chip, "tile.adc.joins=1")
    conversions = sum(row.count for row in alone.energy if row.component == "tile.adc")
    assert conversions / 4 / 512 == vectors
    assert alone.throughput.interval_ps == step_us * 1e6


def test_efficiency_is_weights_over_step_and_power() -> None:
    found = 2 * WEIGHTS / STEP_US / POWER_W / 1e6
    assert found == pytest.approx(TOPS_PER_W, rel=0.005)


# --- power ------------------------------------------------------------------------------------------


def power_w(static_w: np.ndarray | float, read_w: np.ndarray | float) -> np.ndarray:
    """Of all chips: always on, and each tile while it reads."""
    return np.asarray(static_w + read_w * 4 * TILES * READ_S / (STEP_US * 1e-6))


def fit(chips: list[int], with_tiles: bool = False) -> tuple[float, float]:
    """Static power and power of a reading tile, by least squares of the relative errors of these chips, and of
    the power of chip 4's tiles alone (20.0 TOPS/W)."""
    terms = (np.stack([power_w(1, 0), power_w(0, 1)], axis=1) / POWER_W[:, None])[chips]
    if with_tiles:
        terms = np.vstack([terms, [0, power_w(0, 1)[3] / TILES_W]])
    static_w, read_w = np.linalg.lstsq(terms, np.ones(len(terms)), rcond=None)[0]
    return float(static_w), float(read_w)


@pytest.mark.parametrize("chip", CHIPS)
def test_the_run_has_the_power_of_the_formula(chip: int) -> None:
    described = load_chip("ibm34")
    watts = [described.parts["uncore"].spec.idle_power_uw, described.parts["tile.array"].spec.read_power_uw]
    simulated = sum(row.energy_pj for row in result(chip).energy) / result(chip).elapsed_ps
    assert simulated == pytest.approx(power_w(watts[0] / 1e6, watts[1] / 1e6)[chip])


def test_both_parameters_are_the_least_squares_over_five_powers() -> None:
    described = load_chip("ibm34")
    assert fit([*CHIPS]) == pytest.approx(
        (described.parts["uncore"].spec.idle_power_uw / 1e6, described.parts["tile.array"].spec.read_power_uw / 1e6),
        rel=0.002,
    )  # fmt: skip


@pytest.mark.parametrize("chip", CHIPS)
def test_predictions_of_a_chip_from_the_others_use_their_fit(chip: int) -> None:
    """Chips 1 to 4 alone cannot tell tiles from the rest; for chip 5 the tiles' 20.0 TOPS/W stands in its place."""
    others = [other for other in CHIPS if other != chip]
    row = next(
        row
        for row in load_chip("ibm34").header.reported
        if row.figure == f"power of chip {chip + 1} from the others"
    )
    used = [
        float(str(row.set[key]).split()[0]) / 1e3 for key in ("uncore.idle_power", "tile.array.read_power")
    ]
    assert used == pytest.approx(fit(others, with_tiles=chip == 4), rel=0.001)


ELSEWHERE = {  # what the power outside the tiles might go with: amounts of a step, by chip
    "always on": STEP_US,
    "input vectors": np.array([16, 16, 16, 20, 20]),
    "output vectors": np.array([16, 16, 16, 17, 6]),
    "all vectors": np.array([32, 32, 32, 37, 26]),
    "input durations": 4 * np.array([1984, 2048, 2048, 2560, 1600]),
    "tiles at work": TILES * STEP_US,
}


@pytest.mark.parametrize(
    ("what", "tops_per_w"),
    [
        ("always on", 12.35), ("input vectors", 11.39), ("output vectors", 11.56), ("all vectors", 11.47),
        ("input durations", 10.96), ("tiles at work", 11.66),
    ],
)  # fmt: skip
def test_only_power_that_is_always_on_fits_the_published_efficiency_of_all_tiles(
    what: str, tops_per_w: float
) -> None:
    """Chip 4 draws 1.33 W, its tiles 0.824 W (20.0 TOPS/W): the rest is laid on the other chips by each of these
    amounts, and what remains of their powers is the tiles'. Published for all tiles: 12.2 TOPS/W."""
    energy_uj = POWER_W * STEP_US
    elsewhere_uj = (POWER_W[3] - TILES_W) * STEP_US[3] * ELSEWHERE[what] / ELSEWHERE[what][3]
    ops = 2 * (WEIGHTS - np.array([0, 0, 0, 0, EMBEDDING])) @ FRAMES / 1e6
    found = ops / ((energy_uj - elsewhere_uj) @ FRAMES)
    assert found == pytest.approx(tops_per_w, abs=0.005)
    assert (abs(found / 12.2 - 1) < 0.02) == (what == "always on")


def test_integrations_of_different_chips_draw_different_energies() -> None:
    each_nj = (POWER_W - (POWER_W[3] - TILES_W)) * STEP_US * 1e3 / (4 * TILES)
    assert each_nj == pytest.approx([11.9, 11.4, 10.4, 13.1, 10.5], abs=0.06)


def test_decoder_steps_of_a_frame_follow_from_the_efficiency_of_five_chips() -> None:
    once = np.array([2, 2, 1, 1, 0])
    ops, energy_uj = 2 * WEIGHTS / 1e6, POWER_W * STEP_US
    steps = (7.09 * energy_uj @ once - ops @ once) / (ops[4] - 7.09 * energy_uj[4])
    assert steps == pytest.approx(FRAMES[4], abs=0.01)


# --- keyword spotting -------------------------------------------------------------------------------


def test_a_frame_of_keyword_spotting_with_durations_that_pass_from_tile_to_tile() -> None:
    """Without output slots, and with only positive inputs behind the first layer: 4 + 2 + 2 reads of 300 ns."""
    direct = ["mode=balanced", "io.bandwidth=included", "tile.adc.slot=included", "host.lanes=1024"]
    times = [
        infer(load_chip("ibm34", [*direct, *more]), read_inline(text), Infer(1)).latency.alone_ps
        for text, more in (("product 1024x512", []), ("chain 512x512x12 relu", ["tile.array.read_phases=1"]))
    ]
    assert times == [1_200_000, pytest.approx(1_200_000, rel=0.002)]
