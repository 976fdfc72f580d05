"""A run that cannot end says who waits for whom, and leaves the timeline until then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from xbarsim.cli import main
from xbarsim.mapping.program import Program
from xbarsim.scenario import infer as scenario


def without_room(program: Program) -> Program:
    """The second convolution's buffer keeps ten positions, less than two lines of its window and a position span."""
    steps = tuple(
        replace(step, inputs=tuple(replace(link, capacity=10) for link in step.inputs))
        if step.name == "conv2"
        else step
        for step in program.steps
    )
    return replace(program, steps=steps)


@pytest.mark.parametrize("granularity", ["burst", "mvm"])
def test_a_deadlock_names_its_cycle_and_leaves_its_timeline(
    granularity: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mapped = scenario.map_network
    monkeypatch.setattr(scenario, "map_network", lambda *given: without_room(mapped(*given)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["run", "tutorial", "lenet_digits", "--granularity", granularity])
    assert left.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "deadlock at 1831500 ps: a cycle of waits",
        "  conv2 waits for data of pool",
        "  pool waits for room in the buffer of conv2",
        "Raise the capacity of the buffers named, or lower the number of copies.",
        "The timeline until then is in runs/tutorial-lenet_digits.stopped.timeline.json (opens in Perfetto).",
    ]
    events = json.loads((tmp_path / "runs/tutorial-lenet_digits.stopped.timeline.json").read_text())
    assert events["otherData"]["chip"] == "Tutorial chip"
    slices = [event for event in events["traceEvents"] if event["ph"] == "X"]
    assert max(event["ts"] + event["dur"] for event in slices) == 1.8315  # microseconds
    assert not (tmp_path / "runs/tutorial-lenet_digits").exists()
