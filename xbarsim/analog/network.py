"""A network whose linear and convolution layers run on array blocks, at any age of their cells."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from xbarsim.analog.block import Block, Worn
from xbarsim.analog.layers import CONVERTED, AnalogLayer, on_arrays
from xbarsim.analog.settings import Numerics


class AnalogNetwork(nn.Module):
    """What `convert_to_analog` returns. Called like the network that it was made from.

    Before `program_analog_weights` the weights are those of the network, exactly. After it each block has an age:
    the time since it was written, on one clock.

    now_s: that clock. digital: modules with weights that are no layers on arrays, and stay as they are.
    """

    def __init__(self, network: nn.Module, numerics: Numerics, seed: int):
        super().__init__()
        self.numerics, self.seed = numerics, seed
        self.now_s = 0.0
        self._zero_s: float | None = None  # when all weights were written
        copied = deepcopy(network).eval()
        self.network = _converted("", copied, numerics, seed, {})
        self.digital = tuple(_digital(self.network))

    @torch.no_grad()
    def forward(self, *inputs: Any, **named: Any) -> Any:
        return self.network(*inputs, **named)

    def layers(self) -> Iterator[AnalogLayer]:
        """Layers on arrays, each once."""
        return (module for module in self.network.modules() if isinstance(module, AnalogLayer))

    def layer(self, path: str) -> AnalogLayer:
        found = {layer.path: layer for layer in self.layers()}
        if path not in found:
            raise ValueError(f"no layer '{path}' on arrays; there are: {', '.join(found)}")
        return found[path]

    # --- the clock -----------------------------------------------------------------------------

    @torch.no_grad()
    def program_analog_weights(self) -> None:
        """Write all weights into cells, now. Ages count from here."""
        self._zero_s = self.now_s
        for layer in self.layers():
            self._write(layer.blocks)

    def drift_analog_weights(self, t_inference: float = 0.0) -> None:
        """Set the clock to so many seconds after `program_analog_weights`, read the cells, compensate drift.

        Calls do not add up: each says how old the weights are. `wait` is for seconds from now.
        """
        if t_inference < 0:
            raise ValueError(
                f"t_inference is {t_inference}; allowed: seconds from 0, after all weights were written"
            )
        self._at(self._programmed() + t_inference)

    def wait(self, seconds: float) -> None:
        """Let the clock go on, read the cells, compensate drift."""
        if seconds < 0:
            raise ValueError(f"seconds is {seconds}; allowed: from 0")
        self._programmed()
        self._at(self.now_s + seconds)

    @torch.no_grad()
    def rewrite(self, path: str, blocks: list[int] | None = None, times: int = 1) -> None:
        """Write a layer, or some of its blocks, anew, now: with new programming noise, at age 0.

        times: as if they were written that often, the last time now; a million takes no longer than two.
        """
        self._programmed()
        self._write(self._chosen(path, blocks), times)

    @torch.no_grad()
    def restore(self, path: str, blocks: list[int] | None = None) -> None:
        """Let a layer, or some of its blocks, compute with the weights as they were meant, until the clock moves.

        No cell is written; ages and compensation stay. See `self_correction` for what that is good for.
        """
        self._programmed()
        for block in self._chosen(path, blocks):
            block.restore()

    def worn(self) -> dict[str, Worn]:
        """What writing has done to the cells of each block."""
        return {block.path: block.worn for layer in self.layers() for block in layer.blocks}

    def _chosen(self, path: str, blocks: list[int] | None) -> list[Block]:
        layer = self.layer(path)
        return layer.blocks if blocks is None else [layer.blocks[number] for number in blocks]

    def ages_s(self) -> dict[str, float]:
        """Seconds since each block was written."""
        self._programmed()
        return {b.path: self.now_s - b.written_at_s for layer in self.layers() for b in layer.blocks}

    def _programmed(self) -> float:
        if self._zero_s is None:
            raise ValueError("the weights are not in cells yet; call program_analog_weights() first")
        return self._zero_s

    @torch.no_grad()
    def _at(self, now_s: float) -> None:
        blocks = [block for layer in self.layers() for block in layer.blocks]
        late = next((block for block in blocks if block.written_at_s > now_s), None)
        if late is not None:
            raise ValueError(
                f"{late.path} was written at {late.written_at_s:g} s; the clock cannot go back to {now_s:g} s"
            )
        self.now_s = now_s
        for block in blocks:
            block.age(now_s - block.written_at_s)

    def _write(self, blocks: list[Block], times: int = 1) -> None:
        for block in blocks:
            block.write(self.now_s, times)


def convert_to_analog(network: nn.Module, numerics: Numerics, seed: int = 0) -> AnalogNetwork:
    """A copy of a network with its Linear, Conv1d and Conv2d layers on array blocks.

    seed: of everything random in it, by the place of each block.
    """
    if not isinstance(numerics, Numerics):
        raise TypeError(
            f"numerics is a {type(numerics).__name__}; give xbarsim.analog.Numerics(chip or ArraySize)"
        )
    return AnalogNetwork(network, numerics, seed)


def _converted(
    path: str, module: nn.Module, numerics: Numerics, seed: int, known: dict[int, nn.Module]
) -> nn.Module:
    """The module with its layers replaced, those that stand in several places by the same."""
    if id(module) in known:
        return known[id(module)]
    # Derived layers may do anything with their weights: they stay digital.
    if type(module) in CONVERTED:
        known[id(module)] = on_arrays(path or "network", module, numerics, seed)
        return known[id(module)]
    known[id(module)] = module
    for name, child in list(module._modules.items()):  # named_children leaves repeated ones out
        if child is not None:
            setattr(
                module, name, _converted(f"{path}.{name}" if path else name, child, numerics, seed, known)
            )
    return module


def _digital(network: nn.Module) -> Iterator[str]:
    """Modules that keep weight matrices of their own."""
    for path, module in network.named_modules():
        if any(parameter.dim() > 1 for parameter in module.parameters(recurse=False)):
            yield f"{path or 'network'} ({type(module).__name__})"
