"""Shipped chips with random mistakes load, or end in lines a chip architect can read; never a traceback."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xbarsim.errors import SpecError
from xbarsim.shipped import shipped
from xbarsim.spec.load import load_chip

CHIPS = {
    file.name: yaml.safe_load(file.read_text()) for file in sorted(shipped("architectures").glob("*.yaml"))
}
JARGON = (
    "Input should",
    "str_type",
    "pydantic",
    "None",
    "True",
    "False",
    "<class",
    "{'",
    "[{",
    "Error",
    "validator",
)

LEAVES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        10**400,
        1.5,
        float("nan"),
        float("inf"),
        "",
        "5",
        "5 ns",
        "-5 pJ",
        "0 pJ",
        "1e999 pJ",
        "1e-40 ns",
        "12 KB",
        "ideal",
        "unknown",
        "included",
        "a\nb",
        "\x07",
        "µ" * 300,
        "tile",
        "tile[i] -> io[i//0]",
        "-> a",
    ]
)
MAPPINGS = st.sampled_from(
    [
        {},
        {"a": 1},
        {"1": {"2": 3}},
        {"kind": "adc.sar"},
        {"kind": []},
        {"kind": "tile"},
        {"kind": "tyle", "x": {"kind": 3}},
        {"value": {"value": "unknown"}},
        {"value": "5 pJ", "source": []},
        {"value": "5 pJ", "sorce": "x"},
        {"value": None},
        {"model": "adc.andrulis"},
        {"model": []},
        {"model": "table.int8_add"},
        {"model": "adc.andrulis", "bits": "x", "z": 1},
        {"value": "5 pJ", "at_supply": "1 V", "exponent": 20},
        {"value": "5 ns", "at_supply": "1e-50 V", "exponent": "unknown"},
        {"value": "5 ns", "at_supply": {"value": "1e-50 V"}, "exponent": -20},
        {"by_output": {"0": "1 pJ", "1": "2 pJ"}, "source": "x"},
        {"by_output": {"nan": "1 pJ", "ideal": "2 pJ"}, "value": "3 pJ"},
        {"by_output": {"1": "1 pJ", "1.0": None}, "exponent": []},
        {"mean_output": 0.5},
        {"edge": "io <-> tile[0]"},
        {"edge": [], "link": "ideal"},
        {"topology": "mesh"},
        {"topology": []},
        {"topology": "mesh", "of": [[]], "link": "ideal", "router": "ideal"},
        {"topology": "bus", "of": "tile", "bus": 3},
        {"include": "x.yaml"},
        {"include": []},
        {"include": {"a": 1}},
    ]
)
WRONG = st.one_of(LEAVES, MAPPINGS, st.lists(LEAVES | MAPPINGS, max_size=2))
NAMES = st.sampled_from(
    [
        "kind",
        "",
        "area",
        "count",
        "modes",
        "mode",
        "calibrated",
        "reported",
        "unstated",
        "precision",
        "mapping",
        "connect",
        "components",
        "cells",
        "include",
        "source",
        "note",
        "colums",
        "supply",
        "data",
        "tile[0]",
        "a.b",
        "on",
        "1",
        "weight",
        "adc",
        "null",
    ]
)
ASSIGNMENTS = st.sampled_from(
    [
        "tile.adc.bits=6",
        "mode=a",
        "modes={a: {tile.count: 3, zz: 3, precision: 4}}",
        "calibrated={y: [z], q: 3}",
        "supply=1e50 V",
        "supply={value: unknown}",
        "data.mean_output=ideal",
        "data={mean_output: 1}",
        "x",
        "reported=[{figure: 3}]",
        "tile.adc=[",
        "=",
        "tile=ideal",
        "connect[0]=3",
        "connect[0].link=ideal",
        "a.b.c=1",
        "tile.=3",
    ]
)


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return ([at] if at else []) + [path for key, value in items for path in places(value, (*at, key))]


def holder_of(tree: Any, path: tuple[Any, ...]) -> Any:
    for part in path[:-1]:
        tree = tree[part]
    return tree


@st.composite
def broken_chips(draw: st.DrawFn) -> Any:
    """A shipped chip with one to four things deleted, replaced, added, renamed or copied elsewhere."""
    tree = copy.deepcopy(CHIPS[draw(st.sampled_from(sorted(CHIPS)))])
    for _ in range(draw(st.integers(1, 4))):
        found = places(tree)
        if not found:
            break
        path = draw(st.sampled_from(found))
        holder, last = holder_of(tree, path), path[-1]
        action = draw(st.sampled_from(["delete", "replace", "replace", "add", "rename", "copy"]))
        if action == "delete":
            del holder[last]
        elif action == "replace":
            holder[last] = copy.deepcopy(draw(WRONG))
        elif action == "add" and isinstance(holder, dict):
            holder[draw(NAMES)] = copy.deepcopy(draw(WRONG))
        elif action == "rename" and isinstance(holder, dict):
            holder[draw(NAMES | st.just(f"{last}x"))] = holder.pop(last)
        elif action == "copy":
            other = draw(st.sampled_from(found))
            holder[last] = copy.deepcopy(holder_of(tree, other)[other[-1]])
    return tree


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place where broken chips find the common files."""
    path = tmp_path_factory.mktemp("chips")
    (path / "common").symlink_to(shipped("architectures") / "common")
    return path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=broken_chips(), assignments=st.lists(ASSIGNMENTS, max_size=2))
def test_a_broken_chip_loads_or_is_told_in_plain_lines(
    tree: Any, assignments: list[str], folder: Path
) -> None:
    file = folder / "chip.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))
    written = file.read_text() + " ".join(assignments)
    try:
        load_chip(file, assignments)
    except SpecError as error:
        lines = str(error).splitlines()
        assert len(lines) == len(set(lines)) == len(error.problems) > 0
        for problem in error.problems:
            said = f"{problem.found} {problem.allowed} {problem.fix}"
            assert [word for word in JARGON if word in said and word not in written] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_chip_with_damaged_text_loads_or_is_told(data: st.DataObject, folder: Path) -> None:
    name = data.draw(st.sampled_from(sorted(CHIPS)))
    text = bytearray((shipped("architectures") / name).read_bytes())
    pieces = [
        b"\t",
        b"{",
        b"]",
        b": ",
        b"- ",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!bool ",
        b"!!timestamp ",
        b"? ",
        b"|",
        b"'",
        b'"',
        b"\n",
        b"---\n",
        b"\x00",
        b"\xff",
        b"\xe2\x80\xa8",
        b".nan",
        b"9" * 5000,
        b"include: chip.yaml\n",
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text[at : at + data.draw(st.integers(0, 20))] = data.draw(st.sampled_from(pieces))
    file = folder / "chip.yaml"
    file.write_bytes(bytes(text))
    try:
        load_chip(file)
    except SpecError as error:
        assert len(str(error).splitlines()) == len(error.problems) > 0
