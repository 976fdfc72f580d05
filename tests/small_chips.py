"""Small chips for tests: one dictionary each, written as YAML and loaded like any other chip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from xbarsim.spec.chip import Chip
from xbarsim.spec.load import load_chip

Tree = dict[str, Any]

CELLS: Tree = {"toy": {"technology": "made up", "bits": 2, "write_pulses": 1, "write_pulse": "1 ns", "verify": "1 ns",
                       "write_energy": "1 pJ", "endurance": 1e6}}  # fmt: skip
UNSTATED: Tree = {"area": "unknown", "idle_power": "unknown"}


def array(**own: Any) -> Tree:
    """16 x 16 cells of 2 bits for weights of 4 bits: 16 inputs, 8 weights side by side."""
    return {
        "kind": "crossbar",
        "rows": 16,
        "columns": 16,
        "cell": "toy",
        "weight": {"bits": 4, "bits_per_cell": 2, "encoding": "offset"},
        "settle": "90 ns",
        "energy": "16 pJ",
        **own,
    }


def bit_serial(**own: Any) -> Tree:
    """One bit of the input at a time."""
    return {"kind": "dac.bit_serial", "bits": 1, "drive_time": "10 ns", "energy": "1 pJ", "count": 16, **own}


def sar(**own: Any) -> Tree:
    """5 ns a conversion."""
    return {"kind": "adc.sar", "bits": 4, "cycle": "1 ns", "energy": "2 pJ", **own}


def sample_hold(**own: Any) -> Tree:
    return {"kind": "sample_hold", "acquire": "3 ns", "energy": "0.5 pJ", "count": 16, **own}


def shift_add(**own: Any) -> Tree:
    return {"kind": "shift_add", "latency": "7 ns", "energy": "0.25 pJ", **own}


def buffer(**own: Any) -> Tree:
    return {"kind": "buffer.sram", "capacity": "64 KiB", "width": "32 bit", "access": "1 ns",
            "read_energy": "0.1 pJ/bit", "write_energy": "0.2 pJ/bit", **own}  # fmt: skip


def accumulator(**own: Any) -> Tree:
    return {"kind": "accumulator", "lanes": 4, "clock": "1 GHz", "energy": "0.3 pJ", **own}


def vector_unit(**own: Any) -> Tree:
    classes = ["elementwise", "pooling", "normalisation", "softmax", "move"]
    return {
        "kind": "vector_unit",
        "lanes": 4,
        "clock": "1 GHz",
        "operations": classes,
        "energy": "0.7 pJ",
        **own,
    }


def matrix_unit(**own: Any) -> Tree:
    return {"kind": "matrix_unit", "macs_per_cycle": 8, "clock": "1 GHz", "energy": "0.4 pJ", **own}


def link(**own: Any) -> Tree:
    return {"width": "16 bit", "clock": "1 GHz", "latency_cycles": 1, "energy": "0.05 pJ/bit", **own}


def router(**own: Any) -> Tree:
    return {"clock": "1 GHz", "latency_cycles": 2, "multicast": True, "energy": "0.02 pJ/bit", **own}


def tile(**parts: Any) -> Tree:
    """An array with its periphery; parts that are given replace or join these, None leaves one out."""
    usual = {"array": array(), "dac": bit_serial(), "adc": sar(), "shift_add": shift_add()}
    return {"kind": "tile", **{name: part for name, part in {**usual, **parts}.items() if part is not None}}


def chip_tree(
    tile: Tree,
    connect: list[Any] | None = None,
    activations: int = 4,
    outside: Tree | None = None,
    **header: Any,
) -> Tree:
    """A whole description. Without `io`, inputs appear where they are read and results vanish, at no cost."""
    return {
        "name": "Small chip",
        "source": "made up for tests",
        "technology": "32 nm",
        "precision": {"activations": activations, "partial_sums": 12},
        "mapping": {"replicate": "none"},
        "unstated": UNSTATED,
        "cells": CELLS,
        "components": {"tile": tile, **(outside or {})},
        **({"connect": connect} if connect else {}),
        **header,
    }


def load(folder: Path, tree: Tree) -> Chip:
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(tree, sort_keys=False))
    return load_chip(path)
