"""The pulsed update of one array beside a dense outer product of the same batch, in one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.conftest import Row
from benchmarks.measure import least_s
from xbarsim.devices.pulsed import load_pulsed_device
from xbarsim.training.array import PulsedArray
from xbarsim.training.trains import Pulsing, drawn, plan

SIZE, BATCH, ROUNDS, LONGEST = 512, 64, 30, 5


@pytest.mark.parametrize("noise", ["0.3", "0"])
@pytest.mark.parametrize("share", [0.1, 0.3], ids=["sparse", "dense"])
def test_update(benchmark: Any, row: Row, share: float, noise: str) -> None:
    """Trains of up to 5 slots, soft-bounds devices that differ; plan, draws and pulses, per sample.

    share: of outputs with an error, as behind rectifiers; inputs are half at rest.
    """
    rng = np.random.default_rng(0)
    device = load_pulsed_device("soft_bounds", [f"noise={noise}", "step=0.002"])
    array = PulsedArray(device, (SIZE, SIZE), rng)
    x = np.maximum(rng.standard_normal((BATCH, SIZE)), 0)
    d = rng.standard_normal((BATCH, SIZE)) * (rng.random((BATCH, SIZE)) < share)
    rates = LONGEST * device.step / (np.abs(x).max(axis=1) * np.abs(d).max(axis=1))
    pulses = 0

    def update() -> None:
        nonlocal pulses
        trains = drawn(plan(x, d, rates, device.step, Pulsing(LONGEST)), rng)
        array.apply(trains)
        pulses += int(trains.coincidences().sum())

    benchmark.pedantic(update, rounds=ROUNDS, warmup_rounds=2)
    assert array.pulses.sum() == pulses > 0  # each one counted where it went
    weights, left, right = (value.astype(np.float32) for value in (array.held, d.T, x))

    def outer() -> None:
        weights[...] += left @ right

    update_s, outer_s = benchmark.stats.stats.min, least_s(outer, ROUNDS)
    each = pulses / (ROUNDS + 2) / BATCH / SIZE**2
    row(
        "training", noise=noise, pulses_a_cell=each, update_us=update_s / BATCH * 1e6,
        outer_us=outer_s / BATCH * 1e6, ratio=update_s / outer_s,
    )  # fmt: skip
