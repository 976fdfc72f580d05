"""A saved Result comes back equal, whatever is in it; and a save that fails loses nothing."""

import dataclasses
import json
import subprocess
import sys
import types
import typing
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.result_factory import big_result, make_result
from xbarsim.errors import SpecError
from xbarsim.report.run_folder import save_run
from xbarsim.report.timeline import lanes
from xbarsim.scenario import store
from xbarsim.scenario.result import Result, Slice, Timeline

KEYS = st.text(max_size=6).filter(lambda key: key not in ("$tuple", "$float"))
FLOATS = st.floats(allow_nan=False)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.lists(inner, max_size=2).map(tuple)
    | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=5,
)  # fmt: skip
PLAIN = {int: st.integers(), float: FLOATS | st.integers(), str: st.text(max_size=6), bool: st.booleans()}


def values_of(hint: typing.Any) -> st.SearchStrategy:
    """Any value of a type that occurs in Result."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: values_of(of) for name, of in typing.get_type_hints(hint).items()})
    if origin in (types.UnionType, typing.Union):
        return st.one_of(st.none() if of is type(None) else values_of(of) for of in inner)
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(values_of(inner[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, inner))
    if origin is Mapping:
        return st.dictionaries(KEYS, values_of(inner[1]), max_size=2)
    return PLAIN.get(hint, ANYTHING)


def without_timeline(result: Result) -> Result:
    return dataclasses.replace(result, timeline=None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(values_of(Result))
def test_any_result_comes_back_equal_and_of_the_same_types(result):
    text = store.result_to_json(result)
    back = store.result_from_json(text, Path("result.json"))
    assert back == without_timeline(result)
    assert store.result_to_json(back) == text  # tells 1 from 1.0 and from True


@settings(deadline=None)
@given(ANYTHING, KEYS)
def test_tuples_lists_and_infinities_in_free_form_places_are_kept_apart(value, key):
    result = dataclasses.replace(
        make_result(), provenance={key: value, "list": [1, (2.0,)], "inf": float("-inf")}
    )
    back = store.result_from_json(store.result_to_json(result), Path("result.json"))
    assert back.provenance == result.provenance


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.integers(0, 1)), max_size=14))
def test_slices_of_a_lane_nest_in_a_lesser_depth_or_are_disjoint(spans):
    slices = [
        Slice("track", str(at), start, start + width, depth) for at, (start, width, depth) in enumerate(spans)
    ]
    filled = lanes(slices)
    assert sorted(piece.name for lane in filled for piece in lane) == sorted(piece.name for piece in slices)
    for lane in filled:
        for one, other in combinations(lane, 2):
            inside = one.depth < other.depth and one.start_ps <= other.start_ps and other.end_ps <= one.end_ps
            assert inside or one.end_ps <= other.start_ps


@pytest.mark.parametrize("make", [make_result, big_result])
def test_a_saved_run_loads_equal_and_saves_to_the_same_bytes(tmp_path, make):
    store.save_result(make(), tmp_path / "one")
    store.save_result(make(), tmp_path / "two")
    assert store.load_result(tmp_path / "one") == without_timeline(make())
    assert (tmp_path / "one/result.json").read_bytes() == (tmp_path / "two/result.json").read_bytes()


def test_numpy_numbers_are_stored_as_pythons(tmp_path):
    result = dataclasses.replace(make_result(), elapsed_ps=np.int64(5), provenance={"hz": np.float32(0.5)})
    back = store.load_result(store.save_result(result, tmp_path / "run"))
    assert (type(back.elapsed_ps), back.elapsed_ps, back.provenance["hz"]) == (int, 5, 0.5)


def test_a_run_folder_has_result_timeline_and_page(tmp_path):
    folder = save_run(make_result(), tmp_path / "deep" / "run")
    assert sorted(entry.name for entry in folder.iterdir()) == ["page.html", "result.json", "timeline.json"]
    assert json.loads((folder / "timeline.json").read_text())["traceEvents"]
    save_run(dataclasses.replace(make_result(), timeline=None), folder, page=False)
    assert [entry.name for entry in folder.iterdir()] == ["result.json"], "nothing stale of the earlier run"
    assert [entry.name for entry in folder.parent.iterdir()] == ["run"], "nothing left beside it"


def test_truncated_timelines_say_so(tmp_path):
    result = dataclasses.replace(make_result(), timeline=Timeline((), (), truncated=True))
    folder = save_run(result, tmp_path / "run", page=False)
    assert json.loads((folder / "timeline.json").read_text())["otherData"]["truncated"] is True


def test_files_of_others_in_a_run_folder_stay(tmp_path):
    folder = store.save_result(make_result(), tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    store.save_result(make_result(requests=9), folder)
    assert (folder / "notes.txt").read_text() == "mine"
    assert store.load_result(folder).requests == 9


def test_a_folder_that_is_not_a_run_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SpecError, match=r"holds files but no result\.json; .*a new folder"):
        store.save_result(make_result(), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("failing", ["_write_synced", "_swap"])
def test_a_save_that_is_interrupted_keeps_the_earlier_run(tmp_path, monkeypatch, failing):
    folder = store.save_result(make_result(requests=1), tmp_path / "run")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, failing, interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.save_result(make_result(requests=2), folder)
    assert store.load_result(folder).requests == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


KILLED = """
import os, sys
from tests.result_factory import make_result
from xbarsim.scenario import store
steps = int(sys.argv[2])
def counted(real):
    def step(*args):
        global steps
        if steps == 0:
            os._exit(9)
        steps -= 1
        return real(*args)
    return step
