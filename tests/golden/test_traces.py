"""The committed traces are what capture gives today, and loading them takes no torch."""

import subprocess
import sys

import pytest

from xbarsim.workload.load import TRACE_SUFFIX, load_workload, shipped_names, shipped_path
from xbarsim.workload.trace import trace_text
from xbarsim.workload.workload_file import read_workload_file

NAMES = shipped_names()
LONG = {
    "bert_large",
    "gpt2_decode",
    "moe_small",
    "moe_small_decode",
}  # large, or captured for several contexts
CAPTURED = [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in NAMES]


@pytest.mark.parametrize("name", CAPTURED)
def test_committed_trace_is_a_fresh_capture(name):
    file = read_workload_file(shipped_path(name), name)
    fresh = trace_text(file.model.capture(file.name))
    assert file.trace.read_text(encoding="utf-8") == fresh, "run: python workloads/retrace.py " + name


@pytest.mark.parametrize("name", NAMES)
def test_committed_traces_are_used_and_small(name):
    assert load_workload(name).from_trace
    assert shipped_path(name).with_name(name + TRACE_SUFFIX).stat().st_size < 200_000


def test_loading_imports_no_torch():
    code = (
        "import sys; from xbarsim.workload.load import load_workload; "
        "load_workload('resnet50'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
