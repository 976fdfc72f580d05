"""Processing elements, bit by bit: what a register of finite width holds after each step of a product.

One interface: `step` adds one activation with one weight word to an accumulator, as its hardware does; `product` runs
whole products and stops where an accumulator would overflow. Activations are unsigned, as behind a ReLU.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from xbarsim.quantise.additive import AdditivePowerOfTwo
from xbarsim.quantise.grid import Integers, Quantiser
from xbarsim.quantise.power_of_two import PowerOfTwo
from xbarsim.quantise.shift import Shift
from xbarsim.quantise.uniform import Uniform


@dataclass(frozen=True)
class Element(ABC):
    """One processing element.

    activation_bits, weight_bits: of its operands. skips_zeros: a zero weight leaves the accumulator as it is, so that
    its operands need not move.
    """

    activation_bits: int
    weight_bits: int
    skips_zeros: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 1 <= self.activation_bits <= 16:
            raise ValueError(f"activation_bits is {self.activation_bits}; allowed: 1 to 16")
        _ = self.words  # its bits are checked

    @property
    @abstractmethod
    def words(self) -> Quantiser:
        """The quantiser whose words it reads; all rules that give the same words will do."""

    @property
    def largest_activation(self) -> int:
        return int(2**self.activation_bits - 1)

    @property
    def product_bits(self) -> int:
        """Bits of one signed product."""
        return (self.largest_activation * self._largest_weight()).bit_length() + 1

    def _largest_weight(self) -> int:
        return int(np.abs(self.words.integers(np.arange(2**self.weight_bits))).max())

    def accumulator_bits(self, inputs: int) -> int:
        """Bits that hold the sum of so many products, whatever they are: those of a product, and log2 more."""
        if inputs < 1:
            raise ValueError(f"inputs is {inputs}; allowed: a whole number from 1")
        return self.product_bits + (inputs - 1).bit_length()

    @abstractmethod
    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        """The accumulator after one more activation and word, element by element of arrays that fit together."""

    def product(
        self, activations: ArrayLike, words: ArrayLike, accumulator_bits: int | None = None
    ) -> Integers:
        """activations (vectors, n) with words (n, outputs): sums (vectors, outputs), in units, step by step.

        accumulator_bits: those that any n products need if not given.
        Raises: OverflowError where a sum does not fit on the way; ValueError for operands of too many bits.
        """
        seen, held = _whole(activations), _whole(words)
        if seen.size and not 0 <= seen.min() <= seen.max() <= self.largest_activation:
            raise ValueError(
                f"activations from {seen.min()} to {seen.max()}; allowed: 0 to {self.largest_activation}"
            )
        self.words.integers(held)  # its words are checked
        bits = self.accumulator_bits(len(held)) if accumulator_bits is None else accumulator_bits
        sums = np.zeros((len(seen), held.shape[1]), dtype=np.int64)
        for step in range(len(held)):
            sums = self.step(sums, seen[:, step, None], held[None, step])
            if sums.size and not -(2 ** (bits - 1)) <= sums.min() <= sums.max() < 2 ** (bits - 1):
                raise OverflowError(
                    f"{type(self).__name__}: after {step + 1} of {len(held)} inputs a sum of "
                    f"{max(sums.max(), sums.min(), key=abs)} does not fit an accumulator of {bits} bits; "
                    f"{self.accumulator_bits(len(held))} hold every sum"
                )
        return sums


@dataclass(frozen=True)
class Mac(Element):
    """Multiply and accumulate: integer weights in two's complement."""

    @property
    def words(self) -> Quantiser:
        return Uniform(self.weight_bits)

    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        return accumulator + activations * self.words.integers(words)


@dataclass(frozen=True)
class Bac(Element):
    """Shift and accumulate: a word {s, m}; m = 0 leaves all registers alone, else the activation is shifted by m - 1,
    inverted by s, and added with s as carry."""

    @property
    def words(self) -> Quantiser:
        return PowerOfTwo(self.weight_bits)

    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        sign, shift = words >> (self.weight_bits - 1), words & (2 ** (self.weight_bits - 1) - 1)
        shifted = activations << np.maximum(shift - 1, 0)
        return np.where(shift == 0, accumulator, accumulator + (shifted ^ -sign) + sign)


@dataclass(frozen=True)
class AdditiveBac(Element):
    """Two shifts and an adder, then the same: weights that are sums of two powers of two."""

    @property
    def words(self) -> AdditivePowerOfTwo:
        return AdditivePowerOfTwo(self.weight_bits)

    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        first, second = self.words.terms(words)
        sign = words >> (self.weight_bits - 1)
        both = _shifted(activations, first) + _shifted(activations, second)
        return np.where(first + second == 0, accumulator, accumulator + (both ^ -sign) + sign)


@dataclass(frozen=True)
class ShiftAdd(Element):
    """A shift layer of a ShiftAddNet (You et al., NeurIPS 2020): as Bac, but every word is a shift, none a zero. Its
    add layers run on Adder elements."""

    skips_zeros: ClassVar[bool] = False

    @property
    def words(self) -> Quantiser:
        return Shift(self.weight_bits)

    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        sign, shift = words >> (self.weight_bits - 1), words & (2 ** (self.weight_bits - 1) - 1)
        added: Integers = ((activations << shift) ^ -sign) + sign
        return accumulator + added


@dataclass(frozen=True)
class Adder(Element):
    """An AdderNet layer (Chen et al., CVPR 2020): minus the distance between activation and weight, both integers of
    the same unit. A zero weight is no reason to rest: |x| is still subtracted."""

    skips_zeros: ClassVar[bool] = False

    @property
    def words(self) -> Quantiser:
        return Uniform(self.weight_bits)

    @property
    def product_bits(self) -> int:
        return (self.largest_activation + self._largest_weight()).bit_length() + 1

    def step(self, accumulator: Integers, activations: Integers, words: Integers) -> Integers:
        distance: Integers = np.abs(activations - self.words.integers(words))
        return accumulator - distance


ELEMENTS: dict[str, type[Element]] = {
    "mac": Mac,
    "bac": Bac,
    "additive_bac": AdditiveBac,
    "shift_add": ShiftAdd,
    "adder": Adder,
}


def element(name: str, activation_bits: int, weight_bits: int) -> Element:
    """The element of a name. Raises: ValueError for other names, and for bits that it cannot do."""
    if name not in ELEMENTS:
        raise ValueError(f"no element '{name}'; allowed: {', '.join(ELEMENTS)}")
    return ELEMENTS[name](activation_bits, weight_bits)


def _whole(values: ArrayLike) -> Integers:
    found = np.asarray(values)
    if not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{found.dtype} values; allowed: whole numbers")
    return found.astype(np.int64)


def _shifted(activations: Integers, power: Integers) -> Integers:
    """Activations times powers of two (or 0), by shifting."""
    exponent = np.array([max(0, int(value).bit_length() - 1) for value in range(64)], dtype=np.int64)[power]
    return np.where(power == 0, 0, activations << exponent)
