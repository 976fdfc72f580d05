"""Algorithms of training in place side by side, each on its chip: the table in docs/training.md.

`python -m benchmarks.algorithms` writes it. The same network (mlp_digits), as many epochs as each algorithm's file
says, seeds 0 to 2. Numerics and timeline go together; about a minute for each algorithm.
"""

from __future__ import annotations

from statistics import mean

import torch

import xbarsim as xs
from benchmarks.measure import ROOT
from xbarsim.report.quantities import format_pj, format_quantity
from xbarsim.report.train_views import name_of
from xbarsim.scenario.train_result import Training

PAGE = ROOT / "docs" / "training.md"
BEGIN, END = "<!-- algorithms -->\n", "<!-- end of algorithms -->\n"
CHIPS = {
    "agad-training": ("ttv2", "chopped_ttv2", "agad"),
    "ecram-training": ("in_memory_sgd", "mixed_precision"),
    "hic-training": ("hybrid",),
    "mtj-gxnor": ("gxnor",),
}
SEEDS = range(3)
NETWORK = "mlp_digits"
HEAD = (
    "| algorithm | chip | accuracy, % | epochs | time | a sample | energy | a sample | "
    "writes a cell and sample: mean, most |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def row(chip: str, runs: list[Training], unknown: bool) -> str:
    """Time, energy and writes are those of the first seed; the others differ by what is drawn."""
    first, least = runs[0], "≥ " if unknown else ""
    accuracies = [100 * one.accuracy for one in runs]
    cells = sum(array.cells for array in first.wear)
    each = sum(array.mean * array.cells for array in first.wear) / cells
    most = max(array.most for array in first.wear)
    told = (
        name_of(first), f"`{chip}`", f"{mean(accuracies):.1f} ({min(accuracies):.1f} to {max(accuracies):.1f})",
        f"{len(first.epochs)}", format_quantity(first.elapsed_ps * 1e-12, "s"),
        format_quantity(first.ps_per_sample * 1e-12, "s"), least + format_pj(first.energy_pj),
        least + format_pj(first.pj_per_sample), f"{each:.2g}, {most:.2g}",
    )  # fmt: skip
    return f"| {' | '.join(told)} |"


def table() -> str:
    work, rows = xs.load_workload(NETWORK), []
    for name, algorithms in CHIPS.items():
        chip = xs.load_chip(name)
        for algorithm in algorithms:
            results = [xs.simulate(chip, work, xs.Train([algorithm], seed=seed)) for seed in SEEDS]
            unknown = any(energy.model == "unknown" for energy in results[0].energy)
            rows.append(row(name, [result.trainings[0] for result in results], unknown))
    return "\n".join((*HEAD, *rows)) + "\n"


def main() -> None:
    torch.set_num_threads(1)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    text = f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
