"""Stations and counters of the compiled engine; see `engine/station.py` and `engine/mvm.py` for the rules."""

from __future__ import annotations

from xbarsim.engine.burst.calendar import book, start
from xbarsim.engine.burst.compiled import compiled
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import table

# What an event is: the lowest bit of its number.
GO_ON, SETTLE = 0, 1  # in the calendar: a passage, a station
HANDED, RESUME = 0, 1  # in the queue of what starts now: a passage, a driver


@compiled
def _hand_over(m: int, s: int, member: int, time_ps: int) -> None:
    """A server of the station at `s` is free: the first in the queue has it."""
    stations = table(m, STATIONS_T)
    passage = stations[s + QUEUE_HEAD]
    if passage == NONE:
        stations[s + FREE] += 1
        if stations[s + GATED_AFTER_PS] != NONE and stations[s + FREE] == stations[s + SERVERS]:
            stations[s + IDLE_SINCE_PS] = time_ps
        return
    passages = table(m, PASSAGES_T)
    p = passage * table(m, G)[PASSAGE]
    stations[s + QUEUE_HEAD] = passages[p + NEXT]
    waited_ps = time_ps - passages[p + SINCE_PS]
    if waited_ps:
        stations[s + WAITED_PS] += waited_ps
        table(m, WAITS_T)[table(m, MEMBERS_T)[2 * member + 1]] += waited_ps
    stations[s + HANDED_PS] = time_ps
    start(m, 2 * passage + HANDED)


@compiled
def _wake(m: int, station: int) -> None:
    """Have an event at the next release, as somebody waits for it."""
    stations, s = table(m, STATIONS_T), station * STATION
    if stations[s + DUE]:
        first_ps = stations[s + DUE_PS]
        if stations[s + WOKEN_PS] <= table(m, G)[NOW] or first_ps < stations[s + WOKEN_PS]:
            stations[s + WOKEN_PS] = first_ps
            book(m, 2 * first_ps, 2 * station + SETTLE)


@compiled
def settle(m: int, station: int) -> None:
    """Take back the servers that are due."""
    stations, s = table(m, STATIONS_T), station * STATION
    now_ps = table(m, G)[NOW]
    while stations[s + DUE] and stations[s + DUE_PS] <= now_ps:
        time_ps, member = stations[s + DUE_PS], stations[s + DUE_MEMBER]
        stations[s + DUE] -= 1
        if stations[s + DUE]:
            _next_due(m, s)
        _hand_over(m, s, member, time_ps)
    if stations[s + QUEUE_HEAD] != NONE:
        _wake(m, station)


@compiled
def settle_all(m: int, stations: int) -> None:
    """At the end of a run: take back whatever is due."""
    for station in range(stations):
        settle(m, station)


@compiled
def _next_due(m: int, s: int) -> None:
    """The second release becomes the first."""
    stations, due = table(m, STATIONS_T), table(m, DUE_T)
    at = 2 * stations[s + DUE_AT]
    stations[s + DUE_PS], stations[s + DUE_MEMBER] = due[at], due[at + 1]
    for i in range(at, at + 2 * (stations[s + DUE] - 1)):
        due[i] = due[i + 2]


@compiled
def request(m: int, station: int, passage: int) -> bool:
    """Take a server now, or be started when one has been handed over."""
    stations, s = table(m, STATIONS_T), station * STATION
    now_ps = table(m, G)[NOW]
    if stations[s + DUE] and stations[s + DUE_PS] <= now_ps:
        settle(m, station)
    if stations[s + FREE]:
        if stations[s + GATED_AFTER_PS] != NONE and stations[s + FREE] == stations[s + SERVERS]:
            gated_ps = now_ps - stations[s + IDLE_SINCE_PS] - stations[s + GATED_AFTER_PS]
            if gated_ps > 0:
                stations[s + GATED_PS] += stations[s + SERVERS] * gated_ps
        stations[s + FREE] -= 1
        if stations[s + HANDED_PS] < now_ps:
            return True
        # Others were handed a server at this instant and are about to begin: first come, first served.
        start(m, 2 * passage + HANDED)
        return False
    passages, columns = table(m, PASSAGES_T), table(m, G)[PASSAGE]
    passages[passage * columns + NEXT] = NONE
    passages[passage * columns + SINCE_PS] = now_ps
    if stations[s + QUEUE_HEAD] == NONE:
        stations[s + QUEUE_HEAD] = passage
    else:
        passages[stations[s + QUEUE_TAIL] * columns + NEXT] = passage
    stations[s + QUEUE_TAIL] = passage
    _wake(m, station)
    return False


