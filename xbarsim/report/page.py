"""A Result as one self-contained HTML page: nothing is loaded from anywhere."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from xbarsim.files import write_whole
from xbarsim.report import figures, figures_tiles, multiplexed, origins, views
from xbarsim.report.headline import Figure
from xbarsim.report.kinds import figures_of
from xbarsim.report.sections import Mark, Section
from xbarsim.report.trust import trust_sections
from xbarsim.report.views import Measured
from xbarsim.scenario.generate_result import GenerateResult
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.train_result import TrainResult

_KIND = '<p class="kind">xbarsim ·'  # how the head of a page begins
_TEMPLATES = Path(__file__).parent / "templates"
_CARDS = 8
_MOST_STATIONS, _MOST_TILES = 200, 300
_OPEN_UP_TO_ROWS = 30
_LAYERS_LEAD = (
    "The {} operations of one inference alone on the idle chip: a bar reaches from start to end, "
    "its strong part is as long as the time in service."
)


def write_page(result: Measured, path: str | Path) -> Path:
    """Render the page to `path`; an earlier page stays until the new one is complete."""
    return write_whole(path, render_page(result))


def is_page(head: str) -> bool:
    """Whether a file that begins like this is a page of any kind."""
    return head.startswith("<!doctype html>") and _KIND in head


def render_page(result: Measured) -> str:
    """The page as text; every text of the result is escaped."""
    noun = "sample" if isinstance(result, TrainResult) else "request"
    requests = f"{result.requests:,} {noun}{'' if result.requests == 1 else 's'}"
    return rendered(
        f"{result.workload} on {result.chip}", f"{result.scenario} · {requests}",
        (result.workload, result.chip), _marks(result), figures_of(result), _content(result),
    )  # fmt: skip


def rendered(
    title: str, kind: str, heading: tuple[str, ...], marks: tuple[Mark, ...],
    told: tuple[Figure, ...], parts: tuple[Section, ...],
) -> str:  # fmt: skip
    """Any page: its headline figures, and its parts as far as there is something in them."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        title=title, kind=kind, heading=heading, marks=marks, cards=told[:_CARDS], further=told[_CARDS:],
        sections=[section for section in parts if section.filled], open_up_to=_OPEN_UP_TO_ROWS,
        style=Markup(_asset("page.css")), script=Markup(_asset("page.js")), Markup=Markup,
    )  # fmt: skip


def _marks(result: Measured) -> tuple[Mark, ...]:
    """What to know before reading: laws, unknown numbers, fitted ones."""
    broken = sum(1 for law in result.laws if not law.holds)
    all_hold = Mark("good", "laws", f"{len(result.laws)} laws hold")
    marks = [Mark("bad", "laws", f"{broken} of {len(result.laws)} laws BROKEN") if broken else all_hold]
    for count, anchor, noun in (
        (len(result.unknowns), "unknown", "unknown number"),
        (len(result.calibrated), "calibrated", "fitted parameter"),
    ):
        if count:
            marks.append(Mark("warn", anchor, f"{count:,} {noun}{'' if count == 1 else 's'}"))
    return tuple(marks)


def _content(result: Measured) -> tuple[Section, ...]:
    """The parts below the headline, by the kind of the result."""
    if isinstance(result, ServeResult):
        from xbarsim.report.serve_page import serve_sections

        return serve_sections(result)
    if isinstance(result, LifetimeResult):
        from xbarsim.report.lifetime_page import lifetime_sections

        return lifetime_sections(result)
    if isinstance(result, TrainResult):
        from xbarsim.report.train_page import train_sections

        return train_sections(result)
    if isinstance(result, GenerateResult):
        from xbarsim.report.generate_page import generate_sections

        return generate_sections(result)
    return sections(result)


def sections(result: Result) -> tuple[Section, ...]:
    """All parts of the page below the headline, in reading order."""
    return (*_measured(result), *_trust(result))


def _measured(result: Result) -> tuple[Section, ...]:
    return (
        Section("energy", "Energy", "Where each inference's energy goes.", figures.energy_figure(result),
                (views.component_table(result), views.action_table(result))),
        Section("layers", "Layers", _LAYERS_LEAD.format(len(result.layers)), figures.latency_figure(result),
                (views.layer_table(result),)),
        *_phases(result),
        Section("occupancy", "Occupancy", "How much of each moment of that inference a layer was in service.",
                figures.occupancy_figure(result)),
        Section("tiles", "Tiles", "How full and how busy each tile is, and which layers sit where.",
                figures_tiles.tile_map_figure(result), (views.tile_table(result, _MOST_TILES),)),
        Section("stations", "Stations", "What was busy, and what stood in line in front of it.",
                tables=(views.station_table(result, _MOST_STATIONS),)),
        Section("area", "Area", tables=(views.area_table(result),)),
    )  # fmt: skip


def _phases(result: Result) -> tuple[Section, ...]:
    told = result.multiplex
    if told is None:
        return ()
    lead = f"The network is larger than the chip: it runs phase by phase; {multiplexed.time_summary(told)}."
    return (
        Section(
            "phases", "Phases", lead, tables=(multiplexed.phase_table(told), multiplexed.matrix_table(told))
        ),
    )


def _trust(result: Result) -> tuple[Section, ...]:
    return (
        Section("published", "Published beside simulated", "What the chip's makers have published, as given.",
                tables=(origins.published_table(result),)),
        *trust_sections(result, result.notes),
    )  # fmt: skip


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
