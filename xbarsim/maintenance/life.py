"""A network from the day it is written: its cells are corrected, compensated, probed, and wear out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from xbarsim.analog.block import Block
from xbarsim.analog.layers import CONVERTED, AnalogLayer
from xbarsim.analog.network import AnalogNetwork, convert_to_analog
from xbarsim.analog.self_correction import Monitor
from xbarsim.analog.settings import Numerics
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Rounds

_BATCH = 2048  # inputs that are classified at once


@dataclass(frozen=True)
class FailedCell:
    """A cell that is worn out: its block, its place in it, and how old the chip was then."""

    block: str
    place: tuple[int, ...]
    age_s: float
    writes: int


@dataclass(frozen=True)
class Learnt:
    """A network whose weights are known, and the test set on which its accuracy is measured.

    weights, data: what the workload file calls them.
    """

    network: nn.Module
    inputs: Tensor
    labels: Tensor
    weights: str = ""
    data: str = ""

    def first(self, samples: int | None) -> Learnt:
        """With so many samples of the test set; None: all."""
        return replace(self, inputs=self.inputs[:samples], labels=self.labels[:samples])

    @property
    def sha256(self) -> str:
        """Of all weights, in the network's order."""
        digest = sha256()
        for values in self.parameters():
            digest.update(values.tobytes())
        return digest.hexdigest()

    @property
    def layers(self) -> set[str]:
        """Places of the layers that go onto arrays."""
        return {name for name, module in self.network.named_modules() if type(module) in CONVERTED}

    def parameters(self) -> list[NDArray[np.float32]]:
        return [values.detach().numpy() for values in self.network.parameters()]

    @torch.no_grad()
    def accuracy(self, network: nn.Module | None = None) -> float:
        """Share of the test set that a network (its own, on a computer, if none is given) classifies rightly."""
        network, right = network or self.network, 0
        for first in range(0, len(self.labels), _BATCH):
            part = slice(first, first + _BATCH)
            right += int((network(self.inputs[part]).argmax(dim=1) == self.labels[part]).sum())
        return right / len(self.labels)


class Life:
    """One network with noise of its own, on a clock in seconds from when it was written.

    Only what a decision or a probe asks for is read; between them nothing is done.
    """

    def __init__(self, learnt: Learnt, numerics: Numerics, policy: Policy, seed: int):
        settings = replace(numerics, compensation=policy.compensation)
        self.analog: AnalogNetwork = convert_to_analog(learnt.network, settings, seed)
        self.policy, self.learnt = policy, learnt
        self.analog.program_analog_weights()
        self.layers: dict[str, AnalogLayer] = {layer.path: layer for layer in self.analog.layers()}
        self.monitor = Monitor(self.analog)
        self.failed: list[FailedCell] = []
        self._first_writes = self.writes()

    # --- upkeep --------------------------------------------------------------------------------

    @torch.no_grad()
    def correct(
        self, layer: str, blocks: Sequence[int], at_s: float, times: int = 1, every_s: float = 0.0
    ) -> None:
        """Write some blocks of a layer anew; `times`: so often, every_s apart, the last time at `at_s`."""
        chosen = [self.layers[layer].blocks[number] for number in blocks]
        before = [None if block.state is None else block.state.stuck for block in chosen]
        for block, stuck in zip(chosen, before, strict=True):
            block.write(at_s, times)
            self._note_failed(block, stuck, at_s, times, every_s)
        self.monitor.remember_layer(self.layers[layer])

    def _note_failed(
        self, block: Block, before: NDArray[np.bool_] | None, at_s: float, times: int, every_s: float
    ) -> None:
        state = block.state
        if state is None or before is None or state.endurance is None:
            return
        first_write = state.writes - times + 1  # of those that were done now
        for place in zip(*np.nonzero(state.stuck & ~before), strict=True):
            last = int(np.floor(state.endurance[place])) + 1  # the write that it did not survive
            later = times - 1 - (last - int(first_write[place]))
            cell = tuple(int(index) for index in place)
            self.failed.append(FailedCell(block.path, cell, at_s - later * every_s, last))

    def outlook(self, layer: str, at_s: float) -> tuple[float, float]:
        """Mean and standard deviation of the distance that a look at the layer would find."""
        self._read(layer, at_s, noisy=False)
        return self.monitor.outlook(self.layers[layer])

    def floors(self, at_s: float) -> Mapping[str, float]:
        """Layer -> the distance that read noise alone leaves."""
        for layer in self.layers:
            self._read(layer, at_s)
        return self.monitor.floor(self.analog)

    @torch.no_grad()
    def _read(self, layer: str, at_s: float, noisy: bool = True) -> None:
        """Take the cells as they are at an age, with the factors of compensation that were measured last."""
        for block in self.layers[layer].blocks:
            factor = self._factor(block, at_s, noisy)
            block.read(at_s - block.written_at_s, noisy)
            block.compensation = factor

    def _factor(self, block: Block, at_s: float, noisy: bool) -> Tensor | None:
        """What was measured last before now: what is measured at this very instant comes later."""
        every_s = self.policy.compensate_every_s
        if every_s is None:
            return None
        rounds = Rounds.of(every_s)
        done = rounds.number(round(Fraction(at_s) * PS_PER_S) - 1)
        measured_s = rounds.at_ps(done - 1) / PS_PER_S
        if measured_s <= block.written_at_s:
            return None
        block.age(measured_s - block.written_at_s, noisy)
        return block.compensation

    # --- what becomes of it ----------------------------------------------------------------------

    @torch.no_grad()
    def accuracy(self, at_s: float) -> float:
        """Share of the test set that is classified rightly."""
        for layer in self.layers:
            self._read(layer, at_s)
        return self.learnt.accuracy(self.analog)

    def writes(self) -> NDArray[np.int64]:
        """Of every cell."""
        return np.concatenate(
            [block.state.writes.ravel() for block in self._blocks() if block.state is not None]
        )

    def corrections(self) -> NDArray[np.int64]:
        """Writes of every cell since the chip was new."""
        return self.writes() - self._first_writes

    @property
    def all_are_written(self) -> bool:
        """Whether every programming writes every cell; some technologies leave those alone that stand right."""
        cells = self.analog.numerics.cells
        states = [block.state for block in self._blocks() if block.state is not None]
        again = [cells.written_again(state) for state in states] if cells is not None else []
        return all(flags is not None and flags.all() for flags in again)

    def endurance(self) -> NDArray[np.float64] | None:
        """Writes that every cell survives; None where the technology does not know."""
        known = [block.state.endurance for block in self._blocks() if block.state is not None]
        if any(values is None for values in known):
            return None
        return np.concatenate([values.ravel() for values in known if values is not None])

    def stuck(self) -> float:
        """Share of the cells that are worn out."""
        flags = [block.state.stuck.ravel() for block in self._blocks() if block.state is not None]
        return float(np.concatenate(flags).mean())

    def oldest_s(self, at_s: float) -> float:
        """Age of the block that was not written for longest."""
        return max(at_s - block.written_at_s for block in self._blocks())

    def _blocks(self) -> list[Block]:
        return [block for layer in self.layers.values() for block in layer.blocks]
