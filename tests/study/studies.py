"""Small, fast studies for tests, and what is compared of a store."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from xbarsim.study.query import query
from xbarsim.study.store import Store
from xbarsim.study.study import Study
from xbarsim.study.study_file import load_study

SMALL = """
    name: small
    chip: tutorial
    workload: mlp_digits
    axes:
      chip.tile.adc.bits: [4, 6, 8, -1]
      chip.tile.adc.count: {from: 1, to: 4, times: 2}
    goals: {energy_pj: minimise, throughput_per_s: maximise}
    """
MANY = """
    name: many
    chip: tutorial
    workload: mlp_digits
    axes:
      chip.tile.adc.bits: {from: 1, to: 10, step: 1}
      chip.tile.adc.count: {from: 1, to: 8, step: 1}
      chip.tile.array.settle: [80 ns]
    goals: {energy_pj: minimise, throughput_per_s: maximise}
    """  # 80 points, of which 24 fail: too few bits for the model of the converter


def study_of(folder: Path, text: str) -> Study:
    path = folder / "study.yaml"
    path.write_text(dedent(text))
    return load_study(path)


def everything(store: str | Path, more: str = "") -> list[tuple[object, ...]]:
    """All points, without times of day and seconds taken."""
    answer = query(Store(store), f"SELECT * EXCLUDE (finished_at, seconds) FROM points {more} ORDER BY key")
    return list(answer.rows)
