"""Train the weights of tnn_digits anew: `python workloads/train_ternary.py`.

By GXNOR with ideal transitions, on one thread and from a fixed seed. What was done stands in the file's metadata.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from xbarsim.data.digits import SPLIT
from xbarsim.devices.load import load_technology
from xbarsim.training.algorithm import load_algorithm
from xbarsim.training.learner import Learner
from xbarsim.workload.load import load_workload

HERE = Path(__file__).parent
SEED, EPOCHS = 0, 100


def state(learner: Learner) -> dict[str, Tensor]:
    """Weights of the arrays, and the normalisations beside them."""
    held = {
        name: value for name, value in learner.network.state_dict().items() if not name.endswith("anchor")
    }
    on_arrays = {
        f"{path}.weight": torch.tensor(layer.rule.weights()).to(torch.int8)
        for path, layer in learner.layers.items()
    }
    return {name: value.contiguous() for name, value in (held | on_arrays).items()}


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    work, algorithm = load_workload(HERE / "tnn_digits.yaml"), load_algorithm("gxnor")
    learner = Learner(work, algorithm, {"junctions": load_technology("ideal")}, SEED)
    for _ in learner.run(EPOCHS):
        pass
    share = learner.accuracy()
    told = {
        "script": Path(__file__).name,
        "algorithm": algorithm.model_dump(exclude={"source", "note"}),
        "transitions": "ideal",
        "epochs": EPOCHS,
        "seed": SEED,
        "data": "digits of scikit-learn (UCI, CC BY 4.0)",
        "split": SPLIT,
        "test_accuracy": round(share, 4),
        "torch": torch.__version__,
    }
    file = next(iter(work.weights.values()))
    save_file(state(learner), file, {"training": json.dumps(told)})
    sys.stdout.write(f"{file.name}: {share:.2%} of the test images\n")


if __name__ == "__main__":
    main()
