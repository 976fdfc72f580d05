"""Accuracy beside energy and memory: on digital elements, in analog cells, and why there is none."""

from __future__ import annotations

import json

import pytest

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.report import compare_views as views
from xbarsim.report.compare_accuracy import accuracy_table, accuracy_words, age_words
from xbarsim.report.compare_page import render_comparison
from xbarsim.scenario.accuracy import Aged
from xbarsim.study.compare import Comparison

YEAR_S = 31_557_600.0
WEIGHTS = ("uniform_4bit", "pot_4bit_pruned")


@pytest.fixture(scope="module")
def found() -> Comparison:
    gated = ["accelerator.array.gate_zeros=true"]
    chips = [
        xs.load_chip("zcu104-pot", gated),
        xs.load_chip("zcu104-uniform", gated),
        xs.load_chip("hermes64"),
        xs.load_chip("isaac"),
    ]
    works = [xs.load_workload(f"cnn_digits@{weights}") for weights in WEIGHTS]
    return xs.compare(chips, works, judge=xs.Judge((0.0, YEAR_S), networks=2))


def test_weights_are_chosen_by_name(found: Comparison) -> None:
    assert found.workloads == tuple(f"cnn_digits@{weights}" for weights in WEIGHTS)
    assert list(views.network_names(found).values()) == list(WEIGHTS)
    zeros = [entry.accuracy.zero_share for entry in found.done if entry.accuracy]
    assert zeros[0] < 0.1 and zeros[3] == pytest.approx(0.584, abs=0.001)
    energy = [
        entry.figures["energy_pj"] for entry in found.done if entry.chip.endswith("power-of-two weights")
    ]
    assert energy[1] < 0.65 * energy[0]  # type: ignore[operator]


def test_digital_words_do_not_age_and_cells_do(found: Comparison) -> None:
    for entry in found.done:
        if entry.accuracy is None:
            continue
        written, aged = entry.accuracy.by_age
        assert (written.age_s, aged.age_s) == (0.0, YEAR_S)
        if entry.chip.startswith("ZCU104"):
            assert aged == Aged(YEAR_S, written.mean, 0.0)
        else:
            assert 0.7 < aged.mean < written.mean < entry.accuracy.exact


def test_words_for_other_elements_lose_accuracy(found: Comparison) -> None:
    """Uniform weights have no place on a grid of powers of two."""
    by = {(entry.chip, entry.workload): entry.accuracy for entry in found.done}
    uniform = [
        by[f"ZCU104, {kind} weights", "cnn_digits@uniform_4bit"] for kind in ("uniform", "power-of-two")
    ]
    assert uniform[0] and uniform[1] and uniform[0].mean > uniform[1].mean


def test_why_there_is_none(found: Comparison) -> None:
    errors = {entry.chip: entry.accuracy_error for entry in found.done if entry.accuracy is None}
    assert (
        list(errors) == ["ISAAC-CE"]
        and "has no kind: what conductances do is not described" in errors["ISAAC-CE"]
    )
    assert any(word.startswith("no accuracy: ISAAC-CE") for word in accuracy_words(found))
    work = xs.load_workload("resnet20_cifar10")
    (entry,) = xs.compare([xs.load_chip("zcu104-pot")], [work], judge=xs.Judge()).entries
    assert entry.result is not None and "its file gives no 'weights'" in entry.accuracy_error


def test_tables_page_and_json(found: Comparison) -> None:
    table = accuracy_table(found)
    assert [column.title for column in table.columns][-2:] == ["accuracy", "after 1 year"]
    memory = {row[1].text: row[4].text for row in table.rows}
    bits = 4 * xs.load_workload("cnn_digits").graph.weights
    assert memory["ZCU104, uniform weights"] == f"{bits:,} bits"
    assert memory["IBM HERMES 64-core"].endswith(" cells")
    assert '<section id="accuracy">' in render_comparison(found)
    told = json.loads(views.as_json(found))["entries"][0]["accuracy"]
    assert told["by_age"][1]["age_s"] == YEAR_S and told["networks"] == 1


def test_ages_in_words() -> None:
    assert [age_words(age) for age in (YEAR_S, 2 * 86_400.0, 3_600.0, 20.0)] == [
        "1 year",
        "2 days",
        "1 hour",
        "20 s",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ages", "1 day"], "--ages: '1 day' without --accuracy; add --accuracy"),
        (["--accuracy", "--ages", "soon"], "write it like '1 day, 1 year'"),
        (
            ["-w", "cnn_digits@uniform"],
            "cnn_digits@uniform: no weights 'uniform'; did you mean 'uniform_4bit'?",
        ),
        (["-w", "resnet20_cifar10@plain"], "its file names no weights; leave '@' out"),
    ],
)
def test_bad_input_is_told(more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["compare", "zcu104-pot", "-w", "cnn_digits", *more])
    assert leaving.value.code == 2
    assert said in capsys.readouterr().err
