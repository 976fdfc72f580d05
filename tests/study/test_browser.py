"""The pages of a study and of a comparison in a browser, as their readers open them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Opened, chromium
from tests.study.studies import SMALL, study_of
from xbarsim.cli import main


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def study_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    study_of(
        folder, SMALL.replace("minimise, throughput_per_s", "minimise, area_mm2: minimise, throughput_per_s")
    )
    command = ["sweep", "study.yaml", "--store", "store", "--out", "out", "-w", "1", "--reports", "2"]
    return _made(folder, command) / "out" / "page.html"


@pytest.fixture(scope="module")
def compare_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    command = ["compare", "isaac", "puma", "tutorial", "-w", "mlp_digits", "-w", "cnn_digits", "--out", "out"]
    return _made(folder, command) / "out" / "page.html"


def _made(folder: Path, command: list[str]) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(SystemExit) as leaving:
            main(command)
    assert leaving.value.code == 0
    return folder


def test_a_click_on_a_best_point_opens_its_report(browser: Any, study_page: Path) -> None:
    opened = Opened(browser, study_page)
    dot = opened.page.locator('#best svg a[href^="points/"], #best svg a[*|href^="points/"]').first
    assert (
        "converters" in dot.locator("title").text_content()
        or "adc.count" in dot.locator("title").text_content()
    )
    dot.click()
    opened.page.wait_for_url("**/points/point-*.html")
    assert opened.page.locator("h1").inner_text() == "mlp_digits × Tutorial chip"
    assert opened.page.locator(".cards .value").count() == 8
    assert opened.troubles == []


def test_a_click_on_another_point_finds_it_in_the_table(browser: Any, study_page: Path) -> None:
    opened = Opened(browser, study_page)
    dot = opened.page.locator('#best svg a[*|href^="#point-"]').first
    dot.click()
    row = opened.page.locator("#points tr:has(td:target)")
    assert row.count() == 1
    assert row.locator("td").first.inner_text() == opened.page.url.rpartition("-")[2]
    assert opened.troubles == []


def test_a_click_on_a_title_sorts_the_table(browser: Any, study_page: Path) -> None:
    opened = Opened(browser, study_page)
    numbers = opened.page.locator("#points tbody td:first-child")
    assert numbers.all_inner_texts() == [str(n) for n in range(1, 10)]
    opened.page.locator("#points th button").first.click()
    assert numbers.all_inner_texts() == [str(n) for n in range(9, 0, -1)]


@pytest.mark.parametrize("name", ["study_page", "compare_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_telephone(
    browser: Any, name: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    opened = Opened(browser, request.getfixturevalue(name), width=400, scheme=scheme)
    assert opened.page.locator("svg").count() >= 3
    assert opened.overflow_px <= 0
    assert opened.troubles == []


@pytest.mark.parametrize("name", ["study_page", "compare_page"])
def test_figures_follow_the_theme(browser: Any, name: str, request: pytest.FixtureRequest) -> None:
    inks = {
        scheme: Opened(browser, request.getfixturevalue(name), scheme=scheme).color("svg text", "fill")
        for scheme in ("light", "dark")
    }
    assert inks["light"] != inks["dark"]


def test_the_comparison_leads_to_each_of_its_parts(browser: Any, compare_page: Path) -> None:
    opened = Opened(browser, compare_page)
    links = opened.page.locator("nav a")
    for at in range(links.count()):
        links.nth(at).click()
        anchor = opened.page.url.rpartition("#")[2]
        assert opened.page.locator(f"section#{anchor}").count() == 1
    assert opened.page.locator("#chips svg").count() == 1
    assert opened.troubles == []
