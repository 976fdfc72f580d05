"""Stations and counters of the compiled engine; see `engine/station.py` and `engine/mvm.py` for the rules."""

from __future__ import annotations

from xbarsim.engine.burst.compiled import compiled

from xbarsim.engine.burst.calendar import book, start
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import table

# What an event is: the lowest bit of its number.
GO_ON, SETTLE = 0, 1  # in the calendar: a passage, a station
HANDED, RESUME = 0, 1  # in the queue of what starts now: a passage, a driver


@compiled
def _hand_over(m: int, s: int, pair: int, time_ps: int) -> None:
    """A server of the station at `s` is free: the first in the queue has it."""
    stations = table(m, STATIONS_T)
    passage = stations[s + QUEUE_HEAD]
    if passage == NONE:
        stations[s + FREE] += 1
        if stations[s + FREE] == stations[s + SERVERS]:
            stations[s + IDLE_SINCE_PS] = time_ps
        return
    passages = table(m, PASSAGES_T)
    p = passage * table(m, G)[PASSAGE]
    stations[s + QUEUE_HEAD] = passages[p + NEXT]
    waited_ps = time_ps - passages[p + SINCE_PS]
    if waited_ps:
        stations[s + WAITED_PS] += waited_ps
        table(m, WAITS_T)[pair] += waited_ps
    stations[s + HANDED_PS] = time_ps
    start(m, 2 * passage + HANDED)


@compiled
def _wake(m: int, station: int) -> None:
    """Have an event at the next release, as somebody waits for it."""
    stations, s = table(m, STATIONS_T), station * STATION
    if stations[s + DUE]:
        first_ps = table(m, DUE_T)[2 * stations[s + DUE_AT]]
        if stations[s + WOKEN_PS] <= table(m, G)[NOW] or first_ps < stations[s + WOKEN_PS]:
            stations[s + WOKEN_PS] = first_ps
            book(m, 2 * first_ps, 2 * station + SETTLE)


@compiled
def settle(m: int, station: int) -> None:
    """Take back the servers that are due."""
    stations, due, s = table(m, STATIONS_T), table(m, DUE_T), station * STATION
    at, now_ps = 2 * stations[s + DUE_AT], table(m, G)[NOW]
    while stations[s + DUE] and due[at] <= now_ps:
        time_ps, pair = due[at], due[at + 1]
        stations[s + DUE] -= 1
        for i in range(at, at + 2 * stations[s + DUE]):
            due[i] = due[i + 2]
        _hand_over(m, s, pair, time_ps)
    if stations[s + QUEUE_HEAD] != NONE:
        _wake(m, station)


@compiled
def request(m: int, station: int, passage: int) -> bool:
    """Take a server now, or be started when one has been handed over."""
    stations, s = table(m, STATIONS_T), station * STATION
    now_ps = table(m, G)[NOW]
    if stations[s + DUE] and table(m, DUE_T)[2 * stations[s + DUE_AT]] <= now_ps:
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
def release(m: int, station: int, pair: int, held_ps: int, busy_ps: int, at_ps: int) -> None:
    """Give a server back, now or later; the first in the queue then has it at that same instant."""
    stations, s = table(m, STATIONS_T), station * STATION
    stations[s + STATION_JOBS] += 1
    stations[s + HELD_PS] += held_ps
    stations[s + BUSY_PS] += busy_ps
    now_ps = table(m, G)[NOW]
    if at_ps <= now_ps:
        _hand_over(m, s, pair, now_ps)
        return
    due = table(m, DUE_T)
    first = 2 * stations[s + DUE_AT]
    at = first + 2 * stations[s + DUE]
    while at > first and due[at - 2] > at_ps:
        due[at] = due[at - 2]
        due[at + 1] = due[at - 1]
        at -= 2
    due[at] = at_ps
    due[at + 1] = pair
    stations[s + DUE] += 1
    if stations[s + QUEUE_HEAD] != NONE:
        _wake(m, station)


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
