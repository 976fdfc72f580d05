"""How often cells were pulsed in training, and which wear out before it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xbarsim.analog.streams import stream
from xbarsim.devices.state import Floats, Wholes
from xbarsim.scenario.train_result import ArrayWearRow, WearBin
from xbarsim.spec.chip import Chip

BINS = 24
Arrays = Mapping[str, Mapping[str, Wholes]]  # by layer and array: pulses of each cell


@dataclass(frozen=True)
class Worn:
    """The first cell of an array that was worn out."""

    epoch: int
    elapsed_ps: int


@dataclass
class WearBook:
    """Follows the cells of a training. cells: by array, name under `cells`; paths: by array, component."""

    chip: Chip
    cells: Mapping[str, str]
    paths: Mapping[str, str]
    seed: int
    first: dict[tuple[str, str], Worn] = field(default_factory=dict)
    _endurance: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def look(self, epoch: int, elapsed_ps: int, wear: Arrays) -> None:
        """At the end of an epoch."""
        for layer, arrays in wear.items():
            for array, pulses in arrays.items():
                if (layer, array) in self.first or not self._knows(array):
                    continue
                if (pulses > self._lives(layer, array, pulses.shape)).any():
                    self.first[layer, array] = Worn(epoch, elapsed_ps)

    def rows(
        self, wear: Arrays, samples: int, epochs: int, projected: int | None
    ) -> tuple[ArrayWearRow, ...]:
        return tuple(
            self._row(layer, array, pulses, samples, epochs, projected)
            for layer, arrays in wear.items()
            for array, pulses in arrays.items()
        )

    def _row(
        self, layer: str, array: str, pulses: Wholes, samples: int, epochs: int, projected: int | None
    ) -> ArrayWearRow:
        first = self.first.get((layer, array))
        worn, until, ahead, endurance = 0, None, None, None
        if self._knows(array):
            endurance = float(self._cell(array).endurance)
            lives = self._lives(layer, array, pulses.shape)
            worn = int((pulses > lives).sum())
            ahead = int((pulses * ((projected or epochs) / epochs) > lives).sum())
            rates = pulses / epochs
            left = np.divide(lives, rates, out=np.full(pulses.shape, np.inf), where=rates > 0)
            until = float(left.min())
        return ArrayWearRow(
            layer, array, self.paths[array], pulses.size, float(pulses.mean()) / samples,
            float(pulses.max(initial=0)) / samples, endurance, worn, first.epoch if first else None,
            first.elapsed_ps if first else None, until, ahead,
        )  # fmt: skip

    def _cell(self, array: str) -> Any:
        return self.chip.cells[self.cells[array]]

    def _knows(self, array: str) -> bool:
        """'ideal': no cell ever wears out, which is no number to compare with."""
        keys = (f"cells.{self.cells[array]}.{key}" for key in ("endurance", "endurance_spread"))
        words = [self.chip.model_of(key) for key in keys]
        return "unknown" not in words and words[0] != "ideal"

    def _lives(self, layer: str, array: str, shape: tuple[int, ...]) -> Floats:
        """Pulses that each cell survives: the same whenever it is asked, for a seed and a place."""
        key = layer, array
        if key not in self._endurance:
            cell, rng = self._cell(array), stream(self.seed, f"{layer}/{array}", "endurance")
            scatter = np.exp(cell.endurance_spread * rng.standard_normal(shape))
            self._endurance[key] = np.asarray(cell.endurance * scatter)
        return self._endurance[key]


def histogram(wear: Arrays, samples: int) -> tuple[WearBin, ...]:
    """Cells by pulses a sample, on a logarithmic scale; those that got none are in a bin from 0 to 0."""
    by_array: dict[str, list[Wholes]] = {}
    for arrays in wear.values():
        for array, pulses in arrays.items():
            by_array.setdefault(array, []).append(pulses.ravel())
    found: list[WearBin] = []
    for array, parts in by_array.items():
        rates = np.concatenate(parts) / samples
        none, some = int((rates == 0).sum()), rates[rates > 0]
        if none:
            found.append(WearBin(array, 0.0, 0.0, none))
        if some.size:
            edges = np.geomspace(some.min(), some.max() * 1.0000001, BINS + 1)
            edges[0] = some.min()
            counts, _ = np.histogram(some, edges)
            found += [
                WearBin(array, float(low), float(high), int(n))
                for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
            ]
    return tuple(found)
