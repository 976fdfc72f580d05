"""NeuRRAM from 1 to 8 input bits: fitted at both ends, predicted between (Wan et al., Nature 2022, ED Fig. 12)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.validations import validation_of
from xbarsim.components.neuron import Neuron
from xbarsim.components.ternary import TernaryDac
from xbarsim.spec.figures import Reported, published
from xbarsim.spec.load import load_chip
from xbarsim.validation.outcome import Row

PARTS = ("energy of word lines", "energy of neurons", "energy of input drivers")
OPERATIONS = 2 * 128 * 256  # of one product
ONE_PHASE = "one_phase"
FITTED, BETWEEN = (1, 8), range(2, 8)


def rows(figure: str, kind: str) -> list[Row]:
    return [row for row in validation_of("neurram").rows if (row.figure, row.kind) == (figure, kind)]


def errors(figure: str, kind: str = "blind") -> list[float]:
    return [row.error for row in rows(figure, kind)]


@cache
def measured(figure: str) -> dict[int, float]:
    """Published values by input bits."""
    chip = load_chip("neurram")
    rows = [row for row in chip.header.reported if row.figure == figure and ONE_PHASE not in row.mode]
    return {bits_of(row): published(row) for row in rows}


def bits_of(row: Reported) -> int:
    return int(row.mode.removesuffix("b").rpartition("_in")[2])


# --- what is shipped --------------------------------------------------------------------------------


def test_six_parameters_were_fitted_to_eight_numbers() -> None:
    assert (validation_of("neurram").parameters, validation_of("neurram").numbers) == (6, 8)


def test_throughput_between_is_predicted_within_two_percent() -> None:
    """4/2 to 9/7 bits, and 7/5 and 8/6 in one phase."""
    assert np.abs(errors("peak throughput", "calibrated")).max() < 0.004
    assert len(errors("peak throughput")) == 8
    assert np.abs(errors("peak throughput")).max() < 0.02


@pytest.mark.parametrize("figure", PARTS)
def test_energy_of_each_part_is_predicted_within_nine_percent(figure: str) -> None:
    assert len(errors(figure)) == 6
    assert np.abs(errors(figure)).max() < 0.09


def test_only_one_pair_of_efficiencies_is_off_and_fits_when_exchanged() -> None:
    efficiency = rows("peak energy efficiency", "blind")
    two, one = (row for row in efficiency if row.verdict == "explained")
    assert max(abs(row.error) for row in efficiency if row.verdict == "inside") < 0.06
    assert (two.error, one.error) == pytest.approx((0.146, -0.111), abs=0.001)
    assert two.simulated / one.published - 1 == pytest.approx(0.038, abs=0.001)
    assert one.simulated / two.published - 1 == pytest.approx(-0.018, abs=0.001)


def test_the_parts_add_up_to_the_published_efficiency_but_for_the_exchanged_one() -> None:
    sums = {bits: 1e12 / sum(measured(part)[bits] for part in PARTS) for bits in range(1, 9)}
    off = {bits: sums[bits] / (measured("peak energy efficiency")[bits] / 1e12) / 1e12 - 1 for bits in sums}
    assert off.pop(6) == pytest.approx(0.11, abs=0.005)
    assert max(map(abs, off.values())) < 0.02


# --- which part goes with what: the same fit with other counts ---------------------------------------


def counts(bits: int) -> dict[str, int]:
    """Pulses, cycles, steps and segments of a product, as the components count them."""
    chip = load_chip("neurram", [f"precision.activations={bits}", f"core.adc.bits={bits + 2}"])
    driver, neuron = chip.parts["core.dac"].spec, chip.parts["core.adc"].spec
    assert isinstance(driver, TernaryDac)
    assert isinstance(neuron, Neuron)
    feed = driver.feed(bits)
    cycles, steps = sum(c.cycles for c in feed.conversions), neuron.steps(feed.conversions)
    return {
        "pulses": feed.reads,
        "cycles": cycles,
        "steps": steps,
        "segments": len(feed.conversions),
        "cycles and steps": cycles + steps,
    }


COUNTS = {bits: counts(bits) for bits in range(1, 9)}


def fit(values: dict[int, float], drivers: tuple[str, ...], to: tuple[int, ...] = FITTED) -> dict[int, float]:
    """Relative errors at all bits after a fit of one factor for each driver to a few of them."""
    table = {bits: [COUNTS[bits][driver] for driver in drivers] for bits in values}
    relative = np.array([np.array(table[bits]) / values[bits] for bits in to])
    factors = np.linalg.lstsq(relative, np.ones(len(to)), rcond=None)[0]
    return {bits: float(np.dot(table[bits], factors) / values[bits] - 1) for bits in values}


def worst(errors_by_bits: dict[int, float], bits=BETWEEN) -> float:
    return max(abs(errors_by_bits[each]) for each in bits)


def times_ps() -> dict[int, float]:
    """Of one product on each of 48 cores."""
    return {bits: 48 * OPERATIONS / ops * 1e12 for bits, ops in measured("peak throughput").items()}


def test_counts_by_bits() -> None:
    assert [tuple(COUNTS[bits].values())[:4] for bits in COUNTS] == [
        (1, 1, 4, 1), (1, 1, 5, 1), (2, 3, 6, 1), (3, 7, 7, 1), (4, 6, 14, 2), (5, 10, 15, 2), (6, 14, 17, 2),
        (7, 22, 18, 2),
    ]  # fmt: skip


def test_time_goes_with_cycles_and_steps() -> None:
    """One time for both does as well as one for each."""
    assert worst(fit(times_ps(), ("cycles", "steps"))) < 0.02
    assert worst(fit(times_ps(), ("cycles and steps",))) < 0.02
    assert worst(fit(times_ps(), ("cycles",))) > 0.5
    assert worst(fit(times_ps(), ("steps",))) > 0.25


def test_word_lines_go_with_pulses_and_a_part_for_each_segment() -> None:
    energy = measured("energy of word lines")
    assert worst(fit(energy, ("segments", "pulses"))) < 0.09
    assert worst(fit(energy, ("segments", "pulses")), range(3, 8)) < 0.015  # 1 and 2 bits have one pulse each
    assert worst(fit(energy, ("pulses",)), FITTED) > 0.09
    assert worst(fit(energy, ("segments", "cycles"))) > 0.2


def test_input_drivers_go_with_pulses_alone() -> None:
    energy = measured("energy of input drivers")
    assert worst(fit(energy, ("pulses",))) < 0.08
    assert worst(fit(energy, ("cycles",))) > 0.6
    assert worst(fit(energy, ("steps",))) > 0.35


def test_neurons_go_with_cycles_and_steps_and_a_little_with_pulses() -> None:
    energy = measured("energy of neurons")
    assert worst(fit(energy, ("cycles", "steps"))) < 0.09
    assert worst(fit(energy, ("cycles",))) > 0.6
    assert worst(fit(energy, ("steps",))) > 0.25
    all_bits = tuple(energy)
    assert worst(fit(energy, ("cycles", "steps"), all_bits), all_bits) > 0.06
    assert worst(fit(energy, ("cycles", "steps", "pulses"), all_bits), all_bits) < 0.035
