"""A run's state at one instant, as numbers that do not depend on when it is or how many requests are done.

Two equal portraits at the ends of two requests mean that all that follows is the same, shifted: the run has
become periodic. Rows of passages and frames have no lasting number, so each is told where it is first met.
"""

from __future__ import annotations

from xbarsim.engine.burst.compiled import compiled
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import Ints, table
from xbarsim.engine.burst.queues import RESUME, SETTLE

OUT, MARKS, ORDER = (
    TABLES,
    TABLES + 1,
    TABLES + 2,
)  # further tables: the portrait, frames met, events in order


@compiled
def _put(out: Ints, number: int) -> None:
    """Add a number; the first place keeps how many there are."""
    out[0] += 1
    out[out[0]] = number


@compiled
def _positions_of(m: int, counter: int) -> int:
    """How far a counter rises with each request; 0 for the door."""
    g, streams = table(m, G), table(m, STREAMS_T)
    if counter < 2 * g[EDGES_N]:
        return table(m, EDGES_T)[(counter >> 1) * EDGE + EDGE_POSITIONS]
    if counter < 2 * g[EDGES_N] + g[STREAMS_N]:
        return streams[(counter - 2 * g[EDGES_N]) * STREAM_COLUMNS + POSITIONS]
    return 0


@compiled
def _frames(m: int, frame: int, done: int) -> None:
    """What happens when a piece of work is done, and then, and then."""
    out, marks, frames = table(m, OUT), table(m, MARKS), table(m, FRAMES_T)
    while frame != NONE:
        at = frame * FRAME
        _put(out, marks[frame])
        if marks[frame]:
            return
        marks[0] += 1
        marks[frame] = marks[0]
        kind, a, b, c = frames[at + FRAME_KIND], frames[at + A], frames[at + B], frames[at + C]
        _put(out, kind)
        _put(out, a)
        frame = NONE
        if kind == JOB:
            _put(out, b - done * table(m, STREAMS_T)[a * STREAM_COLUMNS + POSITIONS])
        elif kind == ARRIVE:
            _put(out, b - done * table(m, EDGES_T)[a * EDGE + EDGE_POSITIONS])
        elif kind == ADMITTED:
            _put(out, b)
        elif kind == LAST:
            frame = b
        else:
            _put(out, b)
            frame = c
    _put(out, NONE)


@compiled
def _passage(m: int, passage: int, done: int, queued: bool) -> None:
    """A job on its way: where, with what, and what it will be done for."""
    g, out, passages = table(m, G), table(m, OUT), table(m, PASSAGES_T)
    now_ps, p, most = g[NOW], passage * g[PASSAGE], g[MOST_STATIONS]
    for column in (STAGES_AT, NUMBER, CUT, GRANTS, HOLDING):
        _put(out, passages[p + column])
    for i in range(passages[p + GRANTS]):
        _put(out, passages[p + TIMES + i] - now_ps)
    if passages[p + HOLDING] != NONE:
        for i in range(table(m, STAGES_T)[passages[p + HOLDING] * STAGE + STATIONS] >> 1):
            _put(out, passages[p + TIMES + most + i] - now_ps)
    if passages[p + CUT] > 1:
        for i in range(passages[p + LINES]):
            _put(out, passages[p + TIMES + 2 * most + 2 * i] - now_ps)
            _put(out, passages[p + TIMES + 2 * most + 2 * i + 1])
    if queued:
        _put(out, passages[p + SINCE_PS] - now_ps)
    if passages[p + NUMBER] < 2:  # later, its driver has gone on
        _frames(m, passages[p + ADMIT], done)
    _frames(m, passages[p + DONE], done)


@compiled
def _station(m: int, station: int, done: int) -> None:
    """Free servers, releases to come, the queue."""
    g, out, stations, due = table(m, G), table(m, OUT), table(m, STATIONS_T), table(m, DUE_T)
    s, now_ps, columns = station * STATION, g[NOW], g[PASSAGE]
    free = stations[s + FREE]
    for i in range(stations[s + DUE]):
        release_ps = stations[s + DUE_PS] if i == 0 else due[2 * (stations[s + DUE_AT] + i - 1)]
        if release_ps > now_ps:
            _put(out, release_ps - now_ps)
        else:
            free += 1
    _put(out, -free)
    _put(out, max(stations[s + HANDED_PS] - now_ps, -1))
    _put(out, max(stations[s + WOKEN_PS] - now_ps, -1))
    if stations[s + GATED_AFTER_PS] != NONE and stations[s + IDLE_SINCE_PS]:
        _put(out, stations[s + IDLE_SINCE_PS] - now_ps)
    passage = stations[s + QUEUE_HEAD]
    while passage != NONE:
        _passage(m, passage, done, True)
        passage = table(m, PASSAGES_T)[passage * columns + NEXT]


@compiled
def _counter(m: int, counter: int, done: int) -> None:
    """How far it is, what is done beyond the gapless prefix, and who waits in which order."""
    out, counters, rings, drivers = (
        table(m, OUT),
        table(m, COUNTERS_T),
        table(m, RINGS_T),
        table(m, DRIVERS_T),
    )
    c = counter * COUNTER
    value, size = counters[c + VALUE], counters[c + RING]
    _put(out, value - done * _positions_of(m, counter))
    for i in range(size):
        if rings[counters[c + RING_AT] + ((value + i) & (size - 1))]:
            _put(out, i)
    driver = counters[c + WAITERS]
    while driver != NONE:
        _put(out, driver)
        driver = drivers[driver * DRIVER + AFTER]
    _put(out, NONE)


@compiled
def portray(m: int, events: int, stations: int, counters: int, done: int) -> int:
    """Write the portrait when `done` requests are complete. Returns its length.

    events: how many stand in the table ORDER, as (key, event), first to last.
    counters: all but the doors.
    """
    g, out, order, drivers, fifo = (
        table(m, G),
        table(m, OUT),
        table(m, ORDER),
        table(m, DRIVERS_T),
        table(m, FIFO_T),
    )
    out[0] = 0
    for i in range(events):
        _put(out, order[2 * i] - 2 * g[NOW])
        event = order[2 * i + 1]
        _put(out, event & 1)
        if event & 1 == SETTLE:
            _put(out, event >> 1)
        else:
            _passage(m, event >> 1, done, False)
    for i in range(g[FIFO_HEAD], g[FIFO_TAIL]):
        event = fifo[i & (g[FIFO_SIZE] - 1)]
        _put(out, event & 1)
        if event & 1 == RESUME:
            _put(out, event >> 1)
        else:
            _passage(m, event >> 1, done, False)
    for station in range(stations):
        _station(m, station, done)
    for counter in range(counters):
        _counter(m, counter, done)
    for driver in range(g[DRIVERS]):
        d = driver * DRIVER
        if drivers[d + JOBS]:
            _put(out, drivers[d + TURN])
            _put(out, drivers[d + OBSTACLE])
            _put(out, drivers[d + REQUEST] - done)
    return out[0]


@compiled
def list_events(m: int) -> int:
    """All events of the calendar into the table ORDER, equal keys in their order. Returns how many."""
    g, notes, days, order = table(m, G), table(m, NOTES_T), table(m, DAYS_T), table(m, ORDER)
    count = 0
    for at in range(g[DAYS]):
        note = days[2 * at]
        while note != NONE:
            order[2 * count], order[2 * count + 1] = notes[note * NOTE + KEY], notes[note * NOTE + EVENT]
            count += 1
            note = notes[note * NOTE + AFTER_NOTE]
    return count
