"""What is wrong with a life that is asked for is told at once, and nothing is run or written."""

from __future__ import annotations

from pathlib import Path

import pytest

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.errors import MappingError
from xbarsim.scenario.arrivals import Constant, Poisson, Recorded, Saturated
from xbarsim.scenario.lifetime_spec import Lifetime

ONE = ["lifetime", "pcm-selfcorrect", "cnn_digits", "--networks", "1", "--samples", "20"]
P, S = ["-a", "poisson 1 kHz"], ["--ages", "1 s, 1 h"]
OFTEN = ["-p", "every 1 min"]
FORMS = (
    "allowed: parts of 'never', 'every 300 s', 'every 300 s above 0.05', 'at once', 'staggered', 'upkeep first', "
    "'in turn', 'when idle', 'global compensation every 300 s', 'column compensation every 1 d'; write it like "
    "'every 300 s, staggered, when idle'"
)
AGES = "allowed: rising ages, at least 1 ps apart"
CHIP = "PCM with self-correction"
CASES = {
    "nothing asked": (ONE, "--arrivals: missing; write it like 'poisson 1 kHz'\n"),
    "all wrong at once": (
        [*ONE, "-a", "poison 1 kHz", "-p", "often", "--ages", "2 h, 1 h", "--tolerance", "inf"],
        f"--ages: 3600 s follows 7200 s; {AGES}\n"
        "--arrivals: 'poison' is no kind of arrivals; allowed: one of 'poisson 2000 Hz', 'constant 1 kHz', "
        "'onoff 5 kHz 1 ms 9 ms', 'saturated', 'trace:FILE'; did you mean 'poisson'?\n"
        f"--policy: 'often' is not known; {FORMS}\n"
        "--tolerance: inf; allowed: a number from 0, in units of the weights\n",
    ),
    "ages of nothing": ([*ONE, *P, "--ages", "0 s"], f"--ages: 0 s follows 0 s; {AGES}\n"),
    "ages too near": ([*ONE, *P, "--ages", "1 s, 1 s"], f"--ages: 1 s follows 1 s; {AGES}\n"),
    "below a picosecond": ([*ONE, *P, "--ages", "1e-13 s"], f"--ages: 1e-13 s follows 0 s; {AGES}\n"),
    "no age": (
        [*ONE, *P, "--ages", "1 h,,2 h"],
        "--ages: '' is not a number with a unit; write them like '1 h, 1 d, 30 d, 1 year'\n",
    ),
    "no rate": (
        [*ONE, "-a", "saturated", *S],
        "--arrivals: Saturated has no rate that goes on for years; allowed: Poisson, Constant or OnOff\n",
    ),
    "streams without order": (
        [*ONE, *P, "-a", "from 1 min poisson 2 Hz", "-a", "from -1 s poisson 3 Hz"],
        "--arrivals: streams begin at 0 s, 60 s, -1 s; allowed: rising ages, at least 1 ps apart, the first 0 s\n",
    ),
    "from no age": (
        [*ONE, "-a", "from poisson 3 Hz"],
        "--arrivals: 'from poisson 3 Hz' does not begin with an age; write it like 'from 1 d poisson 10 Hz'\n",
    ),
    "too much without jumps": (
        [*ONE, *P, *S, "--full"],
        "--full: 3.6e+06 requests come until the last age; allowed: 2,000,000; give an earlier last age, or let it "
        "jump\n",
    ),
    "too many turns without jumps": (
        [*ONE, *P, *S, "--full", "-a", "from 1 s poisson 1 Hz", "-p", "every 1 ms"],
        "--full: 3.6e+06 rounds of upkeep are due until the last age; allowed: 2,000,000; give an earlier last age, or "
        "let it jump\n",
    ),
    "too long without jumps": (
        [*ONE, "-a", "constant 1 mHz", "--ages", "1 year", "--full"],
        "--full: the last age is 3.15576e+07 s; allowed: 2.31e+06 s; give an earlier last age, or let it jump\n",
    ),
    "rounds without number": (
        [*ONE, *P, "--ages", "1000 year", "-p", "every 1 us"],
        "--policy: 'every 1e-06 s, at once, upkeep first' has 3.16e+16 rounds until the last age; allowed: 1e+15\n",
    ),
    "overload": (
        [*ONE, "-a", "poisson 1 GHz", *S],
        f"cnn_digits on {CHIP}: overload by 'poisson 1000000000 Hz': tile[0].array[0:1] takes 1.202e+05 requests a "
        "second at most, so that ever more wait. Let fewer come, or allow copies (mapping.replicate)\n",
    ),
    "no such weights": (
        [*ONE, *P, *S, "--weights", "nope"],
        "cnn_digits: no weights 'nope'; allowed: aware, plain, pot_4bit, pot_4bit_pruned, uniform_4bit, "
        "uniform_4bit_pruned\n",
    ),
    "all weights alike": (
        [*ONE, *P, *S, "--tolerance", "1e9"],
        "--tolerance: 1e+09, and the largest weight is 1.412: all would be stored as the same code; allowed: a "
        "fraction of it\n",
    ),
    "no room for the codes": (
        [*ONE, *P, *S, *OFTEN, "--set", "tile.code_memory.capacity=1 KiB"],
        f"cnn_digits on {CHIP}: tile.code_memory keeps 8,192 bits a tile, and tile[2] needs 15,360 for the codes of "
        "its weights. Raise tile.code_memory.capacity\n",
    ),
    "nobody compares": (
        [*ONE, *P, *S, "-p", "every 1 min above 0.1", "--set", "tile.monitor=ideal"],
        f"{CHIP}: probing needs a component that compares the answers (kind 'comparator') in tile. Add one, or correct "
        "without a threshold and compensation\n",
    ),
    "nobody writes": (
        [*ONE, *P, *S, *OFTEN, "--set", "pulse_generator=ideal"],
        f"{CHIP}: to correct the cells of cnn_digits the chip needs a pulse generator and a description of its cells. "
        "Add a component of kind 'pulse_generator.iterative', and cells.pcm\n",
    ),
    "writing unknown": (
        [
            *ONE,
            *P,
            *S,
            *OFTEN,
            "--set",
            "cells.pcm.write_pulses=unknown",
            "--set",
            "cells.pcm.verify=unknown",
        ],
        f"{CHIP}: time and energy of corrections are not known; give a value with its source, or 'ideal' to leave it "
        "out\n"
        "  --set cells.pcm.write_pulses: 'unknown'\n"
        "  --set cells.pcm.verify: 'unknown'\n",
    ),
    "weights that are not given": (
        ["lifetime", "pcm-selfcorrect", "lenet_digits", *P, *S, "-p", "every 1 min above 0.1"],
        "lenet_digits: 'every 60 s above 0.1, at once, upkeep first' has a threshold, and so needs weights and data, "
        "which the workload does not name. Give 'weights' and 'data' in the workload file, or a policy without "
        "'above'\n",
    ),
    "no temperature": (
        [*ONE, *P, *S, "--temperature", "hot"],
        "--temperature: 'hot' is not a number with a unit; write it like '350 kelvin'\n",
    ),
    "below all temperatures": (
        [*ONE, *P, *S, "--temperature", "-1 kelvin"],
        "--temperature: -1.0; allowed: above 0 kelvin\n",
    ),
    "a temperature of which nothing is known": (
        [*ONE, *P, *S, "--temperature", "350 kelvin"],
        f"{CHIP}: cells.pcm at 350 kelvin: pcm.temperature: 'unknown'; another temperature needs it; give it, or say "
        "'ideal' to leave it out\n",
    ),
    "a temperature of no cells": (
        ["lifetime", "pcm-selfcorrect", "lenet_digits", *P, *S, "--temperature", "350 kelvin"],
        "lenet_digits: a temperature is that of cells that hold weights, and the workload does not name weights and "
        "data. Give 'weights' and 'data' in the workload file, or leave --temperature out\n",
    ),
    "a tolerance without codes": (
        ["lifetime", "hermes64", "cnn_digits", *P, *S, "--tolerance", "0.1"],
        "IBM HERMES 64-core: a tolerance is that of the codes of weights, and the chip keeps none: it has no "
        "'code_memory' in its tiles. Leave --tolerance out\n",
    ),
}


