"""One array block: its weights as conductances, when they were written, and its products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from xbarsim.analog.codebook import Codes
from xbarsim.analog.periphery import Stored
from xbarsim.analog.pieces import Piece
from xbarsim.analog.settings import Numerics
from xbarsim.analog.streams import stream, torch_stream
from xbarsim.devices.state import State
from xbarsim.devices.technology import Technology

Values = NDArray[np.float64]
_LEAST_ANSWER = 1e-4  # of a probe, so that an empty array can be compensated too


@dataclass(frozen=True)
class Worn:
    """What writing has done to the cells of a block.

    most_writes: of any cell. stuck: share of the cells that are. least_remaining: writes that each of the others
    survives at least (inf: endless, or all are stuck); None: the technology's endurance is not known.
    """

    most_writes: int
    stuck: float
    least_remaining: float | None


class Block:
    """The part of a weight matrix that stands in one array.

    path: its name, from which its random numbers follow. state: of its cells, None before they are written.
    codes: the integers (m+, m-) of its weights, where they are from a codebook: what a pulse generator writes.
    written_at_s: when they were, on the network's clock; writes: how often.
    compensation: factor on the outputs, of all or of each.
    """

    def __init__(self, path: str, piece: Piece, numerics: Numerics, seed: int, dtype: torch.dtype):
        self.path, self.numerics, self.dtype = path, numerics, dtype
        self.inputs, self.outputs = piece.inputs, piece.outputs
        self.scale = _scale(piece.weights, numerics.weight_range)
        self.codes: Codes | None = None
        self._written_largest, self.digits = self._digits(piece.weights)
        self.largest = self._written_largest
        self.state: State | None = None
        self._standing: State | None = None  # what is read: `state`, or its pairs split anew
        self._standing_largest = self.largest
        self._read_spread: Callable[[], Values | None] = _no_spread  # of the cells as they were last read
        self.written_at_s = 0.0
        self.writes = 0
        self.compensation: Tensor | None = None
        self._writing, self._reading = stream(seed, path, "writing"), stream(seed, path, "reading")
        self._noise = torch_stream(seed, path, "products")
        self._out_scale = torch.as_tensor(self.scale.reshape(-1), dtype=dtype)
        self._take(self.digits, None)

    def _digits(self, weights: Values) -> tuple[float, Values]:
        """The weight that a cell at its highest conductance stands for, and the digits of all."""
        book = self.numerics.codebook
        if book is None:
            scaled = weights / self.scale
            largest = float(np.abs(scaled).max()) or 1.0
            return largest, self.numerics.encoding.digits(scaled / largest)
        unit = float(self.scale.flat[0])  # the same for all outputs, with a codebook
        self.codes = book.encode(weights, self.numerics.tolerance)
        if self.numerics.pairs == "net":
            net = book.decode(self.codes)
            largest = float(np.abs(net).max())
            return largest / unit, self.numerics.encoding.digits(net / largest)
        largest = book.multiples * max(book.step_plus, book.step_minus)
        pairs = self.codes * np.array([book.step_plus, book.step_minus])
        return largest / unit, np.moveaxis(pairs, -1, 0)[None] / largest

    # --- cells ---------------------------------------------------------------------------------

    def write(self, now_s: float, times: int = 1) -> None:
        """Write the cells anew, and take the answer to a probe as what compensation leads back to.

        times: as if they were written that often, the last time now.
        """
        if times < 1:
            raise ValueError(f"{self.path}: {times} writes; allowed: a whole number from 1")
        if self.numerics.cells is not None:
            self.state = self._programmed(self.numerics.cells, times)
            self._standing = self._split_anew(self.numerics.cells, self.state)
        self.written_at_s, self.writes, self.compensation = now_s, self.writes + times, None
        self.read(0.0)
        if self.numerics.compensation != "none":
            self._reference = self._answer()

    def wear(self, rewrites: int) -> None:
        """Rewrite the cells so often, in the time of a few: writes are counted, what is worn out gets stuck, and the
        last write draws noise. Its age counts from when the block was last written; `write` takes another time.

        Raises: ValueError if the cells were never written.
        """
        if not self.writes:
            raise ValueError(f"{self.path}: the weights are not in cells yet; write them first")
        self.write(self.written_at_s, rewrites)

    @property
    def worn(self) -> Worn:
        """Of ideal cells, only how often they were written."""
        if self.state is None or self.numerics.cells is None:
            return Worn(self.writes, 0.0, float("inf"))
        most, stuck = int(self.state.writes.max(initial=0)), self.state.stuck
        if self.state.endurance is None:
            return Worn(most, 0.0, None)
        left = self.numerics.cells.remaining_writes(self.state)[~stuck]
        return Worn(most, float(stuck.mean()), float(left.min(initial=np.inf)))

    def _programmed(self, cells: Technology, times: int) -> State:
        if self.state is not None:
            return cells.rewrite(self.state, times, self._writing, self.numerics.scheme)
        target = cells.lowest_usiemens + self.digits * (cells.highest_usiemens - cells.lowest_usiemens)
        state = cells.program(target, self._writing, self.numerics.scheme)
        return cells.rewrite(state, times - 1, self._writing, self.numerics.scheme)

    def _split_anew(self, cells: Technology, state: State) -> State:
        """With pairs of the net weight: one cell of each pair empty, the largest difference at the highest."""
        if self.numerics.pairs == "apart":
            return state
        span = cells.highest_usiemens - cells.lowest_usiemens
        net = (state.programmed_usiemens[:, :1] - state.programmed_usiemens[:, 1:]) / span
        most = float(np.abs(net).max()) or 1.0
        self._standing_largest = self._written_largest * most
        pairs = np.concatenate([np.maximum(net, 0), np.maximum(-net, 0)], axis=1) / most
        return replace(state, programmed_usiemens=cells.lowest_usiemens + pairs * span)

    def restore(self) -> None:
        """Let products see the weights as they were meant, exactly, until the cells are next read.

        No cell is written: state, age and compensation stay. This is a rewrite as the published programme does it;
        `write` is what hardware does.
        """
        self.largest, self._read_spread = self._written_largest, _no_spread
        self._take(self.digits, None)

    def age(self, age_s: float, noisy: bool = True) -> None:
        """Read the cells at an age, and compensate."""
        self.read(age_s, noisy)
        if self.numerics.compensation != "none":
            self.compensation = None
            self.compensation = self._reference / self._answer()

    def read(self, age_s: float, noisy: bool = True) -> None:
        """Take the conductances at an age for the products from now on; not noisy: what they are on average."""
        cells = self.numerics.cells
        if cells is None or self._standing is None:
            return
        self.largest, span = self._standing_largest, cells.highest_usiemens - cells.lowest_usiemens
        held = self.numerics.read_noise == "held"
        found = cells.conductance_usiemens(self._standing, age_s, self._reading if held and noisy else None)
        self._read_spread = partial(self._relative_spread, cells, self._standing, found, age_s)
        self._take((found - cells.lowest_usiemens) / span, None if held or not noisy else self._read_spread())

    def _relative_spread(self, cells: Technology, state: State, found: Values, age_s: float) -> Values | None:
        """Standard deviation of one read of each cell, in parts of its range."""
        spread = cells.read_spread(state, found, np.asarray(age_s, dtype=np.float64))
        if spread is None:
            return None
        return np.broadcast_to(spread, found.shape) / (cells.highest_usiemens - cells.lowest_usiemens)

    def weights(self) -> Values:
        """The weights that the cells stand for now, not compensated: (groups, outputs, inputs of each)."""
        return self.numerics.encoding.weights(self._read) * self.largest * self.scale

    def _take(self, digits: Values, spread: Values | None) -> None:
        """Digits as they are read, and the standard deviation of each that products draw anew."""
        self._read = digits
        self._stored = self._as_stored(digits, spread)

    def _as_stored(self, digits: Values, spread: Values | None) -> Stored:
        weights = self._laid_out(self.largest * self.numerics.encoding.signed(digits), 1)
        variance = None
        if spread is not None:
            variance = self._laid_out(((self.largest * spread) ** 2).sum(axis=1), 2)
        return self.numerics.periphery.stored(weights, variance)

    def _laid_out(self, slices: Values, power: int) -> Tensor:
        """What is multiplied by, output by output, slices one after another, or put together; their significance
        enters with a power."""
        if not self._by_slice:
            slices = np.tensordot(self.numerics.encoding.significance**power, slices, axes=1)[None]
        diagonal = np.stack([_diagonal(groups) for groups in slices])
        return torch.as_tensor(diagonal.reshape(-1, diagonal.shape[-1]), dtype=self.dtype)

    @property
    def _by_slice(self) -> bool:
        """Whether slices are converted one by one, so that it matters that they are several."""
        return self.numerics.encoding.slices > 1 and not self.numerics.periphery.linear

    # --- products ------------------------------------------------------------------------------

    def product(self, inputs: Tensor) -> Tensor:
        """inputs (vectors, n) of this block: its outputs (vectors, m)."""
        result = self._analog(inputs)
        shift = self.numerics.encoding.shift * self.largest
        if shift:
            if self.compensation is not None:
                result *= self.compensation
            return (result - shift * self._sums(inputs)) * self._out_scale
        return result.mul_(self._gain)

    @property
    def _gain(self) -> Tensor:
        """Of the outputs, after conversion: compensation, and the units of the weights."""
        return self._out_scale if self.compensation is None else self._out_scale * self.compensation

    def spread(self, inputs: Tensor) -> Tensor:
        """inputs (vectors, n): standard deviation of the outputs (vectors, m) over reads at this age."""
        seen = self._as_stored(self._read, self._read_spread())
        result = self.numerics.periphery.spread(inputs, seen)
        if self._by_slice:
            result = self._together(result**2, self._significance**2).sqrt()
        return result * self._gain

    def _analog(self, inputs: Tensor) -> Tensor:
        """Through array and converters, slices put together."""
        result = self.numerics.periphery.product(inputs, self._stored, self._noise)
        return self._together(result, self._significance) if self._by_slice else result

    @property
    def _significance(self) -> Tensor:
        return torch.as_tensor(self.numerics.encoding.significance, dtype=self.dtype)

    @staticmethod
    def _together(slices: Tensor, weights: Tensor) -> Tensor:
        """Slices that stand one after another (vectors, slices x m), weighed and added: (vectors, m)."""
        apart = slices.reshape(*slices.shape[:-1], len(weights), -1)
        return (apart * weights[:, None]).sum(dim=-2)

    def _sums(self, inputs: Tensor) -> Tensor:
        """For each output the sum of the inputs that its cells see: those of its group."""
        groups, outputs, _ = self.scale.shape
        return inputs.reshape(*inputs.shape[:-1], groups, -1).sum(dim=-1).repeat_interleave(outputs, dim=-1)

    def _answer(self) -> Tensor:
        """Mean size of the outputs when one input after another is 1: of all, or of each."""
        probe = torch.eye(self.inputs.stop - self.inputs.start, dtype=self.dtype)
        answer = self._analog(probe).abs()
        by_output = self.numerics.compensation == "column"
        return (answer.mean(dim=0) if by_output else answer.mean()).clamp(min=_LEAST_ANSWER)


def _no_spread() -> Values | None:
    """Of cells that are not read."""
    return None


def _scale(weights: Values, weight_range: str) -> Values:
    """What stored weights are multiplied by at the output: (groups, outputs, 1)."""
    if weight_range == "column":
        scale = np.abs(weights).max(axis=2, keepdims=True)
    elif weight_range == "array":
        scale = np.full((*weights.shape[:2], 1), np.abs(weights).max())
    else:
        scale = np.ones((*weights.shape[:2], 1))
    return np.where(scale > 0, scale, 1.0)


def _diagonal(groups: Values) -> Values:
    """Matrices of groups on the diagonal of one; the cells beside them are empty."""
    count, outputs, inputs = groups.shape
    if count == 1:
        return groups.reshape(outputs, inputs)
    whole = np.zeros((count, outputs, count, inputs))
    each = np.arange(count)
    whole[each, :, each, :] = groups
    return whole.reshape(count * outputs, count * inputs)
