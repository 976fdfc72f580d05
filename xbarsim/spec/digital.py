"""What a digital array is to its neighbours: an array without converters, whose cost may depend on its weights."""

from __future__ import annotations

from typing import ClassVar

from xbarsim.quantise.activity import Activity
from xbarsim.quantise.grid import Quantiser
from xbarsim.spec.component import Service
from xbarsim.spec.roles import Array


class DigitalArray(Array):
    """Digital elements that take the weights of one block after another from a memory.

    Blocks of rows x columns weights are kept; an instance works on one of them at a time.
    """

    digital: ClassVar[bool] = True

    @property
    def needs_activity(self) -> bool:
        """Whether cost depends on the weights themselves."""
        raise NotImplementedError

    def known(self, activity: Activity | None) -> Activity | None:
        """What is known of the weights of a matrix, its own activity or one that the description gives."""
        raise NotImplementedError

    @property
    def busiest(self) -> Activity:
        """Weights without a zero, of random words: what peak figures are of."""
        raise NotImplementedError

    def multiply(self, blocks: int, weights: int, activity: Activity | None) -> Service:
        """One product with so many weights in so many blocks."""
        raise NotImplementedError

    def bits_stored(self, weights: int, activity: Activity | None) -> int:
        """Bits of the weight memory that so many weights take."""
        raise NotImplementedError

    def bits_read(self, weights: int, activity: Activity | None, products: int) -> int:
        """Bits of the weight memory that one product takes, of so many with the same weights."""
        raise NotImplementedError

    @property
    def words(self) -> Quantiser:
        """What makes words of weights."""
        raise NotImplementedError

    @property
    def latency_ps(self) -> int:
        raise NotImplementedError

    @property
    def phases(self) -> int:
        return 1

    def columns_of(self, weights: int) -> int:
        return weights
