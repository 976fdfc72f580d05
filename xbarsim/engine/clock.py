"""Time in whole picoseconds, and the order of what happens at the same picosecond."""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import IntEnum
from heapq import heapify
from itertools import count
from typing import Any

import simpy
from simpy.events import PENDING, Event


class Phase(IntEnum):
    """Order within one instant, with its reason. Equals go first come, first served.

    What was decided elsewhere comes before all that flows, so that a flow worked out apart from SimPy meets the
    same order; a process that was started at this instant takes its first step there too (SimPy's priority 0).
    """

    DECIDE = 0  # arrivals, timers, policies: what flows at this instant already knows of them
    RELEASE = 1  # free units first: a waiter at this instant may have them
    DELIVER = 2  # then data arrives, and takes the units that nobody waits for
    START = 3  # then work begins that had to wait, knowing all that arrived and all that is free
    SAMPLE = 9  # statistics see the settled state


Process = Generator[Event, Any, Any]
Callback = Callable[[Event], None]


class Wait(Event):
    """Passes after a whole number of picoseconds, in the given phase of that instant."""

    def __init__(self, clock: Clock, delay_ps: int, phase: Phase, callback: Callback | None = None):
        if delay_ps < 0:
            raise ValueError(f"a wait of {delay_ps} ps at {clock.now} ps: time does not run backwards")
        # Like simpy's Timeout, which has no way to say the priority.
        self.env = clock
        self.callbacks: list[Callback] = [callback] if callback is not None else []
        self._value = None
        self._ok = True
        clock.schedule(self, phase, delay_ps)  # type: ignore[arg-type]


class Signal(Event):
    """An event that somebody waits for; `fire` passes it in the START phase of the current instant."""

    callbacks: list[Callback]

    def fire(self) -> None:
        """Pass; a second time changes nothing."""
        if self._value is PENDING:
            self._ok = True
            self._value = None
            self.env.schedule(self, Phase.START)  # type: ignore[arg-type]


class Clock(simpy.Environment):
    """A SimPy environment whose time is an integer number of picoseconds."""

    def __init__(self) -> None:
        super().__init__(initial_time=0)
        self.listeners: list[Listener] = []
        self.serials = count()  # of the stations on this clock

    @property
    def now(self) -> int:
        """Picoseconds since the start of the run."""
        return self._now  # type: ignore[return-value]  # starts as an int and only ints are added

    def wait(self, delay_ps: int, phase: Phase = Phase.DELIVER) -> Wait:
        """An event for a process to yield."""
        return Wait(self, delay_ps, phase)

    def at(self, time_ps: int, phase: Phase, action: Callable[[], None]) -> None:
        """Do something at a later instant without a process."""
        Wait(self, time_ps - self.now, phase, lambda _: action())

    def catch_up(self, time_ps: int) -> None:
        """Move on to an instant that something else has reached; nothing may be booked before it."""
        if self.peek() < time_ps:
            raise ValueError(
                f"something is booked at {self.peek()} ps: the clock cannot move on to {time_ps} ps"
            )
        if time_ps > self._now:
            self._now = time_ps

    def decide(self, action: Callable[[], None]) -> None:
        """Have something decided at this instant, before anything else happens."""
        Wait(self, 0, Phase.DECIDE, lambda _: action())

    def forget(self, wait: Wait) -> None:
        """Call off a wait that has not passed, so that a run ends with its work and not with a timer.

        It is looked for among all that is booked: this is for ends and timers.
        """
        left = [entry for entry in self._queue if entry[3] is not wait]
        if len(left) != len(self._queue):
            self._queue[:] = left
            heapify(self._queue)

    def listen(self, listener: Listener) -> None:
        """Have a listener told of every service. With none, services are told to nobody, at no cost."""
        self.listeners.append(listener)


class Listener:
    """What a probe must understand.

    each_service: whether it must be told of every single service. If not, an engine may tell it instead of the
        merged spans of time in which an operation was in service.
    """

    each_service = True

    def served(self, stage: Any, tag: Any, start_ps: int, end_ps: int) -> None:
        """A stage began to serve a job at `start_ps`."""
        raise NotImplementedError

    def spanned(self, op: Any, start_ps: int, end_ps: int) -> None:
        """An operation had at least one job in service from start to end."""
        raise NotImplementedError
