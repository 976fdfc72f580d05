"""Algorithms of training in place as files: which one, its settings, how it is run; each number with its source."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from xbarsim.shipped import shipped
from xbarsim.spec.component import Spec
from xbarsim.spec.loader import located_by_name
from xbarsim.spec.located import closest
from xbarsim.spec.quantity import Age, Bits, Coefficient, Count
from xbarsim.spec.values import Values
from xbarsim.training.hybrid import LSB, MSB
from xbarsim.training.magnetic import Assignment
from xbarsim.training.tiki_taka import FAST, SLOW, Transfer
from xbarsim.training.trains import Kind, Pulsing
from xbarsim.training.transitions import JUNCTIONS, Moments

WEIGHTS = "weights"
Wrong = list[tuple[str, str, str]]


class Algorithm(Spec):
    """What all algorithms have: the rate of learning and its fall, batches, the loss.

    In epoch e of E the rate is learning_rate falls_to^(e / (E - 1)), e from 0.
    arrays: names of the arrays that each layer has. batch_end: they are written once a batch, not after each sample.
    kept_bytes: in digital matrices, for each weight (Rasch et al. 2024, Table 1: matrices of a byte).
    """

    called: ClassVar[str] = "every algorithm of this kind"
    arrays: ClassVar[tuple[str, ...]] = (WEIGHTS,)
    batch_end: ClassVar[bool] = False
    kept_bytes: ClassVar[int] = 0

    kind: str = Field(description="which algorithm this is")
    source: str | None = Field(None, description="where the numbers come from that do not say so themselves")
    note: str | None = Field(None, description="a remark for the reader")
    learning_rate: Coefficient = Field(description="of the first epoch, also of biases and normalisations")
    falls_to: Coefficient = Field(
        1.0, description="share of the learning rate that is left in the last epoch"
    )
    epochs: Count = Field(description="times the training data are seen, where nothing else is asked for")
    batch: Count = Field(description="samples between two steps of the digital parameters")
    loss: Literal["cross_entropy", "squared_hinge"] = Field("cross_entropy", description="what falls")
    optimiser: Literal["sgd", "adam"] = Field("sgd", description="of biases and normalisations")

    def inconsistencies(self) -> Wrong:
        return _outside(
            ("learning_rate", self.learning_rate, "above 0", self.learning_rate > 0),
            ("falls_to", self.falls_to, "above 0, up to 1", 0 < self.falls_to <= 1),
        )

    def rate(self, epoch: int, epochs: int) -> float:
        """Learning rate of an epoch, from 0, of so many."""
        done = min(epoch, epochs - 1) / max(epochs - 1, 1)
        return float(self.learning_rate * self.falls_to**done)


class _Pulsed(Algorithm):
    """Of an array that gets outer products as pulse trains."""

    longest_train: Count = Field(description="most pulse slots of one sample's update (l_max)")
    pulses: Kind = Field("stochastic", description="how trains are drawn")
    fit_length: bool = Field(True, description="only as many slots as the largest product asks for")
    balance: bool = Field(True, description="inputs and outputs fire equally often at their largest")

    def pulsing(self) -> Pulsing:
        return Pulsing(self.longest_train, self.fit_length, self.balance, self.pulses)


class InMemorySgdAlgorithm(_Pulsed):
    """Outer products as pulses onto the weights themselves."""


class MixedPrecisionAlgorithm(Algorithm):
    """Gradients are summed digitally; whole steps of the sum are written after each batch."""

    batch_end: ClassVar[bool] = True
    kept_bytes: ClassVar[int] = 1

    most_pulses: Count = Field(1, description="most pulses that a cell gets after one batch")


class TransferAlgorithm(_Pulsed):
    """Gradients are gathered on a fast array and moved on line by line, without choppers (TTv2)."""

    arrays: ClassVar[tuple[str, ...]] = (FAST, SLOW)
    kept_bytes: ClassVar[int] = 1

    transfer_every: Count = Field(description="samples between two reads of a line (n_s)")
    gamma_0: Coefficient | None = Field(
        None, description="divides what is moved on; none: as if gamma_0 were n_s times the lines"
    )
    fast_rate: Coefficient = Field(
        1.0, description="eta_0: size of the fast array's updates, in longest trains"
    )
    momentum: Coefficient = Field(0.99, description="of the running means of the largest inputs and errors")
    transfer_rate: Coefficient = Field(1.0, description="factor of what is moved on")
    lines: Literal["inputs", "outputs"] = Field("inputs", description="what one read line belongs to")
    referred: bool = Field(True, description="whether reads of the fast array are against its reference")
    read_noise: Coefficient = Field(0.0, description="standard deviation of each value read, in weights")
    most_pulses: Count = Field(1, description="most pulses that a cell gets in one write")

    def inconsistencies(self) -> Wrong:
        gain = self.gamma_0 is None or self.gamma_0 > 0
        return super().inconsistencies() + _outside(
            ("gamma_0", self.gamma_0, "above 0", gain),
            ("fast_rate", self.fast_rate, "above 0", self.fast_rate > 0),
            ("momentum", self.momentum, "from 0, below 1", 0 <= self.momentum < 1),
            ("transfer_rate", self.transfer_rate, "above 0", self.transfer_rate > 0),
            ("read_noise", self.read_noise, "from 0", self.read_noise >= 0),
        )

    def transfer(self) -> Transfer:
        return Transfer(
            self.transfer_every, self.pulsing(), self.fast_rate, momentum=self.momentum, gain=self.gamma_0,
            transfer_rate=self.transfer_rate, lines=self.lines, referred=self.referred,
            read_noise=self.read_noise, written=self.most_pulses, **self._more(),
        )  # fmt: skip

    def _more(self) -> dict[str, Any]:
        return {}


class ChoppedAlgorithm(TransferAlgorithm):
    """The same with choppers that turn the sign of a line's inputs and of its reads (c-TTv2)."""

    chopper_probability: Coefficient = Field(description="rho: of a chopper to turn after a read")
    choppers: Literal["regular", "random"] = Field(
        "regular", description="all of them every 1 / rho rounds, or each by chance"
    )

    def inconsistencies(self) -> Wrong:
        rho = self.chopper_probability
        return super().inconsistencies() + _outside(
            ("chopper_probability", rho, "above 0, up to 1", 0 < rho <= 1)
        )

    def _more(self) -> dict[str, Any]:
        return {"chop": self.chopper_probability, "chopping": self.choppers}