@pytest.mark.parametrize(("arguments", "told"), CASES.values(), ids=CASES.keys())
def test_wrong_options_are_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main([*arguments, "--out", str(tmp_path / "run")])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == told
    assert not list(tmp_path.iterdir())


def test_cells_whose_conductance_is_not_described(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["lifetime", "tutorial", "cnn_digits", *P, *S])
    assert leaving.value.code == 2
    told = capsys.readouterr().err
    assert "tutorial.yaml: cells.toy_rram has no kind: what its conductances do over the years is not" in told
    assert "Let it include one of common/cells/ (ecram, fefet," in told


def test_every_shipped_chip_lives_or_says_why_not(every_chip: str) -> None:
    """No shipped chip ends in anything but a life or a text about itself."""
    scenario = Lifetime(Poisson(10.0), (xs.Policy(), xs.Policy(3600.0)), (7200.0,), networks=1, samples=20)
    try:
        result = xs.simulate(xs.load_chip(every_chip), xs.load_workload("cnn_digits"), scenario)
        assert all(law.holds for law in result.laws)
    except MappingError as error:
        assert xs.load_chip(every_chip).name in str(error) or every_chip in str(error)


@pytest.fixture(params=sorted(path.stem for path in Path(__file__).parents[2].glob("architectures/*.yaml")))
def every_chip(request: pytest.FixtureRequest) -> str:
    return str(request.param)


