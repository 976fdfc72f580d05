"""Chips side by side: the differences are explained in full, and told in every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.report import compare_views as views
from xbarsim.report.compare_page import render_comparison
from xbarsim.study.compare import Comparison


@pytest.fixture(scope="module")
def found() -> Comparison:
    chips = [xs.load_chip(name) for name in ("isaac", "puma", "hermes64")]
    works = [xs.load_workload(name) for name in ("mlp_digits", "vgg8_cifar10")]
    return xs.compare(chips, works)


def test_what_does_not_fit_is_told_and_the_others_go_on(found: Comparison) -> None:
    assert [(e.chip, e.workload) for e in found.failed] == [("IBM HERMES 64-core", "vgg8_cifar10")]
    assert "142 missing" in found.failed[0].error
    assert len(found.done) == 5
    assert [(told.workload, told.other) for told in found.differences] == [
        ("mlp_digits", "PUMA"), ("mlp_digits", "IBM HERMES 64-core"), ("vgg8_cifar10", "PUMA"),
    ]  # fmt: skip


def test_an_entry_is_what_simulate_gives(found: Comparison) -> None:
    alone = xs.simulate(xs.load_chip("puma"), xs.load_workload("mlp_digits"))
    entry = next(e for e in found.done if (e.chip, e.workload) == ("PUMA", "mlp_digits"))
    assert entry.result == alone
    assert entry.figures["energy_pj"] == alone.energy_per_request_pj


def test_the_gaps_add_up_to_the_whole_difference(found: Comparison) -> None:
    for told in found.differences:
        energy = {e.chip: e.figures["energy_pj"] for e in found.of(told.workload)}
        whole = energy[told.other] - energy[told.reference]  # type: ignore[operator]
        assert sum(gap.gap_pj for gap in told.energy) == pytest.approx(whole, rel=1e-12)
        sizes = [abs(gap.gap_pj) for gap in told.energy]
        assert sizes == sorted(sizes, reverse=True)


def test_no_inference_is_sooner_than_its_busiest_station(found: Comparison) -> None:
    for told in found.differences:
        rate = {e.chip: e.figures["throughput_per_s"] for e in found.of(told.workload)}
        for chip, side in ((told.reference, "reference_ps"), (told.other, "other_ps")):
            longest_ps = max(getattr(gap, side) or 0 for gap in told.stations)
            assert 1e12 / rate[chip] >= longest_ps * (1 - 1e-9)  # type: ignore[operator]


def test_one_changed_number_is_the_whole_explanation() -> None:
    """Twice the price of a conversion: the converters, and nothing else, make the difference."""
    dear = ["tile.adc.energy=6 pJ"]
    chips = [xs.load_chip("tutorial", ["tile.adc.energy=3 pJ"]), xs.load_chip("tutorial", dear)]
    told = xs.compare(chips, [xs.load_workload("mlp_digits")]).differences[0]
    assert (told.reference, told.other) == ("Tutorial chip (1)", "Tutorial chip (2)")
    assert [gap.family for gap in told.energy if gap.gap_pj] == ["adc"]
    adc = told.energy[0]
    assert adc.other_pj == pytest.approx(2 * adc.reference_pj)
    assert all(gap.reference_ps == gap.other_ps for gap in told.stations)


def test_chips_under_load() -> None:
    scenario = xs.Serve(arrivals=xs.Poisson(rate_hz=20_000), requests=3_000)
    chips = [xs.load_chip(name) for name in ("isaac", "tutorial")]
    served = xs.compare(chips, [xs.load_workload("mlp_digits")], scenario)
    assert served.scenario == "serve"
    header = [column.title for column in views.comparison_table(served).columns]
    assert header[:4] == ["chip", "latency", "p99 latency", "throughput"]
    p99 = [entry.figures["latency_p99_ns"] for entry in served.done]
    mean = [entry.figures["latency_ns"] for entry in served.done]
    assert all(a > b for a, b in zip(p99, mean, strict=True))  # type: ignore[operator]


def test_every_format_tells_the_same_figures(found: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(views.as_csv(found))))
    assert [(row["chip"], row["workload"]) for row in rows] == [(e.chip, e.workload) for e in found.entries]
    told = json.loads(views.as_json(found))
    assert [row["figures"]["energy_pj"] for row in told["entries"]] == [
        float(row["energy_pj"]) if row["energy_pj"] else None for row in rows
    ]
    markdown = views.as_markdown(found).splitlines()
    assert len(markdown) == 2 + len(found.done)
    assert len({line.count(" | ") for line in markdown}) == 1
    latex = views.as_latex(found)
    assert latex.count(r"\\") == 1 + len(found.done) and r"vgg8\_cifar10" in latex
    assert all(line.count(" & ") == markdown[0].count(" | ") for line in latex.splitlines() if " & " in line)


def test_the_page_explains(found: Comparison) -> None:
    page = render_comparison(found)
    for anchor in ("chips", "radar", "differences", "energy", "pace", "fitted", "sensitivity", "failed"):
        assert f'<section id="{anchor}">' in page
    assert page.count("<svg") == 4
    assert "times the energy of ISAAC-CE: crossbar +" in page


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        main(["compare", "isaac", "puma", "-w", "mlp_digits", "-o", "side"])
    assert leaving.value.code == 0
    printed = capsys.readouterr().out
    assert "• PUMA, mlp_digits: 0.694 times the throughput of ISAAC-CE" in printed
    assert (tmp_path / "side" / "page.html").read_text().startswith("<!doctype html>")
    with pytest.raises(SystemExit) as leaving:
        main(["compare", "hermes64", "-w", "vgg8_cifar10"])
    assert leaving.value.code == 2
    assert "142 missing" in capsys.readouterr().err
