"""What a chip says of its cells and converters is what its numerics are made of."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import xbarsim as xs
from xbarsim.analog import Converter, Numerics, Periphery, convert_to_analog
from xbarsim.analog.of_chip import periphery_of
from xbarsim.devices.load import load_technology
from xbarsim.devices.technology import Technology
from xbarsim.shipped import shipped

CHIPS = sorted(path.stem for path in shipped("architectures").glob("*.yaml"))
DIGITAL = [name for name in CHIPS if xs.load_chip(name).arrays()[0].spec.digital]


@pytest.mark.parametrize(("chip", "technology"), [("hermes64", "pcm_hermes"), ("neurram", "rram")])
def test_cells_are_those_of_the_chip(chip: str, technology: str) -> None:
    numerics = Numerics.of(xs.load_chip(chip))
    assert isinstance(numerics.cells, Technology)
    own = {"area_um2", "idle_power_uw", "endurance"}  # what the chip says itself
    assert numerics.cells.model_dump(exclude=own) == load_technology(technology).model_dump(exclude=own)
    torch.manual_seed(0)
    linear, inputs = nn.Linear(300, 100), torch.randn(50, 300)
    analog = convert_to_analog(linear, numerics)
    analog.program_analog_weights()
    analog.drift_analog_weights(3600)
    error = (analog(inputs) - linear(inputs)).norm() / linear(inputs).norm()
    assert 0.02 < error < 0.4


def test_converters_are_those_of_the_chip() -> None:
    """HERMES: inputs of 8 bit, counts of 12."""
    numerics = Numerics.of(xs.load_chip("hermes64"))
    assert numerics.periphery == Periphery(
        Converter(1.0, 1 / 254), Converter(10.0, 1 / 4094), "abs_max", "iterative"
    )
    assert (numerics.weight_range, numerics.compensation) == ("array", "global")
    assert numerics.approximations == (
        "core.dac: the largest input of each vector is put at the end of its range; inputs go through it whole, with "
        "the 8 bits of precision.activations",
        "core.adc: its range is not described; assumed is ±10 times the largest input and weight of an array; vectors "
        "that reach it are done again with halved inputs; its bits count for a whole product, the sign included",
        "noise of the read-out is not described: there is none but that of the cells",
    )
    six = Numerics.of(xs.load_chip("hermes64", ["core.adc.bits=6"]))
    assert six.periphery.output == Converter(10.0, 1 / 62)


@pytest.mark.parametrize("chip", [name for name in CHIPS if name not in DIGITAL])
def test_every_chip_has_converters(chip: str) -> None:
    periphery, told = periphery_of(xs.load_chip(chip))
    assert periphery.input.resolution and periphery.output.resolution
    assert len(told) == 3


@pytest.mark.parametrize("chip", DIGITAL)
def test_a_digital_chip_has_none(chip: str) -> None:
    with pytest.raises(ValueError, match="its elements are digital, so nothing is analog on it"):
        Numerics.of(xs.load_chip(chip))


def test_bits_after_one_another_are_told() -> None:
    told = periphery_of(xs.load_chip("tutorial"))[1][0]
    assert told.endswith("with the 8 bits of precision.activations, not in its 8 slices")


def test_what_is_given_is_taken_instead() -> None:
    chip = xs.load_chip("hermes64")
    plain = Numerics.of(chip, cells=None, periphery=Periphery(), compensation="none", weight_range="given")
    assert plain == Numerics(chip)
    assert Numerics.of(chip, approximations=("mine",)).approximations[0] == "mine"


def test_a_cell_without_conductances_is_an_error() -> None:
    text = (
        "ISAAC-CE: cells.isaac_memristor has no kind: what conductances do is not described. Let it include one of "
        "common/cells/ (ecram, fefet, flash, ideal, mtj, pcm, pcm_hermes, pcm_hermes_single, rram, sram), or choose: "
        'Numerics.of(chip, cells=load_technology("pcm")), or cells=None for cells that keep any weight'
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Numerics.of(xs.load_chip("isaac"))
