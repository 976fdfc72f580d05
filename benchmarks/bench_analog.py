"""A noisy product on memory cells against torch's own linear layer, in one process: how much longer it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks.conftest import Row
from benchmarks.measure import least_s
from xbarsim.analog import ArraySize, Converter, Numerics, Periphery, convert_to_analog
from xbarsim.devices.load import load_technology

SIZE, BATCH, ROUNDS = 512, 64, 300
THREADS = sorted({1, torch.get_num_threads()})
EIGHT_BITS = 1 / 254
# The first cuts outputs at the ADC's bound, the second does vectors again whose outputs are cut: most of these.
BOUNDS = ("none", "iterative")


@pytest.fixture(params=THREADS)
def threads(request: Any) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("bounds", BOUNDS)
def test_product(benchmark: Any, row: Row, threads: int, bounds: Any) -> None:
    """One array block: pairs of phase-change cells an hour old, read noise in each product, 8-bit DAC and ADC."""
    torch.manual_seed(0)
    linear, inputs = nn.Linear(SIZE, SIZE), torch.randn(BATCH, SIZE)
    converters = Periphery(Converter(1.0, EIGHT_BITS), Converter(10.0, EIGHT_BITS), "abs_max", bounds)
    numerics = Numerics(
        ArraySize(SIZE, SIZE),
        load_technology("pcm"),
        periphery=converters,
        weight_range="array",
        compensation="global",
    )
    analog = convert_to_analog(linear, numerics)
    analog.program_analog_weights()
    analog.drift_analog_weights(3600)
    with torch.no_grad():
        error = (analog(inputs) - linear(inputs)).norm() / linear(inputs).norm()
        assert 0.05 < error < 0.5  # the same layer, with noise
        vectors = vectors_through(analog, inputs)
        benchmark.pedantic(analog, (inputs,), rounds=ROUNDS, warmup_rounds=5)
        linear_s = least_s(lambda: linear(inputs), ROUNDS)
    analog_s = benchmark.stats.stats.min
    row("analog", bounds=bounds, threads=threads, vectors=vectors, analog_s=analog_s, linear_s=linear_s)


def vectors_through(analog: nn.Module, inputs: torch.Tensor) -> int:
    """Vectors that go through the array: those that drive an output out of range do so again."""
    through = Periphery._once
    sizes: list[int] = []

    def counted(self: Periphery, vectors: torch.Tensor, *rest: Any) -> torch.Tensor:
        sizes.append(len(vectors))
        return through(self, vectors, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Periphery, "_once", counted)
        analog(inputs)
    return sum(sizes)
