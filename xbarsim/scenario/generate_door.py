"""Continuous batching: requests are let in while there is room, their tokens flow between one another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from xbarsim.engine.clock import Clock, Phase, Process
from xbarsim.engine.flow import Flow
from xbarsim.scenario.gates import Gates

PREFILL, DECODE = 0, 1


@dataclass
class Course:
    """What became of one request: when it came, was let in, and each of its tokens was out."""

    arrival_ps: int
    admitted_ps: int = -1
    tokens_ps: list[int] = field(default_factory=list)


class Door:
    """Lets requests in, first come, first served, and asks for each token when the one before it is out.

    A step of decode asks for the variant of its context: the first one after the prompt is variant 0.
    at_once: requests whose keys and values are kept at the same time.
    """

    def __init__(self, flow: Flow, gates: tuple[Gates, Gates], prompt: int, tokens: int, at_once: int):
        self.flow, self.gates = flow, gates
        self.prompt, self.tokens, self.at_once = prompt, tokens, at_once
        self.waiting: deque[int] = deque()
        self.under_way: tuple[deque[int], deque[int]] = (
            deque(),
            deque(),
        )  # requests in each network, in order
        self.courses: list[Course] = []
        self.inside = self.most_inside = 0
        self.kept = self.most_kept = 0  # tokens whose keys and values are in memory, or on their way there
        flow.completed = self._out

    def arrive(self, clock: Clock, arrivals_ps: Sequence[int]) -> Process:
        """Requests come, never earlier than the one before."""
        for time_ps in arrivals_ps:
            if time_ps > clock.now:
                yield clock.wait(time_ps - clock.now, Phase.DECIDE)
            self.waiting.append(len(self.courses))
            self.courses.append(Course(time_ps))
            self._admit()

    def _admit(self) -> None:
        while self.waiting and self.inside < self.at_once:
            request = self.waiting.popleft()
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            self.courses[request].admitted_ps = self.flow.clock.now
            self._keep(self.prompt)
            self.under_way[PREFILL].append(request)
            self.flow.let_in(PREFILL, 0, self.gates[PREFILL].of(request, 0))

    def _out(self, network: int, _: int) -> None:
        """A token is out, and its keys and values are stored: the next one, or the next request."""
        request = self.under_way[network].popleft()
        course = self.courses[request]
        course.tokens_ps.append(self.flow.clock.now)
        step = len(course.tokens_ps) - 1
        if step + 1 < self.tokens:
            self._keep(1)
            self.under_way[DECODE].append(request)
            self.flow.let_in(DECODE, step, self.gates[DECODE].of(request, self.prompt + step))
            return
        self.inside -= 1
        self._keep(-self.prompt - step)
        self._admit()

    def _keep(self, tokens: int) -> None:
        self.kept += tokens
        self.most_kept = max(self.most_kept, self.kept)
