"""Accuracy and lives at the points of a study are those of the parts that make them, run alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import xbarsim as xs
from tests.study.studies import study_of
from xbarsim.analog import Numerics, convert_to_analog
from xbarsim.errors import SpecError
from xbarsim.report.study_page import render_study
from xbarsim.report.study_reports import write_reports
from xbarsim.study.accuracy import AccuracyAsked, accuracy_asked
from xbarsim.study.design import design
from xbarsim.study.evaluate import Bench
from xbarsim.study.sweep import sweep

ACCURACY = """
    name: accuracy
    chip: pcm-selfcorrect
    workload: mlp_digits
    scenario: {accuracy_after: 1 h, weights: aware, networks: 2, samples: 200}
    axes: {bits: {key: chip.tile.adc.bits, values: [2, 8]}}
    goals: {accuracy: maximise, energy_pj: minimise}
    """
LIVES = """
    name: lives
    chip: pcm-selfcorrect
    workload: mlp_digits
    scenario: {kind: lifetime, arrivals: poisson 1 kHz, ages: "1 h, 1 d", networks: 1, samples: 100, requests: 3000}
    axes:
      period: {key: scenario.every, values: [300 s, 1 h]}
      order: {key: scenario.policy, values: [at once, "above 5, staggered"]}
    goals: {accuracy: maximise, lifetime_years: maximise, latency_p99_ns: minimise}
    """


def test_accuracy_is_that_of_the_chips_own_numerics(tmp_path: Path) -> None:
    found = sweep(study_of(tmp_path, ACCURACY), tmp_path / "store", workers=1)
    work = xs.load_workload("mlp_digits")
    images, labels = (part[:200] for part in work.test_set())
    for one, bits in zip(found.outcomes, (2, 8), strict=True):
        chip, right = xs.load_chip("pcm-selfcorrect", [f"tile.adc.bits={bits}"]), []
        for seed in range(2):
            analog = convert_to_analog(work.network("aware"), Numerics.of(chip), seed)
            analog.program_analog_weights()
            analog.drift_analog_weights(3600.0)
            right.append(xs.accuracy(analog, images, labels))
        assert one.figure("accuracy") == pytest.approx(sum(right) / 2, abs=1e-12)
        assert one.figure("energy_pj") == xs.simulate(chip, work, xs.Infer(requests=2)).energy_per_request_pj
    assert found.outcomes[0].figure("accuracy") < 0.6 < 0.9 < found.outcomes[1].figure("accuracy")


def test_other_weights_are_another_point(tmp_path: Path) -> None:
    study = study_of(tmp_path, ACCURACY)
    point = design(study)[0].point
    keys = {Bench().job(point).key}
    for change in (("weights", "plain"), ("accuracy_of", "cnn_digits"), ("accuracy_after", "2 h")):
        scenario = tuple(sorted((dict(point.scenario) | dict([change])).items()))
        keys.add(
            Bench().job(type(point)(point.chip, point.workload, point.chip_settings, scenario=scenario)).key
        )
    assert len(keys) == 4


def test_weights_that_change_in_their_file_make_a_new_point(tmp_path: Path) -> None:
    shipped = xs.load_workload("mlp_digits")
    (tmp_path / "w.safetensors").write_bytes(shipped.weights["aware"].read_bytes())
    folder = Path(shipped.path).parent
    text = (
        f"name: mine\nmodel: {folder / 'digits.py'}:mlp\ninput: 1x64\nweights: w.safetensors\ndata: digits\n"
    )
    (tmp_path / "mine.yaml").write_text(text)
    study = study_of(tmp_path, ACCURACY.replace("weights: aware, ", "").replace("mlp_digits", "mine.yaml"))
    point = design(study)[0].point
    before = Bench().job(point).key
    assert Bench().job(point).key == before
    (tmp_path / "w.safetensors").write_bytes(shipped.weights["plain"].read_bytes())
    assert Bench().job(point).key != before


def test_figures_of_a_life_are_those_of_the_life(tmp_path: Path) -> None:
    found = sweep(study_of(tmp_path, LIVES), tmp_path / "store", workers=1)
    chip, work = xs.load_chip("pcm-selfcorrect"), xs.load_workload("mlp_digits")
    policies = [
        xs.Policy(300.0), xs.Policy(300.0, threshold=5.0, order="staggered"),
        xs.Policy(3600.0), xs.Policy(3600.0, threshold=5.0, order="staggered"),
    ]  # fmt: skip
    for one, policy in [*zip(found.outcomes, policies, strict=True)][:2]:
        asked = xs.Lifetime(
            xs.Poisson(1000.0), (policy,), (3600.0, 86_400.0), networks=1, samples=100, requests=3000
        )
        (life,) = xs.simulate(chip, work, asked).policies
        assert one.figure("accuracy") == life.ages[-1].accuracy
        assert one.figure("writes_per_cell") == life.ages[-1].writes
        assert one.figure("latency_p99_ns") == life.tail.quantiles_ps[1] / 1e3  # type: ignore[operator]
        assert one.figure("energy_pj") == life.energy_pj / life.requests
        (years,) = {one.figure("lifetime_years")}
        first_s = dict(life.wear.remaining_s)[None]  # type: ignore[union-attr]
        assert years == pytest.approx((86_400.0 + first_s) / (365.25 * 86_400))
    often, seldom = (found.outcomes[at].figure("lifetime_years") for at in (0, 2))
    assert seldom == pytest.approx(often * 12, rel=0.05)  # an hour is twelve times 300 s
    page = render_study(found, write_reports(found, tmp_path, most=1))
    assert "lifetime" in page and len(list((tmp_path / "points").iterdir())) == 1


def test_what_is_wrong_with_accuracy_is_told_at_once() -> None:
    assert accuracy_asked({"kind": "infer"}) is None
    assert accuracy_asked({"accuracy_after": "1 d"}) == AccuracyAsked(86_400.0)
    with pytest.raises(SpecError) as told:
        accuracy_asked({"accuracy_after": "1 kg", "networks": "0", "samples": "many"})
    assert [problem.file for problem in told.value.problems] == [
        "scenario.accuracy_after", "scenario.networks", "scenario.samples",
    ]  # fmt: skip
    with pytest.raises(SpecError, match="weights: given without an age; say accuracy_after, too"):
        accuracy_asked({"weights": "aware"})
