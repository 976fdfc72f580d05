"""Lives of chips with other cells than phase-change memory: jumps against the whole, and what is not known of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.maintenance.policy import policy_from_text
from xbarsim.scenario.lifetime_result import PolicyLife
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.spec.chip import Chip

SHIPPED = Path(__file__).parents[2] / "architectures"
WRITTEN = {
    "area": "ideal",
    "idle_power": "ideal",
    "write_pulses": 3,
    "write_pulse": "1 us",
    "verify": "1 us",
    "write_energy": "10 pJ",
}  # what a correction costs: made up, where the technology does not say
SHORT_LIVED = {"endurance": 6, "endurance_spread": 0.5}  # so that cells wear out within the run
FLEETING = {"stability": 25}  # 72 s on average until a cell leaves its state by itself
TECHNOLOGIES: dict[str, dict[str, Any]] = {"rram": SHORT_LIVED, "flash": SHORT_LIVED, "mtj": FLEETING}
POLICIES = ("every 2 s", "every 2 s above 0.02, staggered, in turn, global compensation every 3 s")
LIFE = ["-a", "constant 100 Hz", "--networks", "1", "--samples", "20"]


def described(folder: Path, technology: str, **own: Any) -> Path:
    """The self-correcting chip with other cells. Those of one bit take no codes, and a weight takes several."""
    tree = yaml.safe_load((SHIPPED / "pcm-selfcorrect.yaml").read_text(encoding="utf-8"))
    tree["cells"]["pcm"] = (
        {"include": str(SHIPPED / "common" / "cells" / f"{technology}.yaml")} | WRITTEN | own
    )
    if technology in ("mtj", "sram"):
        tree["components"]["tile"]["array"]["weight"]["bits_per_cell"] = 1
        del tree["components"]["tile"]["code_memory"]
    path = folder / f"{technology}.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return path


def lived(chip: Chip, policy: str, jump: bool) -> PolicyLife:
    brief = {"networks": 1, "samples": 50, "windows": 2, "requests": 100, "jump": jump}
    asked = Lifetime(xs.Constant(100.0), (policy_from_text(policy),), (1.0, 6.0, 12.0), **brief)  # type: ignore[arg-type]
    return xs.simulate(chip, xs.load_workload("cnn_digits"), asked).policies[0]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("technology", "own"), TECHNOLOGIES.items(), ids=TECHNOLOGIES)
def test_jumps_count_spend_and_wear_as_the_whole(
    technology: str, own: dict[str, Any], policy: str, tmp_path: Path
) -> None:
    chip = xs.load_chip(described(tmp_path, technology, **own))
    jumped, whole = (lived(chip, policy, jump) for jump in (True, False))
    assert jumped.energy == whole.energy
    assert jumped.wear == whole.wear and jumped.log == whole.log
    for a, b in zip(jumped.ages, whole.ages, strict=True):
        assert replace(a, tail=b.tail, affected=b.affected) == b
    assert jumped.ages[-1].corrections > 0
    assert jumped.wear is not None
    assert (jumped.wear.failed > 0) == (own is SHORT_LIVED)


def test_magnetic_cells_that_flip_by_themselves_are_put_right(tmp_path: Path) -> None:
    """Of 72 s on average, 200 s leave a third of the bits where they were written; half a second leaves 99 %."""
    chip = xs.load_chip(described(tmp_path, "mtj", **FLEETING))
    asked = Lifetime(xs.Constant(100.0), (xs.Policy(), xs.Policy(0.5)), (0.5, 200.0), networks=2)
    never, often = xs.simulate(chip, xs.load_workload("cnn_digits"), asked).policies
    fresh = never.ages[0].accuracy or 0.0
    assert (never.ages[-1].accuracy or 0.0) < fresh - 0.2
    assert (often.ages[-1].accuracy or 0.0) > fresh - 0.1
    alone = "a correction leaves cells of cells.pcm alone that stand right; time and energy are those of all"
    assert alone in often.notes


def test_magnetic_cells_hold_shorter_when_hot(tmp_path: Path) -> None:
    """40 kT at 300 K are 7.5 years on average; at 350 K, 34.3 kT, nine days."""
    chip = xs.load_chip(described(tmp_path, "mtj", stability=40))
    week_s = 7 * 86_400.0
    asked = Lifetime(xs.Constant(1.0), ages_s=(1.0, week_s), networks=2, samples=200)
    lives = [
        xs.simulate(chip, xs.load_workload("cnn_digits"), replace(asked, temperature_kelvin=kelvin))
        for kelvin in (None, 300.0, 350.0)
    ]
    described_, cool, hot = ([row.accuracies for row in life.policies[0].ages] for life in lives)
    assert described_ == cool
    assert max(hot[1]) < min(cool[1]) - 0.1 and hot[0] == cool[0]
    assert lives[2].provenance["numerics"]["temperature_kelvin"] == 350.0


@pytest.mark.parametrize(
    ("technology", "options", "told"),
    [
        (
            "fefet",
            ["--ages", "1 h"],
            "PCM with self-correction: cells.pcm under 'never': fefet.retention: 'unknown'; ageing needs it; give it, "
            "or say 'ideal' to leave it out\n",
        ),
        (
            "flash",
            ["--ages", "10 d", "-p", "every 1 d", "-p", "every 6 d"],
            "PCM with self-correction: cells.pcm under 'every 6 d, at once, upkeep first': flash.measured: age 518400 "
            "s; allowed: up to 432000 s, the last age measured; let them be corrected more often, or the last age be "
            "earlier\n",
        ),
    ],
)
def test_what_is_not_known_of_cells_is_told_at_once(
    technology: str, options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["lifetime", str(described(tmp_path, technology)), "cnn_digits", *LIFE, *options])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == told


def test_cells_that_take_no_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = described(tmp_path, "flash", bits=3)
    one_bit_less = ["--set", "tile.array.weight.bits=3", "--set", "tile.array.weight.bits_per_cell=3"]
    with pytest.raises(SystemExit) as leaving:
        main(["lifetime", str(path), "cnn_digits", *LIFE, "--ages", "1 h", *one_bit_less])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == (
        f"{path}: a cell of cells.pcm holds 8 levels (bits: 3), and each number of the codes of weights, which the "
        "chip keeps in its 'code_memory', has 9. Take cells of more bits, or describe the chip without a "
        "'code_memory'\n"
    )
