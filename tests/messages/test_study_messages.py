"""What is wrong with a study file is told at once, each with its line, and nothing is run."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from xbarsim.cli import main

CASES = {
    "all wrong at once": (
        """\
        name: bad
        chip: tutorial
        workload: mlp_digitz
        axes:
          chip.tile.acd.bits: [4, 6, 8, 8]
          chip.tile.adc.count: {from: 1, to: 8, tims: 2}
          size: {keys: [chip.tile.array.rows, chip.tile.array.columns], from: 64 ns, to: 512}
          dev: {choices: {a: {chip.tile.array.settle: 10 ns}, b: 5}}
          workload.precision.weihts: [4 bit]
          x: {key: scenario.requestz, values: [1, 2], when: {foo: 1}}
          chip.tile.adc.biits: [4]
        goals: {energy: minimise, throughput_per_s: max}
        constraints: {area_mm2: {at_mst: 3}, bottleneck: {at_most: 3}}
        strategy: {kind: randon}
        scenario: {kind: infer, reqests: 4}
        sed: 3
        """,
        """\
        study.yaml:3 workload: mlp_digitz: no file and no shipped workload of this name; did you mean 'mlp_digits'?
        study.yaml:5 axes.chip.tile.acd.bits: 'acd' is not in 'tile'; did you mean 'dac'?
        study.yaml:5 axes.chip.tile.acd.bits.values: '8' is there twice; delete one of them
        study.yaml:6 axes.chip.tile.adc.count.tims: unknown key; did you mean 'times'?
        study.yaml:7 axes.size.to: its unit is '', that of 'from' is 'ns'; write both in one unit
        study.yaml:8 axes.dev.choices.b: 5; allowed: a mapping: key -> value; write it like {chip.tile.adc.bits: 6}
        study.yaml:9 axes.workload.precision.weihts: unknown key 'weihts'; did you mean 'weights'?
        study.yaml:10 axes.x.key: unknown key 'requestz'; did you mean 'requests'?
        study.yaml:10 axes.x.when.foo: is no axis before this one
        study.yaml:11 axes.chip.tile.adc.biits: unknown key; did you mean 'bits'?
        study.yaml:12 goals.energy: is no figure of a study; did you mean 'energy_pj'?
        study.yaml:12 goals.throughput_per_s: 'max'; allowed: 'minimise' or 'maximise'
        study.yaml:13 constraints.area_mm2.at_mst: unknown key; did you mean 'at_most'?
        study.yaml:13 constraints.bottleneck: is a text, not a number; did you mean 'bottleneck_share'?
        study.yaml:14 strategy.kind: 'randon'; allowed: 'grid', 'random', 'latin_hypercube' or 'search'; did you mean 'random'?
        study.yaml:15 scenario.reqests: unknown key; did you mean 'requests'?
        study.yaml:16 sed: unknown key; did you mean 'seed'?
        """,  # noqa: E501
    ),
    "axes that do not go together": (
        """\
        name: bad
        chip: tutorial
        workload: mlp_digits
        axes:
          a: {key: chip.tile.adc.bits, values: [4], from: 1}
          b: {key: chip.tile.adc.count}
          device: {choices: {x: {chip.tile.adc.count: 2}}}
          c: {key: chip.tile.count, values: [8], when: {device: y}}
          d: {key: chip.tile.adc.count, from: 4, to: 4, step: 1}
          e: {key: chip.tile.adc.count, from: 4, to: 8, step: 1, points: 3}
          f: {key: chip.tile.adc.count, from: 4, to: 8, times: 1}
          g: {key: core.count, values: 4}
          h: 4
        strategy: {kind: random}
        """,
        """\
        study.yaml:5 axes.a: both 'values' and 'from'; allowed: one of values, choices, and from with to
        study.yaml:6 axes.b: says nothing to choose from; allowed: one of values, choices, and from with to
        study.yaml:8 axes.c.when.device: 'y' is not on that axis; allowed: x
        study.yaml:9 axes.d.to: 4; allowed: more than 4, and of a logarithm more than 0
        study.yaml:10 axes.e.points: given beside 'step'; delete one of them
        study.yaml:11 axes.f.times: 1.0; allowed: more than 1
        study.yaml:12 axes.g.key: sets nothing; keys begin with chip., workload., mapping. or scenario.
        study.yaml:12 axes.g.values: 4; allowed: a list of values
        study.yaml:13 axes.h: 4; allowed: a list of values, or a mapping; write it like [4, 6, 8]
        study.yaml:14 strategy.points: missing; 'random' needs it
        """,
    ),
    "axes and bounds that fight": (
        """\
        name: bad
        chip: tutorial
        workload: mlp_digits
        axes:
          a: {key: chip.tile.adc.bits, from: 4, to: 8, step: 1}
          b: {choices: {x: {chip.tile.adc.bits: 6, chip.tile.adc.count: 2}}}
          c: {key: chip.tile.adc.bits, values: [4], when: {b: x}}
        constraints: {area_mm2: {at_least: 3, at_most: 1}}
        strategy: {kind: search}
        """,
        """\
        study.yaml:6 axes.b: sets chip.tile.adc.bits, as axis 'a' does; set it on one of them, or say with 'when' which of them is there
        study.yaml:8 constraints.area_mm2: at least 3 and at most 1: nothing is; exchange them
        study.yaml:9 strategy.points: missing; 'search' needs it
        """,  # noqa: E501
    ),
    "a grid over all numbers": (
        """\
        name: bad
        chip: tutorial
        workload: mlp_digits
        scenario: {kind: serve, arrivals: poison 1 kHz}
        axes:
          chip.tile.array.settle: {from: 10 ns, to: 90 ns}
        """,
        """\
        study.yaml:4 scenario.arrivals: 'poison' is no kind of arrivals; allowed: one of 'poisson 2000 Hz', 'constant 1 kHz', 'onoff 5 kHz 1 ms 9 ms', 'saturated', 'trace:FILE'; did you mean 'poisson'?
        study.yaml:4 scenario.requests: missing; give scenario.requests 10000, or scenario.precision 'p99 5 %'
        study.yaml:6 axes.chip.tile.array.settle: a grid cannot take all numbers of a range; say step, times or points, or choose another strategy
        """,  # noqa: E501
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_message(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study, expected = CASES[case]
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(dedent(study))
    with pytest.raises(SystemExit) as leaving:
        main(["sweep", "study.yaml"])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == dedent(expected)
    assert not Path("runs").exists()


def test_a_name_that_is_no_study(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sweep", "adc_sharin"])
    assert "adc_sharin: no file and no shipped study of this name" in capsys.readouterr().err


def test_a_store_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        main(["query", "SELECT 1"])
    assert leaving.value.code == 2
    assert (
        capsys.readouterr().err
        == "runs/store: no store here; run `xbarsim sweep STUDY` first, or give --store\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], 'nothing was asked; write it like "SELECT chip, min(energy_pj) FROM points GROUP BY chip"\n'),
        (["SELEC 1"], 'Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n        ^^^^^\n'),
    ],
)
def test_a_question_that_cannot_be_asked(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points").mkdir()
    with pytest.raises(SystemExit) as leaving:
        main(["query", "--store", str(tmp_path), *arguments])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == message


def test_maps_are_json_in_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "points").mkdir()
    with pytest.raises(SystemExit):
        main(
            [
                "query",
                "--store",
                str(tmp_path),
                "-f",
                "csv",
                "SELECT MAP {'a.b': '4 ns'} AS settings, [1, 2] AS x",
            ]
        )
    assert capsys.readouterr().out == 'settings,x\n"{""a.b"": ""4 ns""}","[1, 2]"\n'


def test_a_folder_that_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(SystemExit) as leaving:
        main(["query", "--store", str(tmp_path), "SELECT 1"])
    assert leaving.value.code == 2
    assert "no store here; run `xbarsim sweep STUDY` first" in capsys.readouterr().err


def test_how_many_points_a_search_looks_at_must_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["search", "tutorial_adc"])
    assert leaving.value.code == 2
    assert "--points: missing; say --points 100, or in " in capsys.readouterr().err
