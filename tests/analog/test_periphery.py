"""Products through DAC and ADC, against another implementation; noise against its formulas."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from xbarsim.analog import Converter, Periphery, WireResistance
from xbarsim.analog.periphery import Stored

DATA = json.loads((Path(__file__).parent.parent / "data/analog/periphery_deterministic.json").read_text())
WEIGHTS, INPUTS = torch.tensor(DATA["W"]), torch.tensor(DATA["X"])


def product(periphery: Periphery, inputs: Tensor, weights: Tensor) -> Tensor:
    return periphery.product(inputs, periphery.stored(weights), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda c: f"{c['bound_management']}-{c['out_bound']}")
def test_another_implementation_gives_the_same(case: dict) -> None:
    """To 1e-4, or one step where an input lies in the middle between two."""
    periphery = Periphery(
        input=Converter(1.0, case["inp_res"]),
        output=Converter(case["out_bound"], case["out_res"]),
        noise_management=case["noise_management"].lower(),
        bound_management=case["bound_management"].lower(),
    )
    result = product(periphery, INPUTS, WEIGHTS)
    assert result == pytest.approx(torch.tensor(case["Y"]), abs=1e-4)


def test_a_converter_rounds_half_to_even_then_cuts() -> None:
    """Bound 1, 4 steps of 0.5."""
    values = torch.tensor([0.25, 0.75, -0.25, 1.25, -7.0])
    assert Converter(1.0, 0.25)(values).tolist() == [0.0, 1.0, 0.0, 1.0, -1.0]
    assert Converter(1.0)(values).tolist() == [0.25, 0.75, -0.25, 1.0, -1.0]
    assert Converter()(values).tolist() == values.tolist()


def test_inputs_are_halved_until_no_output_is_cut_and_no_longer_than_allowed() -> None:
    """Ten weights of 1: an output of 10 at a bound of 3 needs inputs of a quarter."""
    x, w = torch.ones(1, 10), torch.ones(1, 10)
    free = Periphery(output=Converter(3.0), noise_management="abs_max", bound_management="iterative")
    assert product(free, x, w).item() == 10.0
    coarse = Periphery(
        Converter(1.0, 0.2), Converter(3.0), noise_management="abs_max", bound_management="iterative"
    )
    assert product(coarse, x, w).item() == 3.0  # already halved inputs would have steps of 0.4


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"output_noise": 0.06}, 0.06),
        ({"weight_noise": 0.02}, 0.02 * 5),  # times the length of the input vector
        ({"weight_noise": 0.02, "weight_noise_kind": "read"}, 0.02 * (9 * 0.25 + 16 * 0.04) ** 0.5),
        ({"weight_noise": 0.02, "output_noise": 0.06}, (0.1**2 + 0.06**2) ** 0.5),
    ],
)
def test_noise_is_as_large_as_said(settings: dict, expected: float) -> None:
    x, w = torch.tensor([[3.0, -4.0]]).repeat(40_000, 1), torch.tensor([[0.25, -0.04]])
    result = product(Periphery(**settings), x, w)
    assert result.std().item() == pytest.approx(expected, rel=0.015)
    assert result.mean().item() == pytest.approx(0.91, abs=4 * expected / 200)


def formula(
    x: Tensor, cells: Stored, converters: tuple[float, float, int], noise: tuple[float, float], z: Tensor
) -> Tensor:
    """The noisy product, written out in double precision with the numbers z that it draws."""
    input_bound, output_bound, steps = converters
    weight_noise, output_noise = noise

    def converted(values: Tensor, bound: float) -> Tensor:
        return (values * steps / (2 * bound)).round().div(steps / (2 * bound)).clamp(-bound, bound)

    scale = x.abs().max(dim=1, keepdim=True).values
    given = converted(x / scale, input_bound).double()
    y = torch.einsum("vn,mn->vm", given, cells.weights.double())
    variance = torch.einsum("vn,mn->vm", given**2, cells.variance.double())
    variance = variance + weight_noise**2 * (given**2).sum(dim=1, keepdim=True) + output_noise**2
    return scale * converted(y + z * variance.sqrt(), output_bound)


def test_the_fast_product_is_the_formula_with_the_same_draws() -> None:
    """All but those that stand on the edge between two steps of the converter, of 8 bits, in single precision."""
    torch.manual_seed(1)
    weights, inputs = torch.randn(100, 90) / 10, torch.randn(80, 90)
    cells = Stored(weights, (0.1 * weights) ** 2)
    periphery = Periphery(
        Converter(1.0, 1 / 254), Converter(0.8, 1 / 254), "abs_max", output_noise=0.04, weight_noise=0.02
    )
    kept = inputs.clone(), weights.clone(), cells.variance.clone()
    found = periphery.product(inputs, cells, torch.Generator().manual_seed(5))
    z = torch.randn(80, 100, generator=torch.Generator().manual_seed(5))
    expected = formula(inputs, cells, (1.0, 0.8, 254), (0.02, 0.04), z)
    step = 1.6 / 254 * inputs.abs().max(dim=1, keepdim=True).values
    off = (found - expected).abs()
    assert (off <= 1.001 * step).all()
    assert (off < 1e-5).double().mean() > 0.999
    assert 0.005 < (found.abs() > 126.9 * step).double().mean() < 0.2  # some are cut
    for before, after in zip(kept, (inputs, weights, cells.variance), strict=True):
        assert torch.equal(before, after)  # and nothing that was given is changed


def test_wires_take_what_the_formula_says() -> None:
    """Two inputs of 1 with weights of 1/2, wire a hundred times a cell: a = 2/100 x 1."""
    a = 0.02
    lost = a * (a * (0.05 * a - 0.2) + 0.5) * (0.5 * 0 + 0.5 * (1 - 0.25))
    periphery = Periphery(wires=WireResistance(1.0, 100.0))
    result = product(periphery, torch.ones(1, 2), torch.full((1, 2), 0.5))
    assert result.item() == pytest.approx(1 - lost, abs=1e-7)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Converter(-1.0), "Converter.bound is -1.0; allowed: a number above 0, or None"),
        (
            lambda: Converter(resolution=0.1),
            "Converter.resolution is given without a bound: steps are parts of the range",
        ),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
