"""Weights in a few bits: uniform, power-of-two and additive power-of-two codes. NumPy only.

from xbarsim.quantise import quantiser

found = quantiser("pot_nearest_value", 4).quantise(weights)
found.words, found.integers, found.unit, found.values
"""

from xbarsim.quantise.activity import Activity, activity
from xbarsim.quantise.additive import AdditivePowerOfTwo
from xbarsim.quantise.grid import Quantised, Quantiser, best_scale, sqnr_db
from xbarsim.quantise.named import QUANTISERS, QuantiserName, quantiser
from xbarsim.quantise.power_of_two import PowerOfTwo, Rule
from xbarsim.quantise.uniform import Uniform

__all__ = [
    "QUANTISERS",
    "Activity",
    "AdditivePowerOfTwo",
    "PowerOfTwo",
    "Quantised",
    "Quantiser",
    "QuantiserName",
    "Rule",
    "Uniform",
    "activity",
    "best_scale",
    "quantiser",
    "sqnr_db",
]
