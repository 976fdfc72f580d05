"""What hardware-aware fine-tuning is for: digits networks, with the weights that ship, on phase-change memory.

Fine-tuning also trains longer, so a control is trained as long without noise and clipping. Means of 10 programmings.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from torch import nn

import xbarsim as xs
from tests.analog.digits import pcm
from xbarsim.analog import ArraySize, Awareness, Numerics, Schedule, convert_to_analog, fine_tune
from xbarsim.workload.load import Workload

DAY_S = 86_400.0
PROGRAMMINGS = 10


@cache
def work(name: str) -> Workload:
    return xs.load_workload(name)


@cache
def network(name: str, weights: str) -> nn.Module:
    if weights != "control":
        return work(name).network(weights)
    as_long = Schedule(epochs=40, batch=64, learning_rate=0.05)  # as workloads/train_digits.py
    return fine_tune(work(name).network("plain"), *work(name).training_set(), Awareness(0.0), as_long)


@cache
def after_a_day(name: str, weights: str, noise: float, compensation: str) -> float:
    """Mean accuracy."""
    found = []
    for seed in range(PROGRAMMINGS):
        numerics = Numerics(
            ArraySize(512, 512),
            pcm(noise),
            compensation=compensation,
            weight_range="array",
            read_noise="held",
        )
        analog = convert_to_analog(network(name, weights), numerics, seed)
        analog.program_analog_weights()
        analog.drift_analog_weights(DAY_S)
        found.append(xs.accuracy(analog, *work(name).test_set()))
    return float(np.mean(found))


@pytest.mark.parametrize("compensation", ["none", "global"])
@pytest.mark.parametrize(("name", "gain"), [("mlp_digits", 0.005), ("cnn_digits", 0.03)])
def test_fine_tuned_weights_are_right_more_often_after_a_day(name, gain, compensation):
    plain, tuned = (after_a_day(name, weights, 1.0, compensation) for weights in ("plain", "aware"))
    assert tuned > plain + gain


def test_fine_tuned_weights_of_the_convolutions_lose_less_of_their_own():
    """Compensated: the plain network loses more than 2 points of its float accuracy, the fine-tuned one less than 1."""
    lost = {
        weights: xs.accuracy(network("cnn_digits", weights), *work("cnn_digits").test_set())
        - after_a_day("cnn_digits", weights, 1.0, "global")
        for weights in ("plain", "aware")
    }
    assert lost["plain"] > 0.02
    assert lost["aware"] < 0.01


@pytest.mark.parametrize(("name", "gain"), [("mlp_digits", 0.005), ("cnn_digits", 0.1)])
def test_it_is_the_noise_that_helps_and_not_the_longer_training(name, gain):
    """At three times the noise, compensated; at once the noise both are near their float accuracy."""
    assert after_a_day(name, "aware", 3.0, "global") > after_a_day(name, "control", 3.0, "global") + gain


def test_more_than_the_control_at_the_noise_of_the_technology():
    assert after_a_day("cnn_digits", "aware", 1.0, "global") > after_a_day(
        "cnn_digits", "control", 1.0, "global"
    )
