"""The self-correction loop, in the two ways it can be done; facts of the published programme and of its model."""

from __future__ import annotations

import re
from dataclasses import replace
from math import inf, pi, sqrt

import numpy as np
import pytest
import torch
from torch import nn

from tests.analog.digits import accuracy, network, pcm
from tests.analog.test_weight_level import DAY, MONTH, YEAR, laplace, relative_error, stored
from xbarsim.analog import AnalogNetwork, ArraySize, Numerics, convert_to_analog
from xbarsim.analog.codebook import preset
from xbarsim.analog.self_correction import (
    MODES,
    Monitor,
    advance,
    correct,
    published,
    published_loop,
    refresh_cost,
)
from xbarsim.devices.load import load_technology

ARRAY = ArraySize(512, 512)
QUIET_READS = load_technology("pcm", ("read_noise.factor=0",))
SILENT = load_technology("pcm", ("read_noise.factor=0", "programming_usiemens_by_level=[0]"))
PLAIN = Numerics(ARRAY, pcm(), codebook=preset(), read_noise="held")


def published_network() -> nn.Module:
    """The published classifier of MNIST; weights as they come."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(3, 3, 1), nn.Conv2d(8, 12, 3), nn.ReLU(),
        nn.MaxPool2d(2, 2, 1), nn.Flatten(), nn.Linear(192, 10),
    )  # fmt: skip


def analog(numerics: Numerics, seed: int = 0, net: nn.Module | None = None) -> AnalogNetwork:
    made = convert_to_analog(net or network(0, "float"), numerics, seed)
    made.program_analog_weights()
    return made


def all_weights(made: AnalogNetwork) -> list[np.ndarray]:
    return [layer.weights() for layer in made.layers()]


def equal(ones: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(ones, others, strict=True))


# --- as the published programme does it --------------------------------------------------------


def test_repo_faithful_steps_do_not_add_up() -> None:
    """Without read noise consecutive steps of one length give identical weights."""
    made = analog(replace(published(ARRAY, mode="repo_faithful"), cells=QUIET_READS))
    seen = []
    for _ in range(3):
        advance(made, 300, "repo_faithful")
        seen.append(all_weights(made))
    assert equal(seen[0], seen[1]) and equal(seen[0], seen[2])
    advance(made, 600, "repo_faithful")
    assert not equal(seen[0], all_weights(made))


def test_a_repo_faithful_rewrite_is_exact_and_forgotten_at_the_next_step() -> None:
    settings = replace(published(ARRAY, mode="repo_faithful"), cells=QUIET_READS)
    corrected, left_alone = analog(settings), analog(settings)
    monitor = Monitor(corrected)
    for made in (corrected, left_alone):
        advance(made, 300, "repo_faithful")
    alpha = corrected.layer("2").blocks[0].compensation.clone()
    done = correct(corrected, monitor, "repo_faithful", threshold=0.0)
    assert done.rewritten == ("0", "2", "4")
    for layer in corrected.layers():
        block = layer.blocks[0]
        assert layer.weights() == pytest.approx(preset().decode(block.codes)[0], abs=1e-12)
        assert (block.writes, corrected.ages_s()[block.path]) == (1, 300)
    assert torch.equal(corrected.layer("2").blocks[0].compensation, alpha) and alpha.item() > 1.1
    for made in (corrected, left_alone):
        advance(made, 300, "repo_faithful")
    assert equal(all_weights(corrected), all_weights(left_alone))


def test_repo_faithful_pairs_hold_the_net_weight_in_one_cell() -> None:
    made = analog(published(ARRAY, mode="repo_faithful"))
    for layer in made.layers():
        block = layer.blocks[0]
        assert not (block.digits[:, 0] * block.digits[:, 1]).any()
        assert block.digits.max() == 1.0
        assert not (block._read[:, 0] * block._read[:, 1]).any()
    physical = analog(published(ARRAY)).layer("2").blocks[0]
    assert (physical.digits[0, 0] * physical.digits[0, 1] > 0).mean() > 0.5


# --- as hardware does it -----------------------------------------------------------------------


def test_physical_rewrites_draw_noise_and_drift_anew_for_what_they_rewrite() -> None:
    made = analog(replace(PLAIN, compensation="global"))
    monitor = Monitor(made)
    made.wait(3600)
    before = {layer.path: layer.blocks[0].state for layer in made.layers()}
    distances = monitor.distances(made)
    limit = sorted(distances.values())[1]  # one of three layers is further
    done = correct(made, monitor, "physical", threshold=limit)
    assert len(done.rewritten) == 1
    for layer in made.layers():
        block, old = layer.blocks[0], before[layer.path]
        again = layer.path in done.rewritten
        assert made.ages_s()[block.path] == (0 if again else 3600)
        assert block.writes == (2 if again else 1)
        assert (block.compensation is None) == again
        for name in ("programmed_usiemens", "drift"):
            changed = getattr(block.state, name) != getattr(old, name)
            assert changed.mean() > 0.9 if again else not changed.any()


def test_without_noise_a_physical_rewrite_restores_weights_and_accuracy() -> None:
    made = analog(Numerics(ARRAY, SILENT, codebook=preset()))
    monitor, weights, right = Monitor(made), all_weights(made), accuracy(made)
    made.wait(YEAR)
    assert not equal(weights, all_weights(made)) and accuracy(made) < right
    assert correct(made, monitor, threshold=0.0).rewritten == ("0", "2", "4")
    assert equal(weights, all_weights(made)) and accuracy(made) == right


# --- the monitor -------------------------------------------------------------------------------


def test_without_drift_the_distance_is_the_floor_of_the_read_noise() -> None:
    """One read of standard deviation sqrt(0.06² + 0.02²) leaves 0.0714 on average, above the threshold of 0.05."""
    made = analog(replace(published(ARRAY), cells=None, compensation="none"))
    distances = [Monitor(made).distances(made)["0"] for _ in range(20)]
    assert np.mean(distances) == pytest.approx(0.0714, rel=0.02)
    floor = Monitor(made).floor(made)
    assert floor["0"] == pytest.approx(sqrt(2) * sqrt(0.06**2 + 0.02**2) * sqrt(2 / pi), rel=1e-6)
    assert floor["0"] > published_loop().threshold


@pytest.mark.parametrize("read_noise", ["held", "each product"])
@pytest.mark.parametrize("size", [ARRAY, ArraySize(24, 10)])
@pytest.mark.parametrize("mode", MODES)
def test_the_floor_counts_the_cells_too(read_noise: str, size: ArraySize, mode: str) -> None:
    """At one age and one compensation; held noise is new at each setting of the age. In whole arrays and in blocks."""
    made = analog(
        replace(published(size, mode=mode), read_noise=read_noise, compensation="none"),
        net=nn.Sequential(nn.Conv2d(4, 20, 3), nn.Flatten(), nn.Linear(80, 30)),
    )
    made.wait(3600)
    found, floors = [], []
    for _ in range(40):
        monitor = Monitor(made)
        made.wait(0)
        found.append(list(monitor.distances(made).values()))
        floors.append(list(monitor.floor(made).values()))
    assert np.mean(found, axis=0) == pytest.approx(np.mean(floors, axis=0), rel=0.04)


def test_probes_are_the_identity_or_one_patch_with_ones_on_its_diagonal() -> None:
    made = convert_to_analog(published_network(), Numerics(ARRAY))
    probes = {layer.path: layer.probe() for layer in made.layers()}
    assert torch.equal(probes["7"], torch.eye(192))
    assert probes["0"].nonzero().tolist() == [[0, 0]]  # one tap
    assert probes["3"].nonzero()[:, 1].tolist() == [0, 9 + 4, 18 + 8]  # three
    patch = probes["3"].reshape(1, 8, 3, 3)
    expected = made.layer("3").multiply(probes["3"])
    assert torch.allclose(made.layer("3")(patch).flatten(), expected.flatten(), atol=1e-7)


def test_a_silent_monitor_never_fires_and_one_without_threshold_always() -> None:
    made = analog(Numerics(ARRAY, SILENT, codebook=preset()))
    monitor = Monitor(made)
    assert monitor.distances(made) == {"0": 0.0, "2": 0.0, "4": 0.0} == monitor.floor(made)
    assert correct(made, monitor).rewritten == ()
    noisy = analog(published(ARRAY))
    for mode in MODES:
        monitor = Monitor(noisy)
        for _ in range(3):
            advance(noisy, 300, mode)
            assert correct(noisy, monitor, mode, threshold=inf).rewritten == ()
            assert correct(noisy, monitor, mode, threshold=0.0).rewritten == ("0", "2", "4")


def test_a_baseline_taken_before_programming_counts_programming_errors() -> None:
    settings = replace(PLAIN, cells=QUIET_READS)
    made = convert_to_analog(network(0, "float"), settings)
    ideal = Monitor(made)
    made.program_analog_weights()
    assert min(ideal.distances(made).values()) > 0.01
    ideal.remember(made)
    assert max(ideal.distances(made).values()) == 0.0


# --- how large errors are ----------------------------------------------------------------------

AGES_S = (300.0, 3600.0, 6000.0, DAY, MONTH, YEAR)


def errors(seed: int, compensation: str) -> list[float]:
    weights = laplace(seed)
    made = stored(weights, seed, compensation=compensation, codebook=preset())
    found = []
    for age_s in AGES_S:
        made.drift_analog_weights(age_s)
        found.append(relative_error(made, weights))
    return found


def errors_rewritten(seed: int, period_s: float) -> list[float]:
    """At the end of a period, all periods before it gone by with a rewrite at the end of each."""
    weights = laplace(seed)
    made = stored(weights, seed, codebook=preset())
    found = []
    for end_s in AGES_S:
        last_s = end_s - period_s
        rewrites = round((last_s - made.now_s) / period_s)
        if rewrites > 0:
            made.wait(last_s - made.now_s)
            made.rewrite("network", times=rewrites)
        made.wait(end_s - made.now_s)
        assert set(made.ages_s().values()) == {period_s}
        found.append(relative_error(made, weights))
    return found


def test_compensation_and_rewriting_beat_drift_and_rewriting_keeps_it_flat() -> None:
    """Means of 12 seeds, from one hour on; rewritten errors change by less than 3 % between 300 s and a year."""
    alone, compensated = (np.mean([errors(s, how) for s in range(12)], axis=0) for how in ("none", "global"))
    rewritten = np.mean([errors_rewritten(s, 300.0) for s in range(12)], axis=0)
    assert (alone[1:] > compensated[1:]).all() and (alone[1:] > rewritten[1:]).all()
    assert (np.diff(alone) > 0).all()
    assert rewritten.max() / rewritten.min() < 1.03


# --- what it costs -----------------------------------------------------------------------------


def test_cost_of_correcting_the_published_network_every_300_s() -> None:
    """105,120 rewrites a year; 9.5 to 951 years at an endurance of 1e6 to 1e8; 2,856 bytes of codes."""
    for endurance, years in ((1e6, 9.5), (1e8, 951.0)):
        cells = load_technology("pcm", (f"endurance={endurance}",))
        made = analog(replace(published(ARRAY), cells=cells), net=published_network())
        cost = refresh_cost(made, published_loop().period_s)
        assert cost.rewrites_a_year == 105_120
        assert cost.years == pytest.approx(years, rel=0.002)
        assert cost.code_memory_bits == 8 * 2856
        codes = [block.codes for layer in made.layers() for block in layer.blocks]
        assert cost.unit_pulses == sum(code.astype(int).sum() for code in codes)
        assert (cost.pulses, cost.energy_pj) == (None, None)  # not published for these cells


def test_cost_where_pulses_and_their_energy_are_known() -> None:
    cells = load_technology("pcm", ("write_pulses=9", "write_energy=10 pJ", "endurance=unknown"))
    cost = refresh_cost(analog(replace(published(ARRAY), cells=cells), net=published_network()), 3600)
    assert cost.pulses == 9 * 2 * 2856 and cost.energy_pj == 10 * cost.pulses
    assert cost.years is None and cost.rewrites_a_year == 8760


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: advance(analog(PLAIN), 300, "faithful"),
            "mode is 'faithful'; allowed: 'repo_faithful', 'physical'",
        ),
        (lambda: refresh_cost(analog(PLAIN), 0), "period_s is 0; allowed: above 0"),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
