"""The bar of a long run, on a clock of the test's own."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from rich.console import Console
from rich.progress import Progress as Bar

import xbarsim as xs
from xbarsim.cli import progress
from xbarsim.cli.progress import PATIENCE_S, UPDATE_S, Progress
from xbarsim.engine.granularity import Granularity


class Told:
    """A bar that remembers when it was told what."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.log: list[tuple[float, str, int, int]] = []
        self.totals: dict[str, int] = {}
        self.opened = self.stopped = 0

    def clock(self) -> float:
        return self.now_s

    def opener(self) -> Told:
        self.opened += 1
        return self

    def add_task(self, what: str, total: int) -> str:
        self.totals[what] = total
        return what

    def update(self, what: str, completed: int) -> None:
        self.log.append((round(self.now_s - 100, 6), what, completed, self.totals[what]))

    def stop(self) -> None:
        self.stopped += 1

    def watch(self, step_s: float, steps: int, jump: int) -> list[tuple[float, str, int, int]]:
        """A run that tells its progress every so many seconds."""
        with Progress(self.clock, self.opener) as shown:
            for done in range(steps + 1):
                shown.report("requests", min(done * jump, steps * jump), steps * jump)
                self.now_s += step_s
        return self.log


def test_a_run_of_a_second_needs_no_bar() -> None:
    told = Told()
    assert told.watch(PATIENCE_S / 100, 99, 7) == []
    assert (told.opened, told.stopped) == (0, 0)


@pytest.mark.parametrize("jump", [1, 7, 256, 100_003])
def test_the_bar_moves_ten_times_a_second_whatever_the_steps_of_a_run(jump: int) -> None:
    told = Told()
    log = told.watch(0.001, 5000, jump)
    times = [time_s for time_s, *_ in log]
    assert times[0] == pytest.approx(PATIENCE_S, abs=0.002)
    assert all(b - a >= UPDATE_S - 1e-6 for a, b in pairwise(times[:-1]))
    assert len(log) == pytest.approx(40, abs=2)
    assert log[-1] == (5.0, "requests", 5000 * jump, 5000 * jump), "what is complete is shown at once"
    assert (told.opened, told.stopped) == (1, 1)


def test_several_parts_of_a_run_have_a_bar_each() -> None:
    told = Told()
    with Progress(told.clock, told.opener) as shown:
        for what in ("saturation", "load 0.1"):
            for done in range(3):
                shown.report(what, done, 2)
                told.now_s += 0.6
    assert told.log == [(1.2, "saturation", 2, 2), (1.8, "load 0.1", 0, 2), (2.4, "load 0.1", 1, 2),
                        (3.0, "load 0.1", 2, 2)]  # fmt: skip


def test_where_nobody_watches_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter(range(100))
    with Progress(lambda: float(next(now))) as shown:
        for done in range(50):
            shown.report("requests", done, 50)
    assert shown.bar is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("granularity", list(Granularity))
def test_a_real_run_draws_a_real_bar(granularity: Granularity) -> None:
    """With a clock that leaps, also a short run is long enough."""
    screen, now = io.StringIO(), iter(range(10**9))
    bar = Bar(console=Console(file=screen, force_terminal=True, width=80), auto_refresh=False)
    bar.start()
    with Progress(lambda: float(next(now)), lambda: bar) as shown:
        xs.simulate(
            xs.load_chip("tutorial"), xs.load_workload("mlp_digits"),
            xs.Infer(requests=40, granularity=granularity), shown.report,
        )  # fmt: skip
    assert "pipelined requests" in screen.getvalue()
    assert all(task.finished for task in bar.tasks if task.description == "pipelined requests")


def test_a_bar_is_opened_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert progress.opened_bar() is None
    monkeypatch.setattr("sys.stderr", Terminal())
    bar = progress.opened_bar()
    assert bar.live.is_started and bar.live.transient
    bar.stop()
