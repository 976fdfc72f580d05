"""Train the 4-bit weights in weights/ anew, from the plain ones: `python workloads/train_low_bit.py`.

Uniform and power-of-two weights of the digits CNN, trained through the rounding alike. Then both are pruned to the
same share of zeros, in the same steps: powers of two by whole exponents, uniform weights by their size. On one thread,
from fixed seeds, as train_digits.py; what was done stands in the metadata of each file.
"""

import json
import sys
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from xbarsim.analog.measure import accuracy
from xbarsim.data.digits import SPLIT
from xbarsim.quantised import LowBit, Tuning, plain, prune, prune_gradually, quantised, tune, zero_share
from xbarsim.quantised.pruning import AFTER, BETWEEN
from xbarsim.workload.load import Workload, load_workload

HERE = Path(__file__).parent
NETWORK, SEED, BITS = "cnn_digits", 0, 4
TUNING = Tuning(epochs=20)
SHARES = (0.2, 0.4)  # whole exponents make 60 % of 40 %; a step more, 84 %, would cost two points of accuracy
POWERS, UNIFORM = LowBit("pot_nearest_value", BITS), LowBit("uniform", BITS)


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    work = load_workload(HERE / f"{NETWORK}.yaml")
    images, labels = work.training_set()
    float_network = work.network("plain")
    powers, uniform = (
        tune(quantised(float_network, asked), images, labels, TUNING, SEED) for asked in (POWERS, UNIFORM)
    )
    save(work, "pot_4bit", powers, POWERS, ())
    save(work, "uniform_4bit", uniform, UNIFORM, ())
    reached = tuple(
        step.zero_share for step in prune_gradually(powers, images, labels, SHARES, BETWEEN, AFTER, SEED)
    )
    save(work, "pot_4bit_pruned", powers, POWERS, reached)
    prune_by_size(uniform, images, labels, reached)
    save(work, "uniform_4bit_pruned", uniform, UNIFORM, reached)


def prune_by_size(network: nn.Module, images: Tensor, labels: Tensor, shares: tuple[float, ...]) -> None:
    """Ordinary magnitude pruning in the same steps, with the same training between and after them."""
    for number, share in enumerate(shares):
        prune(network, share, whole_exponents=False)
        tune(network, images, labels, AFTER if number == len(shares) - 1 else BETWEEN, SEED)


def save(
    work: Workload, weights: str, network: nn.Module, low_bit: LowBit, shares: tuple[float, ...]
) -> None:
    """Write a file that the workload names, with how its weights were made."""
    ordinary = plain(deepcopy(network))
    share = accuracy(ordinary, *work.test_set())
    pruning = {"zero_shares": shares, "between": asdict(BETWEEN), "after": asdict(AFTER)} if shares else {}
    training = {
        "script": Path(__file__).name,
        "from": work.weights["plain"].name,
        "quantised": asdict(low_bit),
        "tuned": asdict(TUNING),
        "pruned": pruning,
        "zero_share": round(zero_share(network), 4),
        "seed": SEED,
        "data": "digits of scikit-learn (UCI, CC BY 4.0)",
        "split": SPLIT,
        "test_accuracy": round(share, 4),
        "torch": torch.__version__,
    }
    file = work.weights[weights]
    # One entry: of several, safetensors writes another one first each time.
    save_file(ordinary.state_dict(), file, {"training": json.dumps(training)})
    sys.stdout.write(f"{file.name}: {share:.2%} right, {training['zero_share']:.1%} zeros\n")


if __name__ == "__main__":
    main()