ONE_HZ = Constant(1.0)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"policies": ()}, "Lifetime.policies: (); allowed: a tuple of Policy()"),
        ({"policies": ("never",)}, "Lifetime.policies: 'never'; allowed: a tuple of Policy()"),
        ({"ages_s": ()}, f"Lifetime.ages_s: (); {AGES}"),
        ({"ages_s": (1.0, 1.0 + 1e-14)}, f"Lifetime.ages_s: 1 s follows 1 s; {AGES}"),
        ({"ages_s": (float("nan"),)}, f"Lifetime.ages_s: nan is no age in seconds; {AGES}"),
        ({"ages_s": ("1 h",)}, f"Lifetime.ages_s: '1 h' is no age in seconds; {AGES}"),
        (
            {"tolerance": -0.1},
            "Lifetime.tolerance: -0.1; allowed: a number from 0, in units of the weights",
        ),
        (
            {"arrivals": Saturated()},
            "Lifetime.arrivals: Saturated has no rate that goes on for years; allowed: Poisson, Constant or OnOff",
        ),
        (
            {"arrivals": Recorded([0, 10, 20])},
            "Lifetime.arrivals: Recorded has no rate that goes on for years; allowed: Poisson, Constant or OnOff",
        ),
        (
            {"arrivals": "poisson 1 kHz"},
            "Lifetime.arrivals: 'poisson 1 kHz'; allowed: Poisson(rate_hz), Constant or OnOff, or several with ages: "
            "((0.0, Poisson(5.0)), …)",
        ),
        (
            {"arrivals": ((0.0, ONE_HZ), (0.0, ONE_HZ))},
            "Lifetime.arrivals: streams begin at 0 s, 0 s; allowed: rising ages, at least 1 ps apart, the first 0 s",
        ),
        ({"networks": 0}, "Lifetime.networks is 0; allowed: a whole number from 1"),
        ({"samples": 0}, "Lifetime.samples is 0; allowed: a whole number from 1"),
        (
            {"arrivals": Poisson(1e6), "ages_s": (10.0,), "jump": False},
            "Lifetime.jump is False, and 1e+07 requests come until the last age; allowed: 2,000,000; give an earlier "
            "last age, or let it jump",
        ),
    ],
)
def test_wrong_values_in_python_are_told(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError) as caught:
        Lifetime(**{"arrivals": ONE_HZ, "ages_s": (1.0,)} | settings)  # type: ignore[arg-type]
    assert str(caught.value) == told
