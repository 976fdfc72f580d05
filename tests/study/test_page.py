"""The page of a study and what the commands print; test_browser.py opens it."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.study.studies import SMALL, study_of
from xbarsim.cli import main
from xbarsim.report.page import render_page
from xbarsim.report.study_page import render_study
from xbarsim.report.study_reports import write_reports
from xbarsim.study.design import again
from xbarsim.study.evaluate import Bench
from xbarsim.study.explored import Explored
from xbarsim.study.search import Search, search
from xbarsim.study.sweep import sweep


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def found(folder: Path) -> Explored:
    text = SMALL.replace("[4, 6, 8, -1]", "[4, 6, -1, <b>]").replace(
        "goals: {energy_pj: minimise, throughput_per_s: maximise}",
        "goals: {area_mm2: minimise, throughput_per_s: maximise}\n"
        "    constraints: {latency_ns: {at_most: 5000}}",
    )
    return sweep(study_of(folder, text), folder / "store", workers=1)


class _Page(HTMLParser):
    """Anchors, links and how deep the tags are."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if "id" in told:
            self.anchors.add(str(told["id"]))
        self.links += [str(told[key]) for key in ("href", "xlink:href") if key in told]


def test_every_link_of_the_page_leads_somewhere_on_it(found: Explored) -> None:
    page = _Page()
    page.feed(render_study(found))
    points = [link for link in page.links if link.startswith("#point-") and link[7:].isdigit()]
    dots = len(found.done)
    assert len(points) >= len(found.front) + dots
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.anchors
    assert not [link for link in page.links if not link.startswith("#")]  # nothing is loaded from anywhere


def test_best_points_lead_to_their_reports(found: Explored, tmp_path: Path) -> None:
    links = write_reports(found, tmp_path, most=2)
    assert set(links) == {found.front[0].number, found.front[-1].number}
    assert list(links.values()) == [f"points/point-{n}-{_key(found, n)[:8]}.html" for n in links]
    page = _Page()
    page.feed(render_study(found, links))
    assert {link for link in page.links if not link.startswith("#")} == set(links.values())
    for number, link in links.items():
        alone = Bench().result(again(found.study, found.outcomes[number - 1].labels).point)
        assert (tmp_path / link).read_text() == render_page(alone)
        assert alone.energy_per_request_pj == found.outcomes[number - 1].figure("energy_pj")


def test_a_report_that_is_there_is_not_made_again(
    found: Explored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = write_reports(found, tmp_path, most=2)
    monkeypatch.setattr(Bench, "result", None)
    assert write_reports(found, tmp_path, most=2) == links


def test_pruned_points_are_told_with_their_reason(tmp_path: Path) -> None:
    text = SMALL.replace("[4, 6, 8, -1]", "[4, 6]").replace(
        "    goals:", "    constraints: {area_mm2: {at_most: 0.1}}\n    goals:"
    )
    found = search(study_of(tmp_path, text), Search(12), tmp_path / "store", 1)
    page = render_study(found)
    assert found.pruned and not found.failed
    for one in found.pruned:
        assert one.labels["chip.tile.adc.count"] != "1"
        assert "area_mm2 is at least 0." in one.reason and one.reason in page
    assert f"{len(found.pruned)} points not simulated" in page


def _key(found: Explored, number: int) -> str:
    return str(found.outcomes[number - 1].row["key"])


def test_the_page_shows_best_points_bounds_and_failures(found: Explored) -> None:
    page = render_study(found)
    for anchor in ("best", "effects", "parallel", "points", "failed", "space"):
        assert f'<section id="{anchor}">' in page
    assert page.count("<svg") == 3
    assert "-1 is out of range; allowed: a whole number from 1 to 64" in page
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert len(found.done) == 6 and len(found.failed) == 6
    assert 0 < len(found.front) <= len(found.feasible) < len(found.done)
    assert page == render_study(found)


def test_the_commands_from_study_to_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    study_of(folder, SMALL)
    for expected in ("12 run now", "0 run now"):
        assert _ended(["sweep", "study.yaml", "-w", "1"]) == 0
        printed = capsys.readouterr()
        assert expected in printed.out and "Failed points" in printed.out
        assert printed.err == ""
    assert (folder / "runs" / "small" / "page.html").read_text().startswith("<!doctype html>")
    sql = (
        "SELECT settings['chip.tile.adc.bits'] AS bits, count(*) AS points, min(energy_pj) AS least FROM points "
        "JOIN studies USING (key) WHERE study = 'small' AND status = 'done' GROUP BY bits ORDER BY bits"
    )
    assert _ended(["query", sql, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["bits"], row["points"]) for row in rows] == [("4", "3"), ("6", "3"), ("8", "3")]
    assert _ended(["sweep", "study.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    least = min(row["energy_pj"] for row in told["points"] if row["status"] == "done")
    assert float(rows[0]["least"]) == least
    assert _ended(["query", "SELECT nix FROM points"]) == 2
    assert 'Referenced column "nix" not found' in capsys.readouterr().err


def test_a_page_is_not_written_over_something_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "other").mkdir()
    (folder / "other" / "page.html").write_text("mine")
    study_of(folder, SMALL)
    assert _ended(["sweep", "study.yaml", "-o", "other", "--store", "fresh"]) == 2
    assert "exists and is not a page of xbarsim" in capsys.readouterr().err
    assert not (folder / "fresh").exists()


def test_an_interrupted_study_says_what_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from xbarsim.study.evaluate import Bench

    monkeypatch.chdir(folder)
    study_of(folder, SMALL)
    row, ran = Bench.row, []

    def interrupted(bench: Bench, job: object) -> object:
        if len(ran) == 5:
            raise KeyboardInterrupt
        ran.append(job)
        return row(bench, job)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Bench, "row", interrupted)
        assert _ended(["sweep", "study.yaml", "-w", "1", "--store", "cut"]) == 130
    kept = "interrupted; 5 of 12 points are in cut, the same command goes on\n"
    assert capsys.readouterr().err == kept
    assert _ended(["sweep", "study.yaml", "-w", "1", "--store", "cut"]) == 0
    assert "7 run now" in capsys.readouterr().out


def _ended(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return leaving.value.code
