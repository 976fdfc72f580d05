"""Settings of another tool, from objects that have its attributes."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import xbarsim as xs
from tests.analog.digits import PERIPHERIES, accuracy, network, pcm
from xbarsim.analog import ArraySize, Converter, Numerics, WireResistance, convert_to_analog
from xbarsim.analog.from_aihwkit import from_aihwkit

Word = SimpleNamespace


class PCMLikeNoiseModel(SimpleNamespace):
    pass


class GlobalDriftCompensation:
    pass


class SinglePairConductanceConverter(SimpleNamespace):
    pass


class ReRamWan2022NoiseModel:
    pass


def config(forward: dict | None = None, mapping: dict | None = None, model: dict | None = None, **others):
    """An inference configuration with the defaults of its version 1.2."""
    io = {
        "is_perfect": False, "mv_type": Word(name="ONE_PASS"), "inp_bound": 1.0, "inp_noise": 0.0, "inp_res": 1 / 126,
        "inp_sto_round": False, "out_bound": 12.0, "out_noise": 0.06, "out_res": 1 / 510, "out_scale": 1.0,
        "bound_management": Word(name="ITERATIVE"), "noise_management": Word(name="ABS_MAX"), "w_noise": 0.0,
        "w_noise_type": Word(name="NONE"), "ir_drop": 0.0, "ir_drop_g_ratio": 571428.57, "max_bm_factor": 1000,
        "max_bm_res": 0.25, "r_series": 0.0,
    }  # fmt: skip
    arrays = {
        "digital_bias": True, "weight_scaling_omega": 0.0, "weight_scaling_columnwise": False,
        "learn_out_scaling": False, "max_input_size": 512, "max_output_size": 512,
    }  # fmt: skip
    cells = {
        "g_max": 25.0, "prog_coeff": [0.26348, 1.9650, -1.1731], "prog_coeff_g_max_reference": 25.0, "t_0": 20.0,
        "t_read": 250e-9, "prog_noise_scale": 1.0, "read_noise_scale": 1.0, "drift_scale": 1.0,
        "g_converter": SinglePairConductanceConverter(g_max=25.0, g_min=0.0),
    }  # fmt: skip
    made = {
        "forward": SimpleNamespace(**{**io, **(forward or {})}),
        "mapping": SimpleNamespace(**{**arrays, **(mapping or {})}),
        "noise_model": PCMLikeNoiseModel(**{**cells, **(model or {})}),
        "drift_compensation": GlobalDriftCompensation(),
    }
    return SimpleNamespace(**{**made, **others})


def test_defaults_are_the_settings_that_the_digits_are_run_with() -> None:
    found = from_aihwkit(config(mapping={"weight_scaling_omega": 1.0}))
    assert found.periphery == PERIPHERIES["default"]
    assert (found.weight_range, found.compensation, found.read_noise) == ("array", "global", "held")
    assert found.hardware == ArraySize(512, 512, "aihwkit's tile")
    assert found.cells.model_dump() == pcm().model_dump()
    assert found.pairs == "net"
    assert found.approximations == (
        "settings for training (backward, update, modifier, clip, remap) are not read",
    )


def test_scaled_noise_and_other_periphery() -> None:
    forward = {
        "inp_res": 254, "out_res": -1, "out_bound": 10.0, "w_noise": 0.0175, "w_noise_type": Word(name="PCM_READ"),
        "ir_drop": 1.0, "bound_management": Word(name="NONE"),
    }  # fmt: skip
    scales = {"prog_noise_scale": 3.0, "read_noise_scale": 3.0, "drift_scale": 0.5}
    found = from_aihwkit(config(forward, model=scales, drift_compensation=None))
    assert found.periphery.input == Converter(1.0, 1 / 254)
    assert found.periphery.output == Converter(10.0)
    assert (found.periphery.weight_noise, found.periphery.weight_noise_kind) == (0.0175, "read")
    assert found.periphery.wires == WireResistance(1.0, 571428.57)
    assert found.compensation == "none"
    assert found.cells.programming_usiemens_by_level == pytest.approx((0.79044, 5.895, -3.5193))
    assert (found.cells.read_noise.factor, found.cells.drift_mean.most) == pytest.approx((0.0264, 0.05))


def test_it_runs_on_the_blocks_of_a_chip_and_says_so() -> None:
    settings = from_aihwkit(config(), xs.load_chip("hermes64"))
    assert settings.approximations[1] == (
        "matrices are cut into the blocks of IBM HERMES 64-core, not into mapping.max_input_size x max_output_size "
        "= 512 x 512"
    )
    analog = convert_to_analog(network(0, "hwa"), settings)
    analog.program_analog_weights()
    analog.drift_analog_weights(3600)
    assert accuracy(analog) > 0.95


def test_arrays_without_pairs_say_how_their_cells_differ() -> None:
    settings = from_aihwkit(config(), xs.load_chip("isaac"))
    assert settings.pairs == "apart"
    assert settings.approximations[0].startswith("cells drift as they were programmed; aihwkit has pairs")


def test_a_perfect_forward_pass_without_cells_is_the_network() -> None:
    found = from_aihwkit(config({"is_perfect": True}, noise_model=None, drift_compensation=None))
    assert found == Numerics(
        found.hardware, pairs="net", read_noise="held", approximations=found.approximations
    )


def test_everything_that_is_not_supported_is_named_at_once() -> None:
    forward = {
        "inp_noise": 0.1, "r_series": 0.2, "noise_management": Word(name="AVERAGE_ABS_MAX"), "ir_drop_rs": 0.15,
        "mv_type": Word(name="SPLIT_MODE"),
    }  # fmt: skip
    wrong = config(
        forward,
        {"digital_bias": False, "weight_scaling_omega": 0.6},
        noise_model=ReRamWan2022NoiseModel(),
        drift_compensation=PCMLikeNoiseModel(),
        pre_post=SimpleNamespace(input_range=SimpleNamespace(enable=True)),
        modifier=SimpleNamespace(enable_during_test=True),
    )
    with pytest.raises(ValueError) as caught:
        from_aihwkit(wrong)
    assert str(caught.value).splitlines() == [
        "forward.mv_type is SPLIT_MODE; allowed: ONE_PASS, IDEAL",
        "forward.inp_noise is 0.1; not modelled here; allowed: 0.0",
        "forward.r_series is 0.2; not modelled here; allowed: 0.0",
        "forward.ir_drop_rs: unknown setting; allowed: leave it away",
        "forward.noise_management is AVERAGE_ABS_MAX; allowed: NONE, ABS_MAX",
        "noise_model is ReRamWan2022NoiseModel; allowed: PCMLikeNoiseModel or None",
        "drift_compensation is PCMLikeNoiseModel; allowed: GlobalDriftCompensation, PerColumnDriftCompensation or None",
        "mapping.digital_bias is False; not modelled here; allowed: True",
        "mapping.weight_scaling_omega is 0.6; allowed: 0.0, 1.0",
        "pre_post.input_range.enable is True; not modelled here; allowed: False",
        "modifier.enable_during_test is True; not modelled here; allowed: False",
    ]


def test_a_configuration_for_training_is_none_for_inference() -> None:
    text = "SimpleNamespace.noise_model: missing; allowed: an inference configuration"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        from_aihwkit(SimpleNamespace(device=None))