class AgadAlgorithm(ChoppedAlgorithm):
    """Reads are taken against their own mean of the chopper period before (AGAD)."""

    kept_bytes: ClassVar[int] = 3

    referred: bool = Field(False, description="whether reads of the fast array are against its reference")
    beta: Coefficient = Field(1.0, description="share of a read in the running mean")

    def inconsistencies(self) -> Wrong:
        return super().inconsistencies() + _outside(
            ("beta", self.beta, "above 0, up to 1", 0 < self.beta <= 1)
        )

    def _more(self) -> dict[str, Any]:
        return super()._more() | {"dynamic": True, "share": self.beta}


class HybridAlgorithm(Algorithm):
    """A pair of multi-level cells for products, and a word of binary cells that gathers updates (HIC)."""

    arrays: ClassVar[tuple[str, ...]] = (MSB, LSB)
    batch_end: ClassVar[bool] = True

    bits_of_word: Bits = Field(description="of the word, beside its sign")
    levels: Count = Field(description="pulses after which a cell of the pair is full")
    largest_weight: Coefficient = Field(description="weight of a full pair")
    refresh_every: Count = Field(description="batches after which tired pairs are written anew")
    pulse_noise: Coefficient = Field(0.0, description="standard deviation of one pulse, in steps")

    def inconsistencies(self) -> Wrong:
        return super().inconsistencies() + _outside(
            ("bits_of_word", self.bits_of_word, "from 2", self.bits_of_word >= 2),
            ("largest_weight", self.largest_weight, "above 0", self.largest_weight > 0),
            ("pulse_noise", self.pulse_noise, "from 0", self.pulse_noise >= 0),
        )


class GxnorAlgorithm(Algorithm):
    """Ternary weights that move by chance, where Adam would take them (GXNOR)."""

    arrays: ClassVar[tuple[str, ...]] = (JUNCTIONS,)
    batch_end: ClassVar[bool] = True
    kept_bytes: ClassVar[int] = 12  # the sum of gradients and Adam's two moments, of 4 bytes each

    assignment: Assignment = Field("both", description="which junction of a synapse gets the pulse of a part")
    widths: Literal["exact", "affine"] = Field(
        "exact", description="how long the pulse of a part of a step is"
    )
    timer_s: Age = Field(description="unit of pulse lengths; 'ideal': any length")
    mean_kept: Coefficient = Field(0.9, description="Adam: share kept of the mean gradient")
    square_kept: Coefficient = Field(0.999, description="Adam: share kept of the mean square")
    input_threshold: Coefficient = Field(0.5, description="inputs 2 x - 1 beyond it are -1 or 1, others 0")

    def inconsistencies(self) -> Wrong:
        kept = {"mean_kept": self.mean_kept, "square_kept": self.square_kept}
        return super().inconsistencies() + _outside(
            *((key, share, "from 0, below 1", 0 <= share < 1) for key, share in kept.items()),
            ("input_threshold", self.input_threshold, "from 0, below 1", 0 <= self.input_threshold < 1),
        )

    def moments(self) -> Moments:
        return Moments(self.mean_kept, self.square_kept)


ALGORITHMS: dict[str, type[Algorithm]] = {
    "in_memory_sgd": InMemorySgdAlgorithm,
    "mixed_precision": MixedPrecisionAlgorithm,
    "ttv2": TransferAlgorithm,
    "chopped_ttv2": ChoppedAlgorithm,
    "agad": AgadAlgorithm,
    "hybrid": HybridAlgorithm,
    "gxnor": GxnorAlgorithm,
}


def _outside(*checks: tuple[str, object, str, bool]) -> Wrong:
    return [(key, str(found), f"allowed: {allowed}") for key, found, allowed, right in checks if not right]


def shipped_algorithms() -> dict[str, Path]:
    """Name -> file, of the algorithms that come with xbarsim."""
    folder = shipped("architectures") / "common" / "training"
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def load_algorithm(path_or_name: str | Path, overrides: Iterable[str] = ()) -> Algorithm:
    """Read and validate a file of an algorithm, or a shipped one by name ('agad').

    overrides: 'key=value' assignments over the file ('beta=1'). Raises: SpecError with every problem.
    """
    located = located_by_name(path_or_name, shipped_algorithms(), "training algorithm", overrides)
    kind = located.tree.get("kind")
    cls = ALGORITHMS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        close = closest(kind, ALGORITHMS) if isinstance(kind, str) else None
        found = "missing" if kind is None else f"'{kind}' is no training algorithm"
        located.problem(("kind",), found, ", ".join(ALGORITHMS), f"did you mean '{close}'?" if close else "")
        located.raise_problems()
    assert cls is not None
    spec = Values(located).read(cls, located.tree, ())
    located.raise_problems()
    assert isinstance(spec, Algorithm)
    return spec
