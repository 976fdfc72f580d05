"""What is wrong with a language model on a chip, in the words that are printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import xbarsim as xs
from tests.language import generation, small_tree
from tests.small_chips import load
from xbarsim.cli import main
from xbarsim.mapping.state_pair import map_generation
from xbarsim.scenario.arrivals import Recorded
from xbarsim.scenario.generate import Generate, generate

STATE = "decode on Small chip: keys.0 and 1 more: state that is kept from token to token"


def error_of(folder: Path, tree: dict[str, Any], at_once: int | None = None, **asked: Any) -> str:
    with pytest.raises(xs.MappingError) as caught:
        map_generation(load(folder, tree), generation(**asked), at_once, 1)
    return str(caught.value)


def test_nobody_said_where_keys_and_values_are_kept(tmp_path: Path) -> None:
    assert error_of(tmp_path, small_tree(None, 8)) == (
        f"{STATE} needs a place, and mapping.kv_cache is not given. Add 'mapping: {{kv_cache: on_chip}}' "
        "(tile.buffer) or 'mapping: {kv_cache: off_chip}' (memory)"
    )


def test_the_only_place_is_taken_and_told(tmp_path: Path) -> None:
    pair = map_generation(load(tmp_path, small_tree(None, 8, memory=False)), generation(), 1, 1)
    assert pair.kept.place == "on_chip"
    assert pair.decode.notes[0] == (
        "keys and values are kept on the chip (tile.buffer): the chip describes no other place"
    )


@pytest.mark.parametrize(("place", "kind", "other"), [
    ("off_chip", "memory", "on_chip (tile.buffer)"), ("on_chip", "buffer in its tiles", "off_chip (memory)"),
])  # fmt: skip
def test_the_place_asked_for_is_not_there(tmp_path: Path, place: str, kind: str, other: str) -> None:
    tree = small_tree(place, 8, memory=place == "on_chip")
    if place == "on_chip":
        del tree["components"]["tile"]["buffer"]
    assert error_of(tmp_path, tree) == (
        f"{STATE} needs a {kind} for mapping.kv_cache: {place}; the chip has none. Add one, or set "
        f"mapping.kv_cache: {other}"
    )


def test_there_is_no_place_at_all(tmp_path: Path) -> None:
    tree = small_tree(None, 8, memory=False)
    del tree["components"]["tile"]["buffer"]
    assert error_of(tmp_path, tree) == (
        f"{STATE} needs a memory; the chip has none. Add a buffer to the tile (kind: buffer.sram) for 'mapping: "
        "{kv_cache: on_chip}', or a memory (kind: memory.dram) with a link to the tiles for 'mapping: "
        "{kv_cache: off_chip}'"
    )


def test_a_memory_that_is_too_small_says_how_many_requests_fit(tmp_path: Path) -> None:
    tree = small_tree("off_chip", 8)
    tree["components"]["memory"]["capacity"] = "1 KiB"
    assert error_of(tmp_path, tree, at_once=20) == (
        "Small chip: keys and values of 20 requests need 1.25 KiB in memory, which keeps 1 KiB: 0.25 KiB missing. "
        "Raise memory.capacity, or let in fewer requests at a time: 16 fit"
    )


@pytest.mark.parametrize("place", ["on_chip", "off_chip"])
def test_not_even_one_request_fits(tmp_path: Path, place: str) -> None:
    tree = small_tree(place, 8)
    part = "tile.buffer" if place == "on_chip" else "memory"
    spec = tree["components"]["tile"]["buffer"] if place == "on_chip" else tree["components"]["memory"]
    spec["capacity"] = "256 B" if place == "on_chip" else "32 B"
    node, keeps, flows, missing = (
        ("tile[0]", "0.25", "0.201172", "0.0136719")
        if place == "on_chip"
        else ("memory", "0.03125", "0", "0.03125")
    )
    assert error_of(tmp_path, tree) == (
        f"Small chip: keys and values of one request need 0.0625 KiB in {node}, which keeps {keeps} KiB and needs "
        f"{flows} KiB for what flows: {missing} KiB missing. Raise {part}.capacity, or take fewer tokens"
    )


def test_tiles_that_are_too_small_for_the_requests_asked_for(tmp_path: Path) -> None:
    tree = small_tree("on_chip", 8, buffer={"capacity": "1 KiB"})
    assert error_of(tmp_path, tree, at_once=16) == (
        "Small chip: 1 tiles need more buffer than they have; the fullest, tile[0], needs 1.066 KiB of 1 KiB, most of "
        "it (1 KiB) for keys and values, and what flows beside: 0.06641 KiB missing. Raise tile.buffer.capacity, let "
        "in fewer requests at a time, or keep them in a memory (mapping.kv_cache: off_chip)"
    )


def test_what_is_worked_out_anew_for_every_token(tmp_path: Path) -> None:
    asked = generation()
    again = [
        replace(op, kind=type(op.kind).ELEMENTWISE, function="rotate", free=False, element_ops=op.elements)
        if op.name == "0.keys"
        else op
        for op in asked.decode.ops
    ]
    wrong = replace(asked, decode=replace(asked.decode, ops=tuple(again)))
    with pytest.raises(xs.MappingError) as caught:
        generate(load(tmp_path, small_tree("on_chip", 8)), wrong, Generate(1))
    assert str(caught.value) == (
        "decode on Small chip: 0.keys (rotate) is done anew for every token of context; keep its result in the "
        "network's state"
    )


def test_fewer_arrivals_are_recorded_than_requests_asked_for(tmp_path: Path) -> None:
    with pytest.raises(xs.WorkloadError) as caught:
        generate(load(tmp_path, small_tree("on_chip", 8)), generation(), Generate(3, Recorded((0, 5))))
    assert str(caught.value) == (
        "2 arrivals are recorded, 3 requests are asked for; record more, or ask for 2"
    )


@pytest.mark.parametrize(("name", "value", "least"), [("requests", 0, 1), ("at_once", 0, 1), ("seed", -1, 0)])
def test_numbers_of_the_scenario(name: str, value: int, least: int) -> None:
    with pytest.raises(
        ValueError, match=rf"^Generate\.{name} is {value}; allowed: a whole number from {least}$"
    ):
        Generate(**{name: value})


def test_the_command_line_says_it_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chip.yaml"
    path.write_text(yaml.safe_dump(small_tree("beside", 8), sort_keys=False))
    with pytest.raises(SystemExit) as left:
        main(["generate", str(path), "gpt2"])
    assert left.value.code == 2
    assert "mapping.kv_cache: 'beside'; allowed: 'on_chip' or 'off_chip'" in capsys.readouterr().err
