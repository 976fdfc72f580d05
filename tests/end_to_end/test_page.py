"""The HTML page: alone in the world, complete, escaped, small."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from tests.result_factory import big_result, make_result
from xbarsim import files
from xbarsim.report.page import render_page, sections, write_page
from xbarsim.scenario.result import Law

LOADING = ("src", "srcset", "href", "xlink:href", "data", "poster", "action")
WITHOUT_END = {"meta", "link", "img", "br", "input", "hr"}


class Reader(HTMLParser):
    """Collects what matters of a page and checks that its tags are balanced."""

    def __init__(self, text: str):
        super().__init__()
        self.references, self.ids, self.open, self.text, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.references += [value for name, value in attributes if name in LOADING]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in WITHOUT_END:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def small() -> str:
    return render_page(make_result())


@pytest.fixture(scope="module")
def big() -> str:
    return render_page(big_result())


def test_nothing_is_loaded_from_anywhere(small, big):
    for text in (small, big):
        assert all(
            reference.startswith(("#", "data:image/png;base64,")) for reference in Reader(text).references
        )
        assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|<link|<iframe", text)
        assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
            "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
        }  # names of the SVG language, not addresses to load  # fmt: skip


def test_every_section_is_there_and_ids_are_unique(small):
    read = Reader(small)
    assert len(read.ids) == len(set(read.ids))
    for anchor in ("headline", *(section.anchor for section in sections(make_result()))):
        assert anchor in read.ids
        assert f"#{anchor}" in read.references
    assert read.tags.count("svg") == 4
    assert set(read.references) <= {f"#{name}" for name in read.ids} | {
        reference for reference in read.references if reference.startswith("data:")
    }


def test_the_figures_of_the_result_are_on_the_page(small):
    text = " ".join(Reader(small).text)
    for told in (
        "33.3 µs",
        "unknown areas: tile.dac",
        "not simulated here",
        "quartet.yaml:14",
        "adc.survey_fit",
        "1 of 4 numbers was fitted",
        "2 laws hold",
        "1 unknown number",
        "1 fitted parameter",
        "The input buffer is taken to be large enough.",
        "0a1b",
    ):
        assert told in text


def test_every_text_of_the_result_is_escaped():
    evil = "<script>alert(1)</script>\"'& $x^{2}$"

    def spoiled(value):
        if isinstance(value, str):
            return evil + value
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            return dataclasses.replace(value, **{name: spoiled(getattr(value, name)) for name in names})
        if isinstance(value, tuple):
            return tuple(spoiled(item) for item in value)
        if isinstance(value, dict):
            return {evil + key: spoiled(item) for key, item in value.items()}
        return value

    text = render_page(spoiled(make_result()))
    assert Reader(text).tags.count("script") == 1
    assert "<script>alert" not in text
    assert evil not in text


def test_a_broken_law_is_the_first_thing_one_sees():
    result = dataclasses.replace(
        make_result(), laws=(Law("all work is done", False, "3 products are missing"),)
    )
    text = render_page(result)
    assert text.index("1 of 1 laws BROKEN") < text.index('id="headline"')


def test_sections_without_content_are_left_out():
    result = dataclasses.replace(make_result(), reported=(), calibrated={}, notes=(), tiles=(), sources=())
    ids = Reader(render_page(result)).ids
    assert not {"published", "calibrated", "notes", "tiles", "sources", "unknown"} & set(ids)


def test_an_idle_chip_has_a_page():
    result = dataclasses.replace(make_result(), energy=(), layers=(), stations=(), tiles=(), area=(), laws=())
    assert "headline" in Reader(render_page(result)).ids


def test_page_is_deterministic_and_small(small, big):
    assert small == render_page(make_result())
    assert len(small.encode()) < 150_000
    assert len(big.encode()) < 2_000_000


def test_write_page_is_atomic(tmp_path, monkeypatch, small):
    path = write_page(make_result(), tmp_path / "new" / "page.html")
    assert path.read_text(encoding="utf-8") == small

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_page(big_result(), path)
    assert path.read_text(encoding="utf-8") == small
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]
