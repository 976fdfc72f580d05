"""Networks with weights of a few bits: training through the rounding, pruning whole exponents, exact products.

from xbarsim.quantised import LowBit, prune_gradually, quantised, tune, zero_share

few = quantised(network, LowBit("pot_nearest_value", 4))
tune(few, images, labels)
prune_gradually(few, images, labels)
few(images), zero_share(few)
"""

from xbarsim.quantised.layers import LowBit, layers, plain, quantised, words, zero_share
from xbarsim.quantised.pruning import SHARES, Pruned, prune, prune_gradually
from xbarsim.quantised.training import Tuning, tune

__all__ = [
    "SHARES",
    "LowBit",
    "Pruned",
    "Tuning",
    "layers",
    "plain",
    "prune",
    "prune_gradually",
    "quantised",
    "tune",
    "words",
    "zero_share",
]
