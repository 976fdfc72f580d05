"""Quantisers by the names that chips and workloads use."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Literal, cast, get_args

from xbarsim.quantise.additive import AdditivePowerOfTwo
from xbarsim.quantise.grid import Quantiser
from xbarsim.quantise.power_of_two import PowerOfTwo
from xbarsim.quantise.shift import Shift
from xbarsim.quantise.uniform import Uniform

QuantiserName = Literal["uniform", "pot_nearest_value", "pot_inq", "pot_nearest_exponent", "shift", "apot"]
QUANTISERS = cast(tuple[QuantiserName, ...], get_args(QuantiserName))
_MAKERS: dict[str, Callable[[int], Quantiser]] = {
    "uniform": Uniform,
    "pot_nearest_value": partial(PowerOfTwo, rule="nearest_value"),
    "pot_inq": partial(PowerOfTwo, rule="inq"),
    "pot_nearest_exponent": partial(PowerOfTwo, rule="nearest_exponent"),
    "shift": Shift,
    "apot": AdditivePowerOfTwo,
}


def quantiser(name: str, bits: int) -> Quantiser:
    """The quantiser of a name. Raises: ValueError with the nearest name, or with the bits it can do."""
    if name not in _MAKERS:
        close = get_close_matches(str(name), QUANTISERS, 1)
        fix = f"did you mean '{close[0]}'?" if close else f"allowed: {', '.join(QUANTISERS)}"
        raise ValueError(f"no quantiser '{name}'; {fix}")
    return _MAKERS[name](bits)
