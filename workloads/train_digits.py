"""Train the weights in weights/ anew: `python workloads/train_digits.py [mlp_digits] [cnn_digits]`.

On one thread and from fixed seeds, so that the same machine writes the same bytes, and another about the same
accuracy. First the plain weights, then from these the fine-tuned ones (`*_aware`). What was done stands in the
metadata of each file.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import digits
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog.hardware_aware import Awareness, Schedule, fine_tune
from xbarsim.analog.measure import accuracy
from xbarsim.data.digits import SPLIT
from xbarsim.workload.load import Workload, load_workload

HERE = Path(__file__).parent
SEED = 0
BATCH = 64


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    lowered_every, lowered_to: after so many epochs, again and again, the learning rate is multiplied by the second.
    least_weight: smaller weights and biases are pushed away from zero, as (least_weight - |w|) adds to the loss.
    """

    build: Callable[[], nn.Module]
    optimiser: Callable[..., torch.optim.Optimizer]
    learning_rate: float
    epochs: int
    lowered_every: int
    lowered_to: float = 0.3
    least_weight: float = 0.0


# Loss, rate and its lowering of the CNN, and its batches: Ivanov's published code. He lowers after 10 of 20 epochs of
# 60,000 images; these are 1,347, so epochs are more.
RECIPES = {
    "mlp_digits": Recipe(digits.mlp, torch.optim.Adam, 1e-3, epochs=60, lowered_every=30),
    "cnn_digits": Recipe(digits.cnn, torch.optim.SGD, 0.1, epochs=100, lowered_every=30, least_weight=0.1),
}

# Noise: of Ivanov's hardware-aware baseline (0.1 of the largest weight). Clipping: as in the examples of aihwkit.
AWARENESS = Awareness(weight_noise=0.1, clip_sigmas=2.5)
SCHEDULE = Schedule(epochs=40, batch=BATCH, learning_rate=0.05)


def batches(inputs: Tensor, labels: Tensor, epochs: int) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Epoch and batch, in an order drawn anew for each epoch."""
    order = torch.Generator().manual_seed(SEED)
    for epoch in range(epochs):
        for chosen in torch.randperm(len(inputs), generator=order).split(BATCH):
            yield epoch, inputs[chosen], labels[chosen]


def away_from_zero(network: nn.Module, least: float) -> Tensor:
    """The codebook that these weights are stored with has no level at zero (Ivanov, arXiv 2310.00337)."""
    return sum(F.relu(least - parameter.abs()).sum() for parameter in network.parameters())


def train(recipe: Recipe, inputs: Tensor, labels: Tensor) -> nn.Module:
    torch.manual_seed(SEED)
    network = recipe.build()
    optimiser = recipe.optimiser(network.parameters(), lr=recipe.learning_rate)
    for epoch, images, classes in batches(inputs, labels, recipe.epochs):
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * recipe.lowered_to ** (epoch // recipe.lowered_every)
        loss = F.cross_entropy(network(images), classes)
        if recipe.least_weight:
            loss = loss + away_from_zero(network, recipe.least_weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name, recipe in RECIPES.items():
        if names and name not in names:
            continue
        work = load_workload(HERE / f"{name}.yaml")
        inputs, labels = work.training_set()
        network = train(recipe, inputs, labels)
        save(work, "plain", network, told(recipe))
        tuned = fine_tune(network, inputs, labels, AWARENESS, SCHEDULE, SEED)
        fine_tuned = {"from": work.weights["plain"].name, **asdict(AWARENESS), **asdict(SCHEDULE)}
        save(work, "aware", tuned, {"fine_tuned": fine_tuned})


def told(recipe: Recipe) -> dict[str, object]:
    functions = {
        "build": f"digits.py:{recipe.build.__name__}", "optimiser": recipe.optimiser.__name__, "batch": BATCH
    }  # fmt: skip
    return {"trained": {**asdict(recipe), **functions}}


def save(work: Workload, weights: str, network: nn.Module, how: dict[str, object]) -> None:
    """Write a file that the workload names, with how its weights were made."""
    images, labels = work.test_set()
    share = accuracy(network, images, labels)
    training = {
        "script": Path(__file__).name,
        **how,
        "seed": SEED,
        "data": "digits of scikit-learn (UCI, CC BY 4.0)",
        "split": SPLIT,
        "test_accuracy": round(share, 4),
        "torch": torch.__version__,
    }
    # One entry: of several, safetensors writes another one first each time.
    metadata = {"training": json.dumps(training)}
    save_file(network.state_dict(), work.weights[weights], metadata)
    sys.stdout.write(f"{work.weights[weights].name}: {share:.2%} of {len(labels)} test images\n")


if __name__ == "__main__":
    main(sys.argv[1:])