@compiled
def release(m: int, station: int, member: int, more_ps: int, at_ps: int) -> None:
    """Give a server back, now or later; the first in the queue then has it at that same instant.

    more_ps: how much longer than its service it was held.
    """
    stations, s = table(m, STATIONS_T), station * STATION
    if more_ps:
        stations[s + HELD_MORE_PS] += more_ps
    now_ps = table(m, G)[NOW]
    if at_ps <= now_ps:
        _hand_over(m, s, member, now_ps)
        return
    if stations[s + DUE] == 0:
        stations[s + DUE_PS], stations[s + DUE_MEMBER] = at_ps, member
    else:
        _note_due(m, s, member, at_ps)
    stations[s + DUE] += 1
    if stations[s + QUEUE_HEAD] != NONE:
        _wake(m, station)


@compiled
def _note_due(m: int, s: int, member: int, at_ps: int) -> None:
    """Another release, in its place by time; equal ones keep their order."""
    stations, due = table(m, STATIONS_T), table(m, DUE_T)
    if at_ps < stations[s + DUE_PS]:
        first_ps, first = stations[s + DUE_PS], stations[s + DUE_MEMBER]
        stations[s + DUE_PS], stations[s + DUE_MEMBER] = at_ps, member
        at_ps, member = first_ps, first
        late = False
    else:
        late = True
    first_at = 2 * stations[s + DUE_AT]
    at = first_at + 2 * (stations[s + DUE] - 1)
    # The former first goes before its equals, a new one behind them.
    while at > first_at and (due[at - 2] > at_ps or (not late and due[at - 2] == at_ps)):
        due[at] = due[at - 2]
        due[at + 1] = due[at - 1]
        at -= 2
    due[at] = at_ps
    due[at + 1] = member


# --- counters ----------------------------------------------------------------------------------------


@compiled
def reached(m: int, counter: int, value: int, driver: int) -> bool:
    """Whether the counter is there already; else the driver is resumed when it is."""
    counters, drivers = table(m, COUNTERS_T), table(m, DRIVERS_T)
    c, d = counter * COUNTER, driver * DRIVER
    if counters[c + VALUE] >= value:
        return True
    drivers[d + WANTED] = value
    drivers[d + WAITS_ON] = counter
    before, at = NONE, counters[c + WAITERS]
    while at != NONE and drivers[at * DRIVER + WANTED] <= value:
        before, at = at, drivers[at * DRIVER + AFTER]
    drivers[d + AFTER] = at
    if before == NONE:
        counters[c + WAITERS] = driver
    else:
        drivers[before * DRIVER + AFTER] = driver
    return False


@compiled
def raise_to(m: int, counter: int, value: int) -> None:
    """Rise to a value; a lower one changes nothing."""
    counters, c = table(m, COUNTERS_T), counter * COUNTER
    if value <= counters[c + VALUE]:
        return
    counters[c + VALUE] = value
    drivers = table(m, DRIVERS_T)
    driver = counters[c + WAITERS]
    while driver != NONE and drivers[driver * DRIVER + WANTED] <= value:
        drivers[driver * DRIVER + WAITS_ON] = NONE
        start(m, 2 * driver + RESUME)
        driver = drivers[driver * DRIVER + AFTER]
    counters[c + WAITERS] = driver


@compiled
def fits(m: int, counter: int, index: int, count: int) -> bool:
    """Whether the counter's ring can note that these items are done."""
    counters, c = table(m, COUNTERS_T), counter * COUNTER
    return bool(index + count - counters[c + VALUE] <= counters[c + RING])


@compiled
def complete(m: int, counter: int, index: int, count: int) -> None:
    """Items index … index+count-1 are done, in whatever order: the counter is the gapless prefix."""
    counters, rings, c = table(m, COUNTERS_T), table(m, RINGS_T), counter * COUNTER
    at, mask = counters[c + RING_AT], counters[c + RING] - 1
    if index != counters[c + VALUE]:
        for item in range(index, index + count):
            rings[at + (item & mask)] = 1
        return
    value = index + count
    while rings[at + (value & mask)]:
        rings[at + (value & mask)] = 0
        value += 1
    raise_to(m, counter, value)
