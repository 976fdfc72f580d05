"""Makes the page of 4-bit weights: `python reports/gallery/low_precision.py`.

The digits CNN with float, uniform and power-of-two weights, pruned and not, on multipliers and shifters whose zero
weights are gated or left out, on 8-bit multipliers, and in the phase-change cells of HERMES, new and a year old:
accuracy, zeros, memory, energy and latency. Writes low_precision.html, and its picture of accuracy over energy.
"""

from __future__ import annotations

from pathlib import Path

import xbarsim as xs
from xbarsim.report.compare_accuracy_figure import accuracy_figure
from xbarsim.report.compare_page import render_comparison
from xbarsim.spec.chip import Chip
from xbarsim.study.compare import Comparison

HERE = Path(__file__).parent
NETWORK = "cnn_digits"
WEIGHTS = ("plain", "uniform_4bit", "uniform_4bit_pruned", "pot_4bit", "pot_4bit_pruned")
DAY_S, YEAR_S = 86_400.0, 31_557_600.0
GATED = ("accelerator.array.gate_zeros=true",)
# A place of 4 bits beside each word, and a memory wide enough that the elements do not wait for it.
SKIPPED = (
    "accelerator.array.skip_zeros=true",
    "accelerator.array.index=4",
    "accelerator.weight_memory.width=2048 bit",
)
NOTES = (
    "ZCU104: prices of 45 nm standard cells times a factor for FPGA logic, 14 for shifters and 15.85, fitted, for "
    "multipliers. The systolic array: 45 nm standard cells as they are. Neither counts static power; HERMES does.",
    "Weights named pot are on levels of shifters, those named uniform on levels of multipliers; on the other chip they "
    "are rounded once more. On the systolic array both are exact, as they are in HERMES until its cells are written.",
)


def chips() -> list[Chip]:
    """Shifters first: every other chip is told against them."""
    found = []
    for name, words in (("zcu104-pot", "shifters"), ("zcu104-uniform", "multipliers")):
        for how, settings in (("gated", GATED), ("left out", SKIPPED)):
            found.append(xs.load_chip(name, [*settings, f"name=ZCU104 {words}, zeros {how}"]))
    return [*found, xs.load_chip("systolic-int8"), xs.load_chip("hermes64")]


def compared() -> Comparison:
    works = [xs.load_workload(f"{NETWORK}@{weights}") for weights in WEIGHTS]
    return xs.compare(chips(), works, judge=xs.Judge((0.0, DAY_S, YEAR_S)))


def main() -> None:
    found = compared()
    page = render_comparison(found, "Weights of 4 bits: multipliers, shifters, phase-change cells", NOTES)
    (HERE / "low_precision.html").write_text(page, encoding="utf-8")
    svg = accuracy_figure(found).replace("<svg ", '<svg style="background:#ffffff" ', 1)
    (HERE / "low_precision.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
