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


def values_of(found: Explored) -> dict[str, NDArray[np.float64]]:
    """Goals of the best points, less being better, at each place of what the study takes as given."""
    goals = found.study.goals
    told = {
        name: [[goal.sign * one.figure(goal.figure) for goal in goals] for one in front]
        for name, front in found.fronts.items()
    }
    return {name: np.array(rows, dtype=float) for name, rows in told.items()}


def shares(study: Study, points: int, seeds: int, store: str, workers: int | None) -> dict[str, Any]:
    """By sampler and seed: hypervolume over that of the whole grid, the mean over places of what is given.

    Each goal is scaled to 0 … 1 over all points of the grid that are within bounds, there.
    """
    grid = sweep(study, store, workers)
    best, scales = values_of(grid), {name: _scale(grid, name) for name in grid.fronts}

    def share(found: dict[str, NDArray[np.float64]]) -> float:
        return mean(
            _volume(found.get(name), *scales[name]) / _volume(best[name], *scales[name]) for name in best
        )

    told: dict[str, list[float]] = {}
    for sampler in get_args(Sampler):
        told[sampler] = []
        for seed in range(seeds):
            named = replace(study, name=f"{study.name}-{sampler}-{seed}")
            how = Search(points, sampler, seed, prune=sampler != "random", warm=False)
            told[sampler].append(share(values_of(search(named, how, store, 1))))
    return {"study": study.name, "points": points, "of": len(grid.outcomes), "shares": told}


def _scale(grid: Explored, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest value and range of each goal, over the points within bounds at a place of what is given."""
    there = {axis: one.labels[axis] for one in grid.fronts[name][:1] for axis in grid.study.for_each}
    rows = [one for one in grid.feasible if there.items() <= one.labels.items()]
    values = np.array([[goal.sign * one.figure(goal.figure) for goal in grid.study.goals] for one in rows])
    low, range_ = values.min(axis=0), np.ptp(values, axis=0)
    return low, np.where(range_ > 0, range_, 1.0)


def _volume(
    values: NDArray[np.float64] | None, low: NDArray[np.float64], range_: NDArray[np.float64]
) -> float:
    if values is None:
        return 0.0
    return hypervolume((values - low) / range_, np.full(len(low), REFERENCE))


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
