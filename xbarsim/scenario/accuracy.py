"""How often a network is right on a chip: in its analog cells at any age, or as its digital elements store it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import Any

from xbarsim.errors import DataError
from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Chip
from xbarsim.spec.digital import DigitalArray
from xbarsim.workload.graph import OpGraph


@dataclass(frozen=True)
class Judge:
    """What accuracy is asked for.

    ages_s: of the weights, from when they are written. networks: how often they are written, each time with noise of
    its own. samples: of the test set; None: all.
    """

    ages_s: tuple[float, ...] = (0.0,)
    networks: int = 5
    samples: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.networks < 1 or (self.samples is not None and self.samples < 1):
            raise ValueError("Judge.networks and Judge.samples: whole numbers from 1")
        if not self.ages_s or any(age_s < 0 for age_s in self.ages_s):
            raise ValueError(f"Judge.ages_s is {self.ages_s}; allowed: at least one, in seconds from 0")


@dataclass(frozen=True)
class Aged:
    """Share of the test set that is classified rightly at an age: mean and standard deviation of the networks."""

    age_s: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class ChipAccuracy:
    """Accuracy of one network on one chip.

    exact: of its float network on a computer. by_age: at each age, in the order asked for.
    zero_share: of the weights as the chip holds them. networks: how often they were written; 1 where nothing is random.
    told: what had to be assumed.
    """

    exact: float
    by_age: tuple[Aged, ...]
    zero_share: float
    networks: int
    told: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """At the first age."""
        return self.by_age[0].mean


@dataclass(frozen=True)
class Examples:
    """A network whose weights are known, what it is judged by, and inputs from which ranges are taken."""

    network: Any
    inputs: Any
    labels: Any
    seen: Any

    def first(self, samples: int | None) -> Examples:
        return replace(self, inputs=self.inputs[:samples], labels=self.labels[:samples])


def chip_accuracy(chip: Chip, graph: OpGraph, bits: int, given: Examples, asked: Judge) -> ChipAccuracy:
    """bits: of an activation on the chip. Raises: DataError if the chip does not say what is needed.

    Weights that are cut into slices are rounded to the chip's bits, others stand in their cells as they are.
    """
    floor, examples = Floor(chip), given.first(asked.samples)
    if floor.digital:
        _check_layers(graph, given.network)
        return _on_elements(floor, graph, bits, examples, asked)
    return _in_cells(chip, graph, examples, asked)


def _check_layers(graph: OpGraph, network: Any) -> None:
    from xbarsim.quantised.stored import weights_by_layer

    found = set(weights_by_layer(network))
    if found != set(graph.matrices):
        raise DataError(
            f"accuracy: {graph.name}: its layers {sorted(found)} are not its matrices {sorted(graph.matrices)}; needed "
            "is one matrix for each Linear and convolution layer"
        )


def _on_elements(floor: Floor, graph: OpGraph, bits: int, given: Examples, asked: Judge) -> ChipAccuracy:
    from xbarsim.analog.measure import accuracy
    from xbarsim.quantised.stored import Held, as_stored

    if getattr(floor.array, "element", "") == "adder":
        raise DataError(
            f"accuracy: {floor.chip.name}: its 'adder' elements give distances, no products: another network"
        )

    def held(path: str) -> Held:
        matrix = graph.matrices[path]
        array = floor.array_of(matrix)
        assert isinstance(array, DigitalArray)
        return Held(array.words, matrix.activation_bits or bits)

    stored = as_stored(given.network, held, given.seen)
    found = accuracy(stored.network, given.inputs.double(), given.labels)
    told = [
        "ranges of inputs are those of the training set; biases and what is between layers are not rounded"
    ]
    told += [f"one bit is the sign of the inputs of {', '.join(stored.signed)}"] if stored.signed else []
    by_age = tuple(Aged(age_s, found, 0.0) for age_s in asked.ages_s)
    exact = accuracy(given.network, given.inputs, given.labels)
    return ChipAccuracy(exact, by_age, stored.zero_share, 1, tuple(told))


def _in_cells(chip: Chip, graph: OpGraph, given: Examples, asked: Judge) -> ChipAccuracy:
    from xbarsim.analog.measure import accuracy
    from xbarsim.analog.network import convert_to_analog
    from xbarsim.analog.settings import Numerics
    from xbarsim.quantised.stored import share_of_zeros

    try:
        weight = Floor(chip).array.weight  # type: ignore[attr-defined]
        numerics = Numerics.of(chip, rounded=weight.slices > 1)
    except ValueError as reason:
        raise DataError(f"accuracy: {reason}") from None
    found: dict[float, list[float]] = {age_s: [] for age_s in asked.ages_s}
    for number in range(asked.networks):
        analog = convert_to_analog(given.network, numerics, asked.seed + number)
        analog.program_analog_weights()
        for age_s in sorted(found):
            analog.drift_analog_weights(age_s)
            found[age_s].append(accuracy(analog, given.inputs, given.labels))
    by_age = tuple(Aged(age_s, fmean(found[age_s]), pstdev(found[age_s])) for age_s in asked.ages_s)
    told = numerics.approximations
    if any(any(matrix.bits) for matrix in graph.matrices.values()):
        told += ("bits of single layers count in time and energy; weights stand in the cells as they are",)
    exact = accuracy(given.network, given.inputs, given.labels)
    return ChipAccuracy(exact, by_age, share_of_zeros(given.network), asked.networks, told)
