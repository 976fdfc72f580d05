"""Power-of-two against uniform weights at equal board, precision and clock: the published ratio, and its origin.

Published (abstract of Przewlocka-Rus and Kryjak, arXiv 2209.15257): at least 1.4 times more energy-efficient, ZCU104.
An independent accelerator took 1.24 times less energy (abstract of arXiv 2409.20403). The first is what one factor of
zcu104-uniform is calibrated to; so that it is met says nothing. What follows from it and what is found without it, do.
"""

from __future__ import annotations

from functools import cache

import pytest

import xbarsim as xs
from xbarsim.components.element_prices import operation_pj
from xbarsim.quantise.elements import element
from xbarsim.scenario.result import Result

ARRAY = "accelerator.array"


@cache
def run(weights: str, *settings: str, work: str = "resnet20_cifar10") -> Result:
    return xs.simulate(xs.load_chip(f"zcu104-{weights}", settings), xs.load_workload(work))


def ratio(*both: str, uniform: tuple[str, ...] = (), work: str = "resnet20_cifar10") -> float:
    """Energy of the uniform over that of the power-of-two accelerator."""
    return run("uniform", *both, *uniform, work=work).energy_pj / run("pot", *both, work=work).energy_pj


def of_elements(result: Result) -> float:
    return sum(row.energy_pj for row in result.energy if row.component == ARRAY)


def element_ratio(bits: int, shifter: int) -> float:
    """45 nm constants, operations alone; an accumulator for 72 products."""
    mac, bac = (operation_pj(element(name, bits, 4), name, 72, shifter) for name in ("mac", "bac"))
    return mac / bac


def test_the_calibrated_ratio_is_the_published_bound() -> None:
    assert 1.40 <= ratio() < 1.41
    assert of_elements(run("uniform")) / of_elements(run("pot")) == pytest.approx(1.437, abs=0.001)


def test_without_calibration_it_is_that_of_the_independent_accelerator() -> None:
    """The same factor of the FPGA's logic for both elements: 1.25, beside 1.24 measured elsewhere."""
    assert ratio(uniform=(f"{ARRAY}.energy.factor=14",)) == pytest.approx(1.247, abs=0.001)


def test_elements_of_45_nm() -> None:
    """By hand: a MAC is 0.1 + 19 x 0.00375 pJ, a BAC a shifter of 15 (or 8) bits, 0.005 and 22 x 0.00375 pJ."""
    assert operation_pj(element("mac", 8, 4), "mac", 72, 15) == pytest.approx(0.17125)
    assert operation_pj(element("bac", 8, 4), "bac", 72, 15) == pytest.approx(0.1325)
    assert operation_pj(element("bac", 8, 4), "bac", 72, 8) == pytest.approx(0.1115)
    assert [element_ratio(8, 15), element_ratio(8, 8)] == pytest.approx([1.29, 1.53], abs=0.01)


def test_the_decoder_is_charged_to_the_shifter() -> None:
    """Without sign and decoder a BAC would be a shifter and an adder alone."""
    shifter_and_adder = 0.003 * 15 + 0.00375 * 22
    assert operation_pj(element("bac", 8, 4), "bac", 72, 15) - shifter_and_adder == pytest.approx(0.005)


def test_a_wider_activation_is_in_favour_of_the_shifter() -> None:
    """A multiplier grows with both operands, a shifter with one: its width is that of a product, a + 7 bits."""
    found = [element_ratio(bits, bits + 7) for bits in (4, 6, 8, 12, 16)]
    assert found == sorted(found)
    assert found[0] < 1.05 and found[-1] > 1.55


def test_what_both_have_in_common_dilutes_the_ratio() -> None:
    """From that of the elements alone to 1, as memories take a larger share."""
    of_all = [
        ratio(f"accelerator.weight_memory.read_energy={energy} pJ/bit") for energy in (0.001, 0.156, 5, 500)
    ]
    assert of_all == sorted(of_all, reverse=True)
    elements = of_elements(run("uniform")) / of_elements(run("pot"))
    assert elements > of_all[0] > 1.39
    assert of_all[-1] == pytest.approx(1, abs=0.02)


def test_static_power_in_common_dilutes_it_too() -> None:
    """A watt on both: neither latency changes, so it is the same energy on both sides."""
    watt = "accelerator.idle_power=1 W"
    uniform, pot = run("uniform", watt), run("pot", watt)
    assert uniform.elapsed_ps == pot.elapsed_ps == run("pot").elapsed_ps
    added = [
        with_.energy_pj - without.energy_pj
        for with_, without in ((uniform, run("uniform")), (pot, run("pot")))
    ]
    assert added[0] == pytest.approx(added[1])
    assert 1 < ratio(watt) < 1.06


@pytest.mark.parametrize(("factor", "found"), [(14, 1.247), (15, 1.327), (15.85, 1.401), (17, 1.488)])
def test_sensitivity_to_the_calibrated_factor(factor: float, found: float) -> None:
    assert ratio(uniform=(f"{ARRAY}.energy.factor={factor}",)) == pytest.approx(found, abs=0.01)


@pytest.mark.parametrize("work", ["cnn_digits", "mlp_digits"])
def test_small_networks_have_more_in_common(work: str) -> None:
    """Predicted, nothing fitted: images in and out weigh more."""
    assert 1.24 < ratio(work=work) < ratio()


def test_both_store_the_same_bits() -> None:
    """4 bits a weight, an eighth of 32-bit numbers; the same reads of the same memory."""
    uniform, pot = run("uniform"), run("pot")
    weights = xs.load_workload("resnet20_cifar10").graph.weights
    assert uniform.programming.cells == pot.programming.cells == 4 * weights == 32 * weights / 8
    reads = [
        next(row for row in result.energy if row.component == "accelerator.weight_memory")
        for result in (uniform, pot)
    ]
    assert reads[0].count == reads[1].count
    assert reads[0].energy_pj == reads[1].energy_pj


def test_all_but_the_elements_is_equal() -> None:
    rows = [
        {
            (row.component, row.action): (row.count, row.energy_pj)
            for row in run(name).energy
            if row.component != ARRAY
        }
        for name in ("uniform", "pot")
    ]
    assert rows[0] == rows[1]
    assert run("uniform").latency == run("pot").latency
