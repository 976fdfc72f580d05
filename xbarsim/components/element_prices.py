"""Pricing models of processing elements: what one operation takes, from multipliers, shifters and adders.

The constants stand in architectures/common/processing_elements.yaml with their sources; here are only the formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import yaml

from xbarsim.quantise.elements import Element, element
from xbarsim.shipped import shipped
from xbarsim.spec.component import model
from xbarsim.units import ENERGY, NODE, exact

_PARAMETERS = ("activations", "weights", "inputs", "shifter", "factor", "technology_nm")
_SOURCE = "architectures/common/processing_elements.yaml: Horowitz, ISSCC 2014 (45 nm), scaled by bits"
_VALIDITY = "holds at 45 nm, not scaled; 1 to 16 activation bits, the weight bits of the elements"


@lru_cache(maxsize=1)
def _table() -> Any:
    path = shipped("architectures") / "common" / "processing_elements.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _constant_pj(name: str) -> float:
    return float(exact(_table()["constants"][name]["energy"], ENERGY))


def multiplier_pj(activation_bits: int, weight_bits: int) -> float:
    """a x b partial products of the 64 of an 8-bit multiplier."""
    return _constant_pj("multiplier_8b") * activation_bits * weight_bits / 64


def adder_pj(bits: int) -> float:
    return _constant_pj("adder_8b") * bits / 8


def shifter_pj(bits: int) -> float:
    return _constant_pj("shifter_8b") * bits / 8


def operation_pj(own: Element, name: str, inputs: int, shifter_bits: int) -> float:
    """One operation of an element whose accumulator holds the sum of so many products."""
    sign, sum_pj = _constant_pj("sign_and_decoder"), adder_pj(own.accumulator_bits(inputs))
    if name == "mac":
        return multiplier_pj(own.activation_bits, own.weight_bits) + sum_pj
    if name == "adder":
        return adder_pj(max(own.activation_bits, own.weight_bits)) + sign + sum_pj
    if name == "additive_bac":
        return 2 * shifter_pj(shifter_bits) + adder_pj(own.product_bits) + sign + sum_pj
    return shifter_pj(shifter_bits) + sign + sum_pj


def _model(name: str) -> Callable[..., float]:
    def price(
        activations: float,
        weights: float,
        inputs: float,
        shifter: float,
        factor: float,
        technology_nm: float,
    ) -> float:
        held = float(exact(_table()["technology"], NODE))
        if abs(held - technology_nm) > 1e-9:
            raise ValueError(
                f"the constants hold at {_table()['technology']} and are not scaled to {technology_nm:g} nm; add "
                f"'technology: {_table()['technology']}' to take them as they are"
            )
        own = element(name, _whole(activations), _whole(weights))
        return factor * operation_pj(own, name, _whole(inputs), _whole(shifter))

    return price


def _whole(value: float) -> int:
    if value != int(value):
        raise ValueError(f"{value:g} is no whole number")
    return int(value)


for _name in ("mac", "bac", "additive_bac", "shift_add", "adder"):
    model(f"pe.{_name}", "energy", _PARAMETERS, _SOURCE, _VALIDITY)(_model(_name))
