"""Numerics of networks on memory cells: weights as conductances, products through converters, ages, codebooks.

from xbarsim.analog import Numerics, convert_to_analog
from xbarsim.devices.load import load_technology

analog = convert_to_analog(network, Numerics(chip, load_technology("pcm")))
analog.program_analog_weights()
analog.drift_analog_weights(86_400)
analog(images)
"""

from xbarsim.analog.encoding import Encoding
from xbarsim.analog.hardware_aware import Awareness, Schedule, aware, fine_tune
from xbarsim.analog.measure import accuracy
from xbarsim.analog.network import AnalogNetwork, convert_to_analog
from xbarsim.analog.periphery import Converter, Periphery, WireResistance
from xbarsim.analog.settings import ArraySize, Numerics

__all__ = [
    "AnalogNetwork",
    "ArraySize",
    "Awareness",
    "Converter",
    "Encoding",
    "Numerics",
    "Periphery",
    "Schedule",
    "WireResistance",
    "accuracy",
    "aware",
    "convert_to_analog",
    "fine_tune",
]
