"""Processing-element array: digital elements that take weights from a memory, block after block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from xbarsim.quantise.activity import Activity
from xbarsim.quantise.elements import ELEMENTS, Element, element
from xbarsim.quantise.grid import Quantiser
from xbarsim.quantise.named import QUANTISERS, QuantiserName, quantiser
from xbarsim.spec.component import Action, Service, Spec, component
from xbarsim.spec.digital import DigitalArray
from xbarsim.spec.quantity import Bits, Count, Cycles, Energy, EnergyPerBit, Frequency, MeanCount, unwrap
from xbarsim.units import cycles_ps

_PRICES = "pe."  # names of the pricing models of elements: element_prices.py


class Word(Spec):
    """A weight as the memory holds it: one word, in cells of one bit."""

    bits: Bits = Field(description="bits of a weight word")
    encoding: ClassVar[str] = "differential"  # every word has its sign
    slices: ClassVar[int] = 1
    bits_per_cell: ClassVar[int] = 1

    _digits: int = PrivateAttr(1)  # neighbouring elements that a word is divided among

    @property
    def devices(self) -> int:
        """Memory cells that are written for one weight."""
        return self.bits


@component("pe_array")
class PeArray(DigitalArray):
    """An array of multipliers, shifters or adders that works off matrices block by block.

    A block is rows x columns weights: one cycle. Its elements are exact (docs/low_precision.md): whatever is stored
    is computed bit by bit, in accumulators that no sum overflows.
    """

    ENERGY_KEYS = ("energy",)
    ACTION_KEYS: ClassVar = {"gated operation": "gate_energy", "bit toggled": "toggle_energy"}

    element: Literal["mac", "bac", "additive_bac", "shift_add", "adder"] = Field(
        description="mac: multiply and accumulate; bac: shift and accumulate; additive_bac: two shifts; "
        "shift_add, adder: the layers of ShiftAddNets and AdderNets"
    )
    quantiser: QuantiserName = Field(
        description="how weights become words; one whose words the elements read"
    )
    weight: Word = Field(description="the weight words")
    activations: Bits = Field(description="bits of an input that an element takes")
    rows: Count = Field(description="inputs taken at once, each for all outputs")
    columns: Count = Field(description="outputs worked on at once")
    depth: Count = Field(description="blocks of rows x columns weights that the weight memory has room for")
    cell: str = Field(description="name under `cells` of what one bit of the weight memory is")
    clock_hz: Frequency = Field(description="clock; one block a cycle")
    latency_cycles: Cycles = Field(
        0, description="pipeline depth: cycles from the last block to the sums of a product"
    )
    weights_held: Count = Field(
        1, description="products that a weight word serves once it is read, because the elements keep it"
    )
    gate_zeros: bool = Field(
        False, description="true: zero weights leave the registers of their element as they are; energy only"
    )
    skip_zeros: bool = Field(
        False, description="true: zero weights are not stored and take no cycle; energy and time"
    )
    index: Cycles = Field(0, description="with skip_zeros: bits beside each word that say where it stands")
    zero_share: MeanCount | None = Field(
        None, description="share of zero weights, 0 to 1, of networks whose weights are not known"
    )
    energy_pj: Energy | None = Field(None, description="one operation of one element")
    gate_energy_pj: Energy | None = Field(None, description="one operation that is gated")
    toggle_energy_pj_per_bit: EnergyPerBit | None = Field(
        None, description="one bit of a weight register that changes, beyond `energy`; needs real weights"
    )

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        try:
            elements = self.elements
            words = self.words
        except ValueError as reason:
            return [*wrong, ("weight.bits", str(reason), "")]
        if type(words) is not type(elements.words):
            fitting = [name for name in QUANTISERS if _reads(self.element, name)]
            wrong.append(
                (
                    "quantiser",
                    f"{self.element} elements do not read '{self.quantiser}' words",
                    f"take {_or(fitting)}",
                )
            )
        wrong += self._of_zeros(elements)
        return wrong

    def _of_zeros(self, elements: Element) -> list[tuple[str, str, str]]:
        wrong = []
        for key, asked in (("gate_zeros", self.gate_zeros), ("skip_zeros", self.skip_zeros)):
            if asked and not elements.skips_zeros:
                wrong.append((key, f"a zero weight is no idle operation of '{self.element}'", "false"))
        if self.gate_zeros and self.skip_zeros:
            wrong.append(
                ("skip_zeros", "given with gate_zeros: what is left out is not gated", "one of them")
            )
        if self.skip_zeros and not self.index:
            wrong.append(("index", "missing", "what is not stored must be told from its neighbours"))
        if self.gate_zeros and self.gate_energy_pj is None:
            wrong.append(("gate_energy", "missing", "an energy, or the word 'unknown', with gate_zeros"))
        if self.zero_share is not None and self.zero_share > 1:
            wrong.append(("zero_share", f"{self.zero_share:g} is out of range", "at most 1"))
        return wrong

    def mispriced(self, models: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
        """A price of other elements, or of words of other bits."""
        given, wrong = models.get("energy", {}), []
        name, bits = str(given.get("model")), unwrap(given.get("weights"))
        if name.startswith(_PRICES) and name != _PRICES + self.element:
            found = f"'{name}' is the price of other elements"
            wrong.append(("energy.model", found, f"take '{_PRICES}{self.element}', or give an energy"))
        if name.startswith(_PRICES) and isinstance(bits, int) and bits != self.weight.bits:
            found = f"is the price of {bits}-bit weights, the words have {self.weight.bits}"
            wrong.append(("energy.weights", found, f"set it to {self.weight.bits}, or change weight.bits"))
        return wrong

    @property
    def elements(self) -> Element:
        """What one element computes, exactly."""
        return element(self.element, self.activations, self.weight.bits)

    def storing(self, weight_bits: int) -> PeArray:
        """As a layer sees it whose words have so many bits.

        Fewer: words are shorter in the memory; an operation takes as much as ever, an upper bound. More: a word is
        divided into digits for multipliers side by side, as in precision-scalable arrays (Sharma et al., Bit Fusion,
        ISCA 2018); adding their sums, once a product, is not priced.
        Raises: ValueError for more than the elements can put together, or bits that the quantiser does not have.
        """
        digits = -(-weight_bits // self.weight.bits)
        if digits > 1 and self.element != "mac":
            raise ValueError(
                f"its '{self.element}' elements take {self.weight.bits}; 'mac' could take them in digits"
            )
        if digits > self.columns:
            raise ValueError(
                f"a word of {weight_bits} bits needs {digits} of {self.columns} elements side by side"
            )
        _ = quantiser(self.quantiser, weight_bits)
        word = Word(bits=weight_bits)
        word._digits = digits
        return self.model_copy(update={"weight": word})

    @property
    def needs_activity(self) -> bool:
        return self.gate_zeros or self.skip_zeros or self.toggle_energy_pj_per_bit is not None

    @property
    def busiest(self) -> Activity:
        return Activity(0.0, self.weight.bits / 2, self.weight.bits / 2, 1.0)

    def known(self, activity: Activity | None) -> Activity | None:
        """What is known of a matrix: its own, else what is given here for all."""
        if activity is not None or self.zero_share is None:
            return activity
        return Activity(self.zero_share)

    def multiply(self, blocks: int, weights: int, activity: Activity | None) -> Service:
        """One product with so many weights in so many blocks."""
        zeros, each = self._zeros(weights, activity), self.cells_per_weight
        actions = [Action("operation", (weights - zeros) * each, self.energy_pj or 0.0)]
        if self.gate_zeros:
            actions.append(Action("gated operation", zeros * each, self.gate_energy_pj or 0.0))
        if self.toggle_energy_pj_per_bit is not None:
            toggles = self._toggles(activity)
            actions.append(Action("bit toggled", round(weights * toggles), self.toggle_energy_pj_per_bit))
        return Service(cycles_ps(self.cycles(blocks, activity), self.clock_hz), tuple(actions))

    def cycles(self, blocks: int, activity: Activity | None) -> int:
        """Without packing one a block. What is not known of its packing is taken as perfect."""
        if not self.skip_zeros or activity is None:
            return blocks
        share = 1 - activity.zero_share if activity.busy_share is None else activity.busy_share
        return max(1, _up(blocks * share))

    @property
    def words(self) -> Quantiser:
        return quantiser(self.quantiser, self.weight.bits)

    def bits_stored(self, weights: int, activity: Activity | None) -> int:
        word = self.weight.bits + (self.index if self.skip_zeros else 0)
        return (weights - (self._zeros(weights, activity) if self.skip_zeros else 0)) * word

    def bits_read(self, weights: int, activity: Activity | None, products: int) -> int:
        """Bits of the weight memory that one product takes, of so many with the same weights."""
        return -(-self.bits_stored(weights, activity) // min(self.weights_held, products))

    @property
    def latency_ps(self) -> int:
        return cycles_ps(self.latency_cycles, self.clock_hz)

    @property
    def blocks_kept(self) -> int:
        return self.depth

    @property
    def weight_rows(self) -> int:
        return self.rows

    @property
    def weight_columns(self) -> int:
        return self.columns // self.cells_per_weight

    @property
    def cells_per_weight(self) -> int:
        """Elements that one weight takes."""
        return self.weight._digits

    def _zeros(self, weights: int, activity: Activity | None) -> int:
        counted = self.gate_zeros or self.skip_zeros
        return round(weights * activity.zero_share) if counted and activity is not None else 0

    def _toggles(self, activity: Activity | None) -> float:
        if activity is None:
            return 0.0
        found = activity.toggles_gated if self.gate_zeros or self.skip_zeros else activity.toggles
        return found or 0.0


def _reads(elements: str, name: str) -> bool:
    return type(quantiser(name, 4)) is type(ELEMENTS[elements](8, 4).words)


def _or(names: Sequence[str]) -> str:
    return " or ".join(f"'{name}'" for name in names)


def _up(value: float) -> int:
    """Rounded up, but for what arithmetic adds."""
    return -int(-(value - 1e-9) // 1)
