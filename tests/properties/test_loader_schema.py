"""The JSON Schema for editors accepts every shipped chip and marks the mistakes it can see."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from xbarsim.shipped import shipped
from xbarsim.spec.component import kinds
from xbarsim.spec.schema import chip_schema

CHIPS = sorted(shipped("architectures").glob("*.yaml"))
SCHEMA = chip_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("chip", CHIPS, ids=lambda chip: chip.stem)
def test_every_shipped_chip_is_valid(chip: Any) -> None:
    assert [
        f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(yaml.safe_load(chip.read_text()))
    ] == []


def test_the_schema_is_a_schema_and_plain_data() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_kind_and_every_key_of_it_is_described() -> None:
    for name, cls in kinds().items():
        kind = SCHEMA["$defs"][f"kind.{name}"]
        assert kind["description"], name
        for key in cls.fields_by_key():
            assert kind["properties"][key]["description"], f"{name}.{key}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("components", "tile", "adc", "bitz"), 8),
        (("components", "tile", "adc", "rate"), "5"),
        (("components", "tile", "adc", "rate"), 5),
        (("components", "tile", "adc", "bits"), "eight"),
        (("components", "tile", "adc", "kind"), "adc.zar"),
        (("components", "tile", "adc", "energy"), {"model": "table.sram_8KB"}),
        (("components", "tile", "array", "weight", "encoding"), "diferential"),
        (("components", "tile", "count"), 0),
        (("components", "tile", "part"), 5),
        (("components", "tile", "a.b"), {"kind": "tile"}),
        (("connect", 0, "topology"), "messh"),
        (("connect", 0, "link", "width"), 32),
        (("connect", 0), "tile - io"),
        (("unstated", "area"), "5 um2"),
        (("cells", "toy_rram", "technology"), 5),
        (("tile",), {"kind": "tile"}),
        (("precision", "activations"), 65),
        (("supply",), 0.8),
        (("data",), {"mean_input": 3}),
        (("components", "tile", "adc", "energy"), {"by_output": {"0": "1 pJ"}}),
        (("components", "tile", "adc", "energy"), {"by_output": {"0": "1 pJ", "1": 2}}),
        (("components", "tile", "adc", "energy"), {"value": "1 pJ", "at_supply": "1 V"}),
        (("components", "tile", "adc", "energy"), {"value": "1 pJ", "at_suply": "1 V", "exponent": 2}),
    ],
    ids=str,
)
def test_mistakes_are_marked(path: tuple[Any, ...], value: Any) -> None:
    tree = copy.deepcopy(yaml.safe_load((shipped("architectures") / "tutorial.yaml").read_text()))
    holder = tree
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    assert not VALIDATOR.is_valid(tree)


@pytest.mark.parametrize(
    "missing", [("name",), ("components",), ("components", "tile", "array", "rows")], ids=str
)
def test_missing_keys_are_marked(missing: tuple[Any, ...]) -> None:
    tree = copy.deepcopy(yaml.safe_load((shipped("architectures") / "tutorial.yaml").read_text()))
    holder = tree
    for part in missing[:-1]:
        holder = holder[part]
    del holder[missing[-1]]
    assert not VALIDATOR.is_valid(tree)
