"""What a user reads who asks a technology for what it does not know, or for the impossible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from xbarsim.devices.load import load_technology
from xbarsim.errors import DeviceError, SpecError


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


pcm, fefet, flash, sram = (load_technology(name) for name in ("pcm", "fefet", "flash", "sram"))
TEN = pcm.program([10.0], rng())
TOLD: dict[str, Callable[[], object]] = {
    "pcm.write_energy: 'unknown'; energy of writing needs it; give it, or say 'ideal' to leave it out":
        lambda: load_technology("pcm", ["write_pulses=9"]).energy_pj(TEN),
    "pcm.write_pulses: 'unknown'; counting pulses needs it; give it, or say 'ideal' to leave it out":
        lambda: pcm.time_ps(TEN),
    "pcm.landing: 'unknown'; a single shot needs it; give it, or say 'ideal' to leave it out":
        lambda: pcm.program([1.0], rng(), "single_shot"),
    "pcm.temperature: 'unknown'; another temperature needs it; give it, or say 'ideal' to leave it out":
        lambda: pcm.at_temperature(350),
    "fefet.retention: 'unknown'; ageing needs it; give it, or say 'ideal' to leave it out":
        lambda: fefet.mean_conductance_usiemens(fefet.program([0.01], rng()), 1.0),
    "pcm.endurance: 'unknown'; wear needs it; give it, or say 'ideal' to leave it out":
        lambda: load_technology("pcm", ["endurance=unknown"]).remaining_writes(TEN),
    "pcm: target 26 uS; allowed: 0 to 25 uS (its 'lowest' to 'highest')": lambda: pcm.program([3.0, 26.0], rng()),
    "pcm: age -1 s; allowed: 0 s or more": lambda: pcm.conductance_usiemens(TEN, -1.0),
    "pcm: targets of shape (2,) for cells of (1,)": lambda: pcm.program([3.0, 6.0], rng(), before=TEN),
    "pcm: scheme 'twice'; allowed: 'single_shot', 'write_verify'": lambda: pcm.program([1.0], rng(), "twice"),
    "flash.measured: age 1e+06 s; allowed: up to 432000 s, the last age measured":
        lambda: flash.mean_conductance_usiemens(flash.program([1.0], rng()), 1e6),
    "flash.pulse_response: not given; pulsing cells needs their response to one pulse":
        lambda: flash.pulse(flash.program([1.0], rng()), 1, 1, rng()),
    "mtj.write_pulse: 100 ps switches a cell with a chance of 6.1e-56; allowed: 1e-06 or more, by a longer "
    "pulse or more 'overdrive'": lambda: load_technology("mtj", ["write_pulse=100 ps"]).program([300.0], rng()),
    "mtj.temperature: 'unknown'; another temperature needs it; give it, or say 'ideal' to leave it out":
        lambda: load_technology("mtj", ["temperature=unknown"]).at_temperature(350),
    "pcm.temperature: 350 kelvin; allowed: 300 kelvin, at which its numbers hold; no source says how they change":
        lambda: load_technology("pcm", ["temperature=300 kelvin"]).at_temperature(350),
}  # fmt: skip


@pytest.mark.parametrize("text", TOLD)
def test_a_question_without_an_answer(text: str) -> None:
    with pytest.raises(DeviceError) as caught:
        TOLD[text]()
    assert str(caught.value) == text


FILES = {
    "kind: pmc\n": "cell.yaml:1 kind: 'pmc' is no cell technology whose conductance is simulated; allowed: ecram, "
    "fefet, flash, ideal_cell, mtj, pcm, rram, sram",
    "bits: 2\n": "cell.yaml:1 kind: missing; allowed: ecram, fefet, flash, ideal_cell, mtj, pcm, rram, sram",
    "include: {pcm}\nafter_wear: broken\n": "cell.yaml:2 after_wear: 'broken'; allowed: 'low', 'high' or 'last'",
    "include: {pcm}\nhighest: 25 uA\n": "cell.yaml:2 highest: '25 uA' is no conductance; write it like '25 uS'",
    "include: {pcm}\nlowest: 30 uS\n":
        "cell.yaml:2 lowest: 30 uS, and highest is 25 uS; allowed: less than highest",
    "include: {pcm}\ndrift_mean: {slop: 1}\n": "cell.yaml:2 drift_mean.slop: unknown key; did you mean 'slope'?",
    "include: {mtj}\noverdrive: 0.5\n": "cell.yaml:2 overdrive: 0.5; allowed: above 1 (the law of switching)",
}  # fmt: skip


@pytest.mark.parametrize("body", FILES)
def test_a_broken_cell_file(body: str, tmp_path: Path) -> None:
    from xbarsim.devices.load import shipped_technologies

    file = tmp_path / "cell.yaml"
    file.write_text(
        body.replace("{pcm}", str(shipped_technologies()["pcm"])).replace(
            "{mtj}", str(shipped_technologies()["mtj"])
        )
    )
    with pytest.raises(SpecError) as caught:
        load_technology(file)
    assert str(caught.value) == FILES[body]


def test_a_technology_that_does_not_exist() -> None:
    with pytest.raises(
        SpecError, match=r"^pmc: no file and no shipped technology of this name; did you mean 'pcm'\?$"
    ):
        load_technology("pmc")