os.rename, os.fsync, store.shutil.rmtree = counted(os.rename), counted(os.fsync), counted(store.shutil.rmtree)
store.save_result(make_result(requests=2), sys.argv[1])
"""


def test_a_save_that_is_killed_at_any_step_leaves_one_whole_run(tmp_path):
    outcomes = []
    for steps in range(6):
        folder = store.save_result(make_result(requests=1), tmp_path / f"run{steps}")
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, folder, str(steps)], cwd=Path(__file__).parents[2]
        )
        outcomes.append((killed.returncode, store.load_result(folder).requests))
        assert store.load_result(store.save_result(make_result(requests=3), folder)).requests == 3
        assert not (tmp_path / f".run{steps}.previous").exists()
    assert outcomes == [(9, 1), (9, 1), (9, 1), (9, 2), (0, 2), (0, 2)]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{", r"result\.json:1: not complete JSON"),
        ('{"schema": 99, "result": {}}', r"schema: found 99; .*1, which this version reads"),
        ("[]", r"schema: found None; .*1, which this version reads"),
        ('{"schema": 1, "result": 7}', r"result: found 7; .*dict"),
        ('{"schema": 1, "result": {}}', r"result\.area: found nothing; .*a value"),
    ],
)
def test_a_broken_run_folder_is_told_clearly(tmp_path, broken, message):
    (tmp_path / "result.json").write_text(broken)
    with pytest.raises(SpecError, match=message):
        store.load_result(tmp_path)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("requests",), "3", r"result\.requests: found '3'; .*int"),
        (("requests",), True, r"result\.requests: found True; .*int"),
        (("layers", 1, "busy_ps"), 2.5, r"result\.layers\[1\]\.busy_ps: found 2\.5; .*int"),
        (("stations", 0, "waited_for", 0), ["op"], r"waited_for\[0\]: found 1 values; .*2 values"),
        (("chips",), "two", r"result\.chips: found a value; .*no field of this name"),
        (("elapsed_ps",), {"$float": "inf"}, r"result\.elapsed_ps: found .*; .*int"),
        (
            ("peak", "power_w"),
            {"$float": "much"},
            r"result\.peak\.power_w: found .*; .*inf, -inf or nan",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_place(tmp_path, place, value, message):
    stored = json.loads(store.result_to_json(make_result()))
    inner = stored["result"]
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    (tmp_path / "result.json").write_text(json.dumps(stored))
    with pytest.raises(SpecError, match=message):
        store.load_result(tmp_path)


def test_a_missing_run_folder_is_told_clearly(tmp_path):
    with pytest.raises(SpecError, match=r"nowhere: not a run folder: result\.json cannot be read"):
        store.load_result(tmp_path / "nowhere")
