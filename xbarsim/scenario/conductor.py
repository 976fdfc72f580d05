"""Leading batches of requests through the phases of a network: when a phase begins, when arrays are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from xbarsim.engine.flow import Flow
from xbarsim.mapping.multiplex import Write


@dataclass(frozen=True)
class Span:
    """One phase of one batch."""

    phase: int
    start_ps: int
    end_ps: int


class Conductor:
    """Decides, in the phase DECIDE of an instant: what is over lets begin what waited for it.

    A phase begins when the one before it is over and all that it needs is written; a tile is written as soon as the
    last phase that uses it is over. Network k of the flow is phase k; task k is write k.
    """

    def __init__(self, flow: Flow, phases: int, writes: Sequence[Write], batches: Sequence[int]):
        self.flow, self.phases, self.writes, self.batches = flow, phases, writes, batches
        # Between passes the arrays hold what is needed first; what else a phase needs, its pass must write.
        self.unwritten = [sum(w.before == k > w.after for w in writes) for k in range(phases)]
        self.batch = self.phase = 0
        self.left = 0  # requests in the phase that is at work
        self.start_ps = 0
        self.being_written, self.since_ps, self.writing_ps = 0, 0, 0
        self.spans: list[Span] = []
        self.completions_ps: list[int] = []
        self.written = [0] * len(writes)  # times each write was done

    def run(self) -> None:
        """All batches, to the end. Raises: SimulationError if a phase cannot end."""
        self.flow.completed = self._completed
        self._go_on()
        self.flow.run()

    def _go_on(self) -> None:
        if self.left or self.batch == len(self.batches) or self.unwritten[self.phase]:
            return
        self.unwritten[self.phase] = sum(write.before == self.phase for write in self.writes)
        self.left, self.start_ps = self.batches[self.batch], self.flow.clock.now
        for _ in range(self.left):
            self.flow.let_in(self.phase)

    def _completed(self, network: int, request: int) -> None:
        now_ps = self.flow.clock.now
        if network == self.phases - 1:
            self.completions_ps.append(now_ps)
        self.left -= 1
        if self.left:
            return
        self.spans.append(Span(network, self.start_ps, now_ps))
        for number, write in enumerate(self.writes):
            if write.after == network:
                self._write(number)
        self.phase = (network + 1) % self.phases
        self.batch += self.phase == 0
        self._go_on()

    def _write(self, number: int) -> None:
        if not self.being_written:
            self.since_ps = self.flow.clock.now
        self.being_written += 1
        self.flow.submit(task_name(number), partial(self._written, number))

    def _written(self, number: int) -> None:
        self.written[number] += 1
        self.unwritten[self.writes[number].before] -= 1
        self.being_written -= 1
        if not self.being_written:
            self.writing_ps += self.flow.clock.now - self.since_ps
        self._go_on()


def task_name(number: int) -> str:
    return f"write {number}"
