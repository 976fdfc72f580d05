"""Settings from a configuration of the IBM Analog Hardware Acceleration Kit (aihwkit), which is not imported.

Any object with its attributes will do. What cannot be done here is an error that names it, all at once; what is done
otherwise stands in `Numerics.approximations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from xbarsim.analog.periphery import IDEAL, Converter, Periphery, WireResistance
from xbarsim.analog.settings import ArraySize, Compensation, Numerics, WeightRange
from xbarsim.devices.load import load_technology
from xbarsim.devices.pcm import Pcm
from xbarsim.devices.technology import Technology
from xbarsim.spec.chip import Chip

# What must be as it is without the effect, because the effect is not modelled here.
_FORWARD = {
    "inp_noise": 0.0, "inp_sto_round": False, "inp_asymmetry": 0.0, "out_noise_std": 0.0, "out_sto_round": False,
    "out_scale": 1.0, "out_asymmetry": 0.0, "out_nonlinearity": 0.0, "v_offset_std": 0.0, "r_series": 0.0,
    "w_read_asymmetry_dtod": 0.0, "nm_thres": 0.0, "bm_test_negative_bound": True,
}  # fmt: skip
# What says more about an effect above, or nothing about products.
_OF_THESE = {
    "bindings_class", "bindings_module", "bindings_ignore", "mv_type", "is_perfect", "inp_bound", "inp_res",
    "out_bound", "out_res", "out_noise", "bound_management", "noise_management", "w_noise", "w_noise_type", "ir_drop",
    "ir_drop_g_ratio", "max_bm_factor", "max_bm_res", "out_nonlinearity_std", "slope_calibration", "v_offset_w_min",
}  # fmt: skip
_NOISE_MANAGEMENT = {"NONE": "none", "ABS_MAX": "abs_max"}
_BOUND_MANAGEMENT = {"NONE": "none", "ITERATIVE": "iterative"}
_WEIGHT_NOISE = {"NONE": None, "ADDITIVE_CONSTANT": "constant", "PCM_READ": "read"}
_COMPENSATION: dict[str, Compensation] = {
    "NoneType": "none", "GlobalDriftCompensation": "global", "PerColumnDriftCompensation": "column",
}  # fmt: skip
_PAIRS = (
    "cells drift as they were programmed; aihwkit has pairs of cells, and splits their difference anew after "
    "programming, so that one of them is empty"
)
_TRAINING = "settings for training (backward, update, modifier, clip, remap) are not read"


@dataclass
class _Reader:
    """Reads attributes, and collects what cannot be done."""

    problems: list[str] = field(default_factory=list)

    def neutral(self, of: Any, name: str, neutral: dict[str, Any]) -> None:
        for key, value in neutral.items():
            found = getattr(of, key, value)
            if found != value:
                self.problems.append(f"{name}.{key} is {found!r}; not modelled here; allowed: {value!r}")

    def unknown(self, of: Any, name: str, known: set[str]) -> None:
        for key in sorted(set(vars(of)) - known):
            if not key.startswith("_"):
                self.problems.append(f"{name}.{key}: unknown setting; allowed: leave it away")

    def choice(self, of: Any, key: str, name: str, choices: dict[str, Any]) -> Any:
        """What one of a few words means; words may be members of an enumeration."""
        found = getattr(of, key, None)
        word = getattr(found, "name", None) or str(found or "NONE")
        if word not in choices:
            self.problems.append(f"{name}.{key} is {word}; allowed: {', '.join(choices)}")
        return choices.get(word)


def from_aihwkit(rpu_config: Any, hardware: Chip | ArraySize | None = None) -> Numerics:
    """The settings of an inference configuration.

    hardware: whose blocks are taken; plain arrays of mapping.max_input_size and max_output_size if None.
    Pairs of cells are what they are there (`Numerics.pairs` = "net"); `dataclasses.replace` them by "apart" for cells
    that drift on their own.
    Raises: ValueError that names every setting which is not supported.
    """
    read = _Reader()
    if not hasattr(rpu_config, "noise_model"):
        raise ValueError(
            f"{type(rpu_config).__name__}.noise_model: missing; allowed: an inference configuration"
        )
    periphery = _periphery(rpu_config.forward, read)
    cells = _cells(rpu_config.noise_model, read)
    compensation = type(getattr(rpu_config, "drift_compensation", None)).__name__
    if compensation not in _COMPENSATION:
        allowed = ", ".join(name for name in _COMPENSATION if name != "NoneType")
        read.problems.append(f"drift_compensation is {compensation}; allowed: {allowed} or None")
    arrays, weight_range = _mapping(rpu_config.mapping, read)
    _others(rpu_config, read)
    if read.problems:
        raise ValueError("\n".join(read.problems))
    made = Numerics(
        hardware or arrays,
        cells,
        periphery=periphery,
        weight_range=weight_range,
        compensation=_COMPENSATION[compensation],
        read_noise="held",
        approximations=(_TRAINING, *_other_blocks(hardware, arrays)),
    )
    if made.in_pairs:
        return replace(made, pairs="net")
    return replace(made, approximations=(_PAIRS, *made.approximations))


def _other_blocks(hardware: Chip | ArraySize | None, arrays: ArraySize) -> tuple[str, ...]:
    if hardware is None or hardware == arrays:
        return ()
    return (
        f"matrices are cut into the blocks of {hardware.name}, not into mapping.max_input_size x max_output_size "
        f"= {arrays.inputs} x {arrays.outputs}",
    )


def _periphery(forward: Any, read: _Reader) -> Periphery:
    if forward.is_perfect or getattr(getattr(forward, "mv_type", None), "name", "ONE_PASS") == "IDEAL":
        return IDEAL
    if hasattr(forward, "mv_type"):  # not yet in early versions
        read.choice(forward, "mv_type", "forward", {"ONE_PASS": None, "IDEAL": None})
    read.neutral(forward, "forward", _FORWARD)
    read.unknown(forward, "forward", _OF_THESE | set(_FORWARD))
    noise_kind = read.choice(forward, "w_noise_type", "forward", _WEIGHT_NOISE)
    return Periphery(
        input=_converter(forward.inp_bound, forward.inp_res),
        output=_converter(forward.out_bound, forward.out_res),
        noise_management=read.choice(forward, "noise_management", "forward", _NOISE_MANAGEMENT),
        bound_management=read.choice(forward, "bound_management", "forward", _BOUND_MANAGEMENT),
        largest_reduction=forward.max_bm_factor,
        coarsest_resolution=forward.max_bm_res,
        output_noise=forward.out_noise,
        weight_noise=forward.w_noise if noise_kind else 0.0,
        weight_noise_kind=noise_kind or "constant",
        wires=WireResistance(forward.ir_drop, forward.ir_drop_g_ratio) if forward.ir_drop else None,
    )


def _converter(bound: float, resolution: float) -> Converter:
    """Its resolution is a step, or above 1 a number of steps; nothing below 0 has steps or bounds."""
    if not 0 < bound < float("inf"):
        return Converter()
    return Converter(bound, None if resolution <= 0 else 1 / resolution if resolution > 1 else resolution)


def _cells(model: Any, read: _Reader) -> Technology | None:
    """Phase-change memory with the coefficients of the noise model."""
    if model is None:
        return None
    if type(model).__name__ != "PCMLikeNoiseModel":
        read.problems.append(f"noise_model is {type(model).__name__}; allowed: PCMLikeNoiseModel or None")
        return None
    pair = getattr(model, "g_converter", None)
    if pair is not None and type(pair).__name__ != "SinglePairConductanceConverter":
        found = f"noise_model.g_converter is {type(pair).__name__}"
        read.problems.append(f"{found}; allowed: SinglePairConductanceConverter")
        return None
    return load_technology("pcm", _overrides(model, getattr(pair, "g_min", 0.0) or 0.0))


def _overrides(model: Any, smallest: float) -> tuple[str, ...]:
    shipped = load_technology("pcm")
    assert isinstance(shipped, Pcm)
    noise, drift, read = model.prog_noise_scale, model.drift_scale, model.read_noise_scale
    made = [f"programming_usiemens_by_level={[noise * value for value in model.prog_coeff]}"]
    for curve in ("drift_mean", "drift_spread"):
        values = {
            key: drift * getattr(getattr(shipped, curve), key) for key in ("slope", "offset", "least", "most")
        }
        made += [f"{curve}.{key}={value}" for key, value in values.items()]
    made += [f"read_noise.{key}={read * getattr(shipped.read_noise, key)}" for key in ("factor", "most")]
    lowest = [f"lowest={smallest} uS"] if smallest else []
    return (
        *lowest,
        *made,
        f"highest={model.g_max} uS",
        f"programming_fitted_at={model.prog_coeff_g_max_reference} uS",
        f"drift_from={model.t_0} s",
        f"read_time={model.t_read} s",
    )


def _mapping(mapping: Any, read: _Reader) -> tuple[ArraySize, WeightRange]:
    read.neutral(mapping, "mapping", {"digital_bias": True, "learn_out_scaling": False})
    omega = mapping.weight_scaling_omega
    if omega not in (0, 1):
        read.problems.append(f"mapping.weight_scaling_omega is {omega!r}; allowed: 0.0, 1.0")
    by_column: WeightRange = "column" if mapping.weight_scaling_columnwise else "array"
    endless = 2**31
    arrays = ArraySize(
        mapping.max_input_size or endless, mapping.max_output_size or endless, "aihwkit's tile"
    )
    return arrays, by_column if omega else "given"


def _others(rpu_config: Any, read: _Reader) -> None:
    input_range = getattr(getattr(rpu_config, "pre_post", None), "input_range", None)
    read.neutral(input_range, "pre_post.input_range", {"enable": False})
    read.neutral(getattr(rpu_config, "modifier", None), "modifier", {"enable_during_test": False})
