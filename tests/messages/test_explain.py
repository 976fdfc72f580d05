"""`explain` says of any key what it is, and in a chip what it is there, where from, and who reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.errors import SpecError
from xbarsim.spec.component import kinds
from xbarsim.spec.explain import Explanation, explain
from xbarsim.spec.load import load_chip

FILE = Path(__file__).parent / "base.yaml"
BASE = load_chip(FILE)


def test_a_path_in_a_chip() -> None:
    assert explain("tile.adc.rate", BASE) == Explanation(
        key="tile.adc.rate",
        kind="adc.sar",
        dimension="frequency",
        allowed="a frequency like '400 MHz', or 'ideal', 'unknown' or 'included'",
        description="conversions per second of one converter",
        example="rate: 400 MHz",
        value="1.28 GHz",
        source="made up for tests",
        where=f"{FILE}:24",
        status="given",
        read_by=("components.adc.SarAdc.inconsistencies", "components.adc.SarAdc.turns_ps"),
    )


def test_a_key_of_a_kind_needs_no_chip() -> None:
    found = explain("adc.sar.rate")
    assert (found.value, found.where, found.status) == ("not given", "", "default")
    assert explain("adc.sar.bits").status == "needed"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("tile.adc.area", "unknown", "unknown"),
        ("tile.array.weight.bits", "8", "given"),
        ("tile.array.weight.encoding", "offset", "given"),
        ("tile.array.weight.along", "columns", "default"),
        ("cells.rram.endurance", "1e6", "given"),
        ("precision.activations", "8", "given"),
        ("mapping.replicate", "balance", "default"),
        ("technology", "32 nm", "given"),
        ("name", "Small chip", "given"),
        ("reported", "not given", "default"),
        ("reported.figure", "", "needed"),
        ("connect.concentration", "1", "default"),
    ],
)
def test_value_and_status(key: str, value: str, status: str) -> None:
    found = explain(key, BASE)
    assert (found.key, found.value, found.status) == (key, value, status)
    assert found.description


def test_a_kind_alone_lists_its_keys() -> None:
    found = explain("adc.flash")
    assert found.description == "One comparator per level: a conversion in one clock cycle."
    assert ("clock", "clock; one conversion a cycle") in found.keys


def test_a_part_lists_its_keys_and_parts() -> None:
    assert ("adc", "a part: adc.sar") in explain("tile", BASE).keys


def test_root_keys_that_hold_more_than_values() -> None:
    assert explain("unstated").description.startswith("words (ideal, unknown, included)")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("tile.adc.raet", "explain tile.adc.raet: no such key; did you mean 'tile.adc.rate'?"),
        (
            "tile.array.weight.bitz",
            "explain tile.array.weight.bitz: no such key; did you mean 'tile.array.weight.bits'?",
        ),
        ("adc.sar.bitz", "explain adc.sar.bitz: no such key; did you mean 'adc.sar.bits'?"),
        ("presicion", "explain presicion: no such key; did you mean 'precision'?"),
        (
            "adc",
            "explain adc: no such key; name a kind, its key, or a path in a chip; "
            "allowed: adc.counter, adc.duration, adc.flash, adc.neuron, adc.ramp, adc.sar",
        ),
    ],
)
def test_a_wrong_key_is_told(key: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        explain(key, BASE)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "key", ["", ".", "..", "tile.", ".tile", "[", "connect[0]", "connect[9].link.width", "a" * 9999, "\0"]
)
def test_odd_keys_end_in_one_line(key: str) -> None:
    with pytest.raises(SpecError) as caught:
        explain(key, BASE)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_key_of_every_kind_can_be_explained(kind: str) -> None:
    for key in kinds()[kind].fields_by_key():
        found = explain(f"{kind}.{key}")
        assert found.key == f"{kind}.{key}"
        assert found.description
        assert found.allowed
