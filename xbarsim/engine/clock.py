"""Time in whole picoseconds, and the order of what happens at the same picosecond."""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import IntEnum
from itertools import count
from typing import Any

import simpy
from simpy.events import PENDING, Event


class Phase(IntEnum):
    """Order within one instant, with its reason. Equals go first come, first served.

    Before them all (SimPy's own priority 0) a process that was started at this instant takes its first step.
    """

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

    def listen(self, listener: Listener) -> None:
        """Have a listener told of every service. With none, services are told to nobody, at no cost."""
        self.listeners.append(listener)


class Listener:
    """What a probe must understand: one call per service of a stage."""

    def served(self, stage: Any, tag: Any, start_ps: int, end_ps: int) -> None:
        raise NotImplementedError
