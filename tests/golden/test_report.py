"""What people see of a small, hand-made result: the text, the numbers in it, the trace."""

import dataclasses
import json
import re
from collections import defaultdict
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from tests.result_factory import big_result, make_result
from xbarsim.report import figures, figures_tiles
from xbarsim.report.headline import headline
from xbarsim.report.notebook import result_html
from xbarsim.report.quantities import format_area, format_number, format_quantity, format_share
from xbarsim.report.tables import share_bar, to_text
from xbarsim.report.timeline import OPERATIONS, lanes, trace_json
from xbarsim.report.views import energy_by_component
from xbarsim.scenario.result import Slice

GOLDEN = Path(__file__).with_name("small_result.txt")


def test_text_of_a_small_result_is_the_golden_one():
    assert to_text(make_result()) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_text_keeps_to_its_width(width):
    assert max(map(len, to_text(make_result(layers=9, tiles=30), width).splitlines())) <= width


def test_hand_made_results_obey_the_laws_of_real_ones():
    for result in (make_result(), make_result(layers=21, tiles=64), big_result()):
        for row in result.energy:
            assert row.static or row.energy_pj == pytest.approx(row.count * row.per_action_pj)
        for station in result.stations:
            assert station.busy_ps + station.blocked_ps + station.idle_ps == result.elapsed_ps
            assert min(station.busy_ps, station.blocked_ps, station.idle_ps) >= 0
            assert sum(waited_ps for _, waited_ps in station.waited_for) == station.waited_ps
        for row in result.layers:
            assert 0 <= row.start_ps < row.start_ps + row.busy_ps <= row.end_ps <= result.latency.alone_ps
            assert sum(row.occupancy) * result.latency.alone_ps / 40 == pytest.approx(row.busy_ps)
        assert sum(row.arrays for row in result.layers) == sum(row.arrays_used for row in result.tiles)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.234e-5, "s", "12.3 µs"),
        (4.56e-3, "J", "4.56 mJ"),
        (999.6, "W", "1.00 kW"),
        (0, "J", "0 J"),
        (None, "J", "unknown"),
        (-2.5e-9, "A", "-2.50 nA"),
        (119, "s", "119 s"),
        (90 * 60, "s", "1.50 h"),
        (31_557_600 * 2, "s", "2.00 years"),
        (63.1e12, "OPS", "63.1 TOPS"),
        (3e-21, "J", "0.00300 aJ"),
    ],
)
def test_quantities_read_in_three_digits_with_a_prefix(value, unit, text):
    assert format_quantity(value, unit) == text


def test_other_numbers_read_well():
    assert [format_number(value) for value in (12345.678, 9, 0.01234, 0)] == ["12,346", "9.00", "0.0123", "0"]
    assert [format_share(share) for share in (0, 1, 0.0004, 0.123, 0.9999, None)] == [
        "0.0 %", "100 %", "< 0.1 %", "12.3 %", "100 %", "unknown",
    ]  # fmt: skip
    assert [format_area(area) for area in (5.0, 2.5e6, None)] == ["5.00 µm²", "2.50 mm²", "unknown"]
    assert [share_bar(share).rstrip() for share in (0, 0.5, 1, 7, 1 / 64)] == [
        "",
        "████",
        "█" * 8,
        "█" * 8,
        "▏",
    ]


def test_unknown_areas_make_the_area_a_lower_and_the_density_an_upper_bound():
    told = {figure.label: figure for figure in headline(make_result())}
    assert told["Area"].value == "≥ 0.318 mm²"
    assert told["Area"].detail == "unknown areas: tile.dac"
    assert told["Compute density"].value.startswith("≤ ")


def test_a_result_in_which_nothing_happened_is_told_not_divided_by():
    result = dataclasses.replace(
        make_result(), energy=(), layers=(), stations=(), tiles=(), area=(), laws=(), notes=(), elapsed_ps=0,
    )  # fmt: skip
    text = to_text(result)
    assert re.search(r"Mean power +unknown", text)
    assert re.search(r"Effective efficiency +unknown", text)


def test_energy_by_component_adds_up_to_the_whole():
    result = make_result()
    rows = energy_by_component(result)
    assert [row.component for row in rows] == ["tile.adc", "tile.array", "tile.dac"]
    assert sum(row.energy_pj for row in rows) == pytest.approx(result.energy_pj, rel=1e-12)
    assert rows[1].static_pj == 0


def test_notebook_table_is_escaped_and_alone():
    html = result_html(make_result())
    assert "Quartet &lt;4&gt;" in html
    assert "<4>" not in html
    assert "http" not in html


