"""From what was measured to reports/bench/ and docs/performance.md: `python -m benchmarks.report MEASURED.json`."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from benchmarks.picture import picture
from benchmarks.tables import markdown

OUT = ROOT / "reports" / "bench"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end of what was measured -->\n"


def main(measured: Path) -> None:
    found = json.loads(measured.read_text(encoding="utf-8"))["benchmarks"]
    tables: dict[str, list[dict[str, Any]]] = {}
    for benchmark in found:
        told = benchmark["extra_info"]
        if "table" in told:  # one that failed has none
            tables.setdefault(told["table"], []).append(told["row"])
    results = {"measured": datetime.now(UTC).date().isoformat(), "machine": machine(), "tables": tables}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = markdown(results)
    (OUT / "table.md").write_text(text, encoding="utf-8")
    if {"engines", "processes"} <= tables.keys():
        (OUT / "speed.svg").write_text(picture(tables) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.partition(END)[2], encoding="utf-8")


def machine() -> str:
    """Its class, not its name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {_processor()}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
