"""Searches beside random points, at the same number of points: the share that each finds of what there is to find.

`python -m benchmarks.searches STUDY --points 32 --seeds 5 --store runs/store` runs the whole grid of a study first,
so that it is known; what the searches ask for is then in the store.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from statistics import mean
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from xbarsim.study.asker import Sampler
from xbarsim.study.explored import Explored
from xbarsim.study.hypervolume import hypervolume
from xbarsim.study.search import Search, search
from xbarsim.study.study import Study
from xbarsim.study.study_file import load_study
from xbarsim.study.sweep import sweep

REFERENCE = 1.1  # of each goal: a tenth beyond the worst of all points within bounds, where its best is 0


def values_of(found: Explored) -> NDArray[np.float64]:
    """Goals of the points within all bounds, less being better."""
    goals = found.study.goals
    told = [[goal.sign * one.figure(goal.figure) for goal in goals] for one in found.feasible]
    return np.array(told, dtype=float).reshape(len(told), len(goals))


def shares(study: Study, points: int, seeds: int, store: str, workers: int | None) -> dict[str, Any]:
    """By sampler and seed: hypervolume over that of the whole grid, each goal scaled to 0 … 1 over it."""
    whole = values_of(sweep(study, store, workers))
    low, high = whole.min(axis=0), whole.max(axis=0)
    reference = np.full(whole.shape[1], REFERENCE)

    def volume(values: NDArray[np.float64]) -> float:
        return hypervolume((values - low) / np.where(high > low, high - low, 1.0), reference)

    found: dict[str, list[float]] = {}
    for sampler in get_args(Sampler):
        found[sampler] = []
        for seed in range(seeds):
            told = search(replace(study, name=f"{study.name}-{sampler}-{seed}"),
                          Search(points, sampler, seed, prune=sampler != "random", warm=False), store, 1)  # fmt: skip
            found[sampler].append(volume(values_of(told)) / volume(whole))
    return {"study": study.name, "points": points, "of": len(whole), "shares": found}


def table(told: dict[str, Any]) -> str:
    """As Markdown."""
    seeds = len(next(iter(told["shares"].values())))
    lines = [
        f"| {told['study']}: {told['points']} of {told['of']} points | mean | "
        + " | ".join(f"seed {seed}" for seed in range(seeds)) + " |",
        "|---|--:|" + "--:|" * seeds,
    ]  # fmt: skip
    for sampler, found in told["shares"].items():
        lines.append(f"| {sampler} | {mean(found):.3f} | " + " | ".join(f"{one:.3f}" for one in found) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--points", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--store", default="runs/store")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    told = shares(load_study(asked.study), asked.points, asked.seeds, asked.store, asked.workers)
    print(json.dumps(told) if asked.json else table(told))


if __name__ == "__main__":
    main()