@pytest.mark.parametrize("draw", [
    figures.energy_figure, figures.latency_figure, figures.occupancy_figure, figures_tiles.tile_map_figure,
])  # fmt: skip
def test_figures_are_deterministic_themed_and_small(draw):
    svg = draw(make_result())
    assert svg == draw(make_result())
    assert svg.startswith("<svg ") and svg.rstrip().endswith("</svg>")
    assert "<text" in svg  # letters, not paths
    assert "var(--ink" in svg or "var(--quiet" in svg
    assert "#0102" not in svg
    assert len(draw(big_result())) < 200_000


@pytest.mark.parametrize("place", [
    lambda at: (float(at), 0.0), lambda at: (2.5, -0.5 * at),
    lambda at: (0.0, 0.0), lambda at: (at * 1e-3, at * 7.0),
], ids=["row", "column", "no places", "diagonal"])  # fmt: skip
def test_tile_map_copes_with_any_places(place):
    result = make_result(layers=9, tiles=30)
    tiles = tuple(
        dataclasses.replace(row, x=place(at)[0], y=place(at)[1]) for at, row in enumerate(result.tiles)
    )
    svg = figures_tiles.tile_map_figure(dataclasses.replace(result, tiles=tiles))
    assert svg.count("<title>") == 3 * 30
    assert "nan" not in svg


def test_names_in_figures_stay_as_they_are():
    result = make_result()
    odd = 'v0.12345 $x_1$ "#010203'
    layers = (dataclasses.replace(result.layers[0], name=odd), *result.layers[1:])
    svg = figures.latency_figure(dataclasses.replace(result, layers=layers))
    assert f">{odd}</text>" in svg


def test_tile_map_tells_each_tile_once_in_each_of_its_three_maps():
    svg = figures_tiles.tile_map_figure(make_result())
    hint = "tile[3]: 75.0 % of cells used, busy 91.4 %; block1.conv0"
    assert svg.count(f"<title>{hint}</title>") == 3


def test_trace_has_a_process_for_operations_and_one_for_each_component_class():
    events = json.loads(trace_json(make_result()))["traceEvents"]
    processes = [event["args"]["name"] for event in events if event["name"] == "process_name"]
    assert processes == [OPERATIONS, "tile.adc", "tile.dac"]
    power = [
        (event["ts"], event["args"]["W"]) for event in events if event["ph"] == "C" and event["pid"] == 2
    ]
    assert [watts for _, watts in power] == [0.04, 0.03, 0.02, 0.01]


def test_trace_keeps_every_picosecond_of_a_long_run():
    late_ps = 9_007_199_254_740_993_000_001  # more digits than a float holds
    timeline = dataclasses.replace(
        make_result().timeline, slices=(Slice("op", "run", late_ps, late_ps + 1, 0),), power=()
    )
    text = trace_json(dataclasses.replace(make_result(), timeline=timeline))
    assert '"ts":9007199254740993.000001,"dur":0.000001,' in text


@pytest.mark.parametrize("result", [make_result(), big_result()], ids=["small", "big"])
def test_slices_of_a_thread_nest_or_are_disjoint(result):
    events = json.loads(trace_json(result), parse_float=Decimal, parse_int=Decimal)["traceEvents"]
    threads = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            threads[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    assert sum(map(len, threads.values())) == len(result.timeline.slices)
    for spans in threads.values():
        for (start, end), (other_start, other_end) in combinations(spans, 2):
            disjoint = end <= other_start or other_end <= start
            nested = start <= other_start <= other_end <= end or other_start <= start <= end <= other_end
            assert disjoint or nested


def test_overlapping_jobs_of_one_station_get_lanes_and_jobs_within_an_operation_nest():
    operation = Slice("op", "conv", 0, 100, 0)
    first, second, third = (Slice("op", "job", start, start + 30, 1) for start in (0, 20, 40))
    assert lanes([third, second, first, operation]) == [[operation, first, third], [second]]
    assert lanes([Slice("s", "a", 0, 5, 1), Slice("s", "b", 5, 9, 1)]) == [
        [Slice("s", "a", 0, 5, 1), Slice("s", "b", 5, 9, 1)]
    ]
    inner = Slice("s", "inner", 2, 3, 1)
    assert lanes([Slice("s", "outer", 0, 9, 1), inner])[1] == [inner], "equals are side by side, not nested"


def test_disjoint_slices_stay_on_one_lane():
    (lane,) = lanes([Slice("s", "job", start, start + 10, 1) for start in range(0, 100, 10)])
    assert all(before.end_ps <= after.start_ps for before, after in pairwise(lane))
