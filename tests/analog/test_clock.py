"""One clock: ages since writing, by block; random numbers by place."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

import xbarsim as xs
from tests.analog.digits import images_and_labels, network, pcm
from xbarsim.analog import AnalogNetwork, ArraySize, Converter, Numerics, Periphery, convert_to_analog
from xbarsim.devices.load import load_technology

QUIET = (
    "programming_usiemens_by_level=[0]",
    "read_noise.factor=0",
    "drift_spread={offset: 0, least: 0, most: 0}",
)


def analog(cells=None, size: int = 64, **settings) -> AnalogNetwork:
    made = convert_to_analog(
        network(0, "float"), Numerics(ArraySize(size, size), cells or pcm(), **settings), seed=7
    )
    made.program_analog_weights()
    return made


def test_drift_says_how_old_the_weights_are_and_does_not_add_up() -> None:
    made = analog()
    made.drift_analog_weights(300)
    once = made.layer("2").weights()
    made.drift_analog_weights(300)
    assert (made.layer("2").weights() == once).all()
    made.wait(300)
    assert (made.now_s, made.ages_s()["2.block[0]"]) == (600, 600)
    assert abs(made.layer("2").weights()).sum() < abs(once).sum()


def test_only_what_is_rewritten_becomes_young() -> None:
    made = analog(size=32)
    made.drift_analog_weights(3600)
    old = {layer.path: layer.weights() for layer in made.layers()}
    made.rewrite("2", [1, 3])
    assert [made.ages_s()[f"2.block[{n}]"] for n in range(4)] == [3600, 0, 3600, 0]
    changed = made.layer("2").weights() != old["2"]
    # A pair whose cells both landed at zero may do so again.
    assert changed[:, 32:].mean() > 0.99 and not changed[:, :32].any()
    assert (made.layer("0").weights() == old["0"]).all()


def test_without_noise_rewriting_brings_everything_back() -> None:
    """Drift alone, of one exponent for all: accuracy and weights are those of age 0 again."""
    images, _ = images_and_labels()
    made = analog(load_technology("pcm", QUIET))
    fresh, weights = made(images), made.layer("4").weights()
    made.drift_analog_weights(3.15e7)
    assert abs(made.layer("4").weights()).max() < 0.6 * abs(weights).max()
    for path in ("0", "2", "4"):
        made.rewrite(path)
    assert (made.layer("4").weights() == weights).all()
    assert torch.equal(made(images), fresh)


@pytest.mark.parametrize("compensation", ["global", "column"])
def test_compensation_takes_back_what_all_cells_lost_alike(compensation: str) -> None:
    """Cells of one exponent: compensated products are those of age 0."""
    same = (*QUIET, "drift_mean={offset: 0.05, least: 0.05, most: 0.05}")
    images, _ = images_and_labels()
    made = analog(load_technology("pcm", same), compensation=compensation)
    fresh = made(images)
    made.drift_analog_weights(86_400)
    assert made(images) == pytest.approx(fresh, abs=1e-4)
    factor = (86_420 / 20) ** 0.05
    assert made.layer("0").blocks[0].compensation.mean().item() == pytest.approx(factor, rel=1e-5)


@pytest.mark.parametrize("converters", [Periphery(), Periphery(output=Converter(1e3, 1e-12))])
def test_column_compensation_takes_back_what_each_output_lost(converters: Periphery) -> None:
    """Exponents nu_j of each output's cells: factor_j = (t / 20 s)^nu_j, exactly; one factor for all is their mean answer.

    Closed form of the global factor: sum_j s_j / sum_j s_j f_j, s_j what output j answered before, f_j = 1 / factor_j.
    """
    images, age_s = torch.rand(5, 64), 86_400.0
    exponents = np.linspace(0.02, 0.1, 64)
    factors = ((age_s + 20) / 20) ** exponents
    made = {}
    for compensation in ("column", "global"):
        linear = nn.Linear(64, 64, dtype=torch.float64)
        linear.load_state_dict(network(0, "float")[0].state_dict())
        settings = Numerics(
            ArraySize(64, 64),
            load_technology("pcm", QUIET),
            periphery=converters,
            compensation=compensation,
            weight_range="array",
        )
        made[compensation] = convert_to_analog(linear, settings)
        made[compensation].program_analog_weights()
        block = made[compensation].layer("network").blocks[0]
        fresh, sizes = block.product(images.double()), np.abs(block.weights()[0]).sum(axis=1)
        same = np.broadcast_to(exponents[:, None], block.state.shape)
        block.state = block._standing = replace(block.state, drift=same)
        made[compensation].drift_analog_weights(age_s)
        block.expected = fresh if compensation == "column" else fresh / torch.as_tensor(factors)
    column, one = (made[name].layer("network").blocks[0] for name in ("column", "global"))
    assert column.compensation.numpy() == pytest.approx(factors, rel=1e-5)
    assert column.product(images.double()) == pytest.approx(column.expected, abs=1e-4)
    assert one.compensation.item() == pytest.approx(sizes.sum() / (sizes / factors).sum(), rel=1e-5)
    assert one.product(images.double()) == pytest.approx(one.expected * one.compensation, abs=1e-4)


def test_noise_is_new_in_each_product_or_held_until_the_next_age() -> None:
    images, _ = images_and_labels()
    made, held = analog(), analog(read_noise="held")
    assert not torch.equal(made(images), made(images))
    assert torch.equal(held(images), held(images))
    results = [held(images)]
    for _ in range(2):
        held.wait(0)
        results.append(held(images))
    assert not any(torch.equal(a, b) for a, b in pairwise(results))


@pytest.mark.parametrize("hardware", [ArraySize(64, 8), "tutorial"])
@pytest.mark.parametrize(
    "periphery", [Periphery(), Periphery(output=Converter(1e3, 1e-7), noise_management="abs_max")]
)
@pytest.mark.parametrize("groups", [1, 4])
def test_both_kinds_of_read_noise_are_equally_large(hardware, periphery: Periphery, groups: int) -> None:
    """One network at an age, 400 images with noise anew each, against 400 reads of it with noise once. On pairs of
    cells, on four slices around an offset, on groups packed on a diagonal; slices together and converted one by one."""
    torch.manual_seed(0)
    chip = xs.load_chip(hardware) if isinstance(hardware, str) else hardware
    layer, image = nn.Conv1d(32, 8, 2, groups=groups, bias=False), torch.rand(1, 32, 2)
    anew = convert_to_analog(layer, Numerics(chip, pcm(), periphery=periphery))
    held = convert_to_analog(layer, Numerics(chip, pcm(), periphery=periphery, read_noise="held"))
    for made in (anew, held):
        made.program_analog_weights()
        made.drift_analog_weights(3600)
    first, second = anew(image.repeat(400, 1, 1)), []
    for _ in range(400):
        held.wait(0)
        second.append(held(image))
    spread, other = first.std(dim=0), torch.cat(second).std(dim=0)
    assert other == pytest.approx(spread, rel=0.15)
    error = 5 * spread.max().item() / 400**0.5
    assert torch.cat(second).mean(dim=0) == pytest.approx(first.mean(dim=0), abs=error)


def test_same_seed_same_bytes_and_more_layers_leave_the_others_alone() -> None:
    images, _ = images_and_labels()
    settings = Numerics(ArraySize(64, 64), pcm())
    small = network(0, "float")
    larger = nn.Sequential(*small, nn.ReLU(), nn.Linear(10, 5))
    made = [convert_to_analog(net, settings, seed=3) for net in (small, small, larger)]
    for each in made:
        each.program_analog_weights()
        each.drift_analog_weights(100)
    assert torch.equal(made[0](images), made[1](images))
    for path in ("0", "2", "4"):
        assert (made[0].layer(path).weights() == made[2].layer(path).weights()).all()
    assert not (made[0].layer("0").weights() == analog().layer("0").weights()).all()


@pytest.mark.parametrize("read_noise", ["held", "each product"])
def test_more_tiles_leave_the_others_alone(read_noise: str) -> None:
    """The layer grows by another column of blocks: those before it hold, and answer, what they did."""
    torch.manual_seed(0)
    settings = Numerics(ArraySize(40, 16), pcm(), compensation="column", read_noise=read_noise)
    small, large, inputs = nn.Linear(80, 32), nn.Linear(80, 48), torch.rand(6, 80)
    large.weight.data[:32], large.bias.data[:32] = small.weight.data, small.bias.data
    made = [convert_to_analog(layer, settings, seed=3) for layer in (small, large)]
    for each in made:
        each.program_analog_weights()
        each.drift_analog_weights(100)
        each.rewrite("network", [1])
    assert [len(each.layer("network").blocks) for each in made] == [4, 6]
    assert (made[0].layer("network").weights() == made[1].layer("network").weights()[:32]).all()
    assert torch.equal(made[0](inputs), made[1](inputs)[:, :32])


def unprogrammed() -> AnalogNetwork:
    return convert_to_analog(network(0, "float"), Numerics(ArraySize(64, 64)))


def rewritten_then_back() -> None:
    made = analog()
    made.wait(300)
    made.rewrite("4")
    made.drift_analog_weights(200)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: unprogrammed().drift_analog_weights(1),
            "the weights are not in cells yet; call program_analog_weights() first",
        ),
        (
            lambda: analog().drift_analog_weights(-1.0),
            "t_inference is -1.0; allowed: seconds from 0, after all weights were written",
        ),
        (lambda: analog().wait(-1), "seconds is -1; allowed: from 0"),
        (rewritten_then_back, "4.block[0] was written at 300 s; the clock cannot go back to 200 s"),
        (lambda: analog().rewrite("1"), "no layer '1' on arrays; there are: 0, 2, 4"),
        (lambda: ArraySize(0, 4), "ArraySize.inputs is 0; allowed: a whole number from 1"),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()


def test_settings_are_asked_for() -> None:
    with pytest.raises(
        TypeError, match=r"^numerics is a str; give xbarsim.analog.Numerics\(chip or ArraySize\)$"
    ):
        convert_to_analog(nn.Linear(2, 2), "hermes64")
