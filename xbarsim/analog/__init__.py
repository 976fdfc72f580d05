"""Numerics of networks on memory cells: weights as conductances, products through converters, ages, codebooks.

from xbarsim.analog import Cells, Numerics, convert_to_analog

analog = convert_to_analog(network, Numerics(chip, cells))
analog.program_analog_weights()
analog.drift_analog_weights(86_400)
analog(images)
"""

from xbarsim.analog.encoding import Encoding
from xbarsim.analog.network import AnalogNetwork, convert_to_analog
from xbarsim.analog.periphery import Converter, Periphery, WireResistance
from xbarsim.analog.settings import ArraySize, Cells, Numerics

__all__ = [
    "AnalogNetwork",
    "ArraySize",
    "Cells",
    "Converter",
    "Encoding",
    "Numerics",
    "Periphery",
    "WireResistance",
    "convert_to_analog",
]
