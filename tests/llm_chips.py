"""The tutorial's chip, enlarged for language models, with a choice of where keys and values are kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from xbarsim.shipped import shipped
from xbarsim.spec.chip import Chip
from xbarsim.spec.load import load_chip

LINK = {"width": "32 bit", "clock": "1 GHz", "energy": "0.1 pJ/bit"}
MEMORY = {"kind": "memory.dram", "bandwidth": "25.6 GB/s", "latency": "50 ns", "energy": "15 pJ/bit",
          "capacity": "4 GiB"}  # fmt: skip
TILE: dict[str, Any] = {
    "matrix_unit": {"kind": "matrix_unit", "macs_per_cycle": 256, "clock": "1 GHz", "energy": "0.33 pJ"},
}


def llm_tree(tiles: int, kv_cache: str | None, memory: bool, buffer: str = "4 MiB") -> dict[str, Any]:
    """The chip's description: larger tiles with a matrix unit, and a memory beside the first tile."""
    tree = yaml.safe_load((shipped("architectures") / "tutorial.yaml").read_text(encoding="utf-8"))
    tile = tree["components"]["tile"]
    tile["count"], tile["array"]["count"], tile["adc"]["count"] = tiles, 96, 96
    tile["buffer"] |= {"capacity": buffer, "ports": 4}
    tile["vector_unit"]["operations"] += ["gather", "move"]
    tile |= TILE
    if memory:
        tree["components"]["memory"] = dict(MEMORY)
        tree["connect"].append({"edge": "memory <-> tile[0]", "link": dict(LINK)})
    if kv_cache is not None:
        tree["mapping"] = {"kv_cache": kv_cache}
    return tree


def chip_of(tree: dict[str, Any]) -> Chip:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chip.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        return load_chip(path)


@cache
def llm_chip(
    tiles: int = 70, kv_cache: str | None = "on_chip", memory: bool = False, buffer: str = "4 MiB"
) -> Chip:
    return chip_of(llm_tree(tiles, kv_cache, memory, buffer))
