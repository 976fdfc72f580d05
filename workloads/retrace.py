"""Capture the workloads of this folder anew: `python workloads/retrace.py [name ...]`."""

import sys
from pathlib import Path

from xbarsim.workload.load import GENERATE_SUFFIX, TRACE_SUFFIX
from xbarsim.workload.trace import save_trace
from xbarsim.workload.workload_file import read_workload_file

HERE = Path(__file__).parent


def retrace(path: Path) -> str:
    """Write the trace beside a workload file; says what is in it."""
    file = read_workload_file(path, path.name)
    if file.model is None or file.trace is None:
        return f"{path.name}: nothing to capture"
    graph = file.model.capture(file.name)
    save_trace(graph, file.trace)
    size_kb = file.trace.stat().st_size / 1_000
    return (
        f"{file.trace.name}: {len(graph.ops)} operations, {graph.macs:,} multiply-accumulates,"
        f" {graph.parameters:,} parameters, {size_kb:.0f} kB"
    )


def main(names: list[str]) -> None:
    others = (TRACE_SUFFIX, GENERATE_SUFFIX)
    for path in (path for path in sorted(HERE.glob("*.yaml")) if not path.name.endswith(others)):
        if not names or path.stem in names:
            sys.stdout.write(retrace(path) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
