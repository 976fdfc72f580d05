"""The loop of the compiled engine: works and streams. The rules are those of `engine/chain.py` and
`engine/mvm.py`, step by step, so that the order of events at one instant is the same too.

What calls back in the reference is a row in the table of frames here, and what is nested is a stack of actions.
"""

from __future__ import annotations

from xbarsim.engine.burst.calendar import next_key, take
from xbarsim.engine.burst.compiled import compiled
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import table
from xbarsim.engine.burst.passages import embark, frame, free_frame, go_on, push
from xbarsim.engine.burst.queues import RESUME, SETTLE, complete, fits, raise_to, reached, settle

EMPTY = 0  # the work that is done at once


@compiled
def _split(m: int, work: int, admitted: int, done: int) -> None:
    """Parts in sequence or in parallel."""
    works, flat, w = table(m, WORKS_T), table(m, FLAT_T), work * WORK
    at, parts = works[w + PARTS_AT], works[w + PARTS]
    if parts == 1:
        push(m, PERFORM, flat[at], admitted, done)
    elif works[w + KIND] == SEQUENTIAL:
        push(m, PERFORM, flat[at], admitted, frame(m, THEN, at + 1, parts - 1, done, 0))
    else:
        last = frame(m, LAST, parts, done, 0, 0)
        for i in range(parts - 1, -1, -1):
            push(m, PERFORM, flat[at + i], admitted, last)


@compiled
def _closed(m: int, gate: int, network: int, request: int, job: int) -> bool:
    """Whether a job is left out in this request."""
    if gate == NONE:
        return False
    gates, slot = (
        table(m, GATES_T),
        request & (table(m, NETWORKS_T)[network * NETWORK_COLUMNS + REQUEST_RING] - 1),
    )
    at = gates[gate * GATE_COLUMNS + GATE_AT] + slot * gates[gate * GATE_COLUMNS + GATE_JOBS]
    return bool(table(m, GATE_BITS_T)[at + job] == 0)


@compiled
def _variant(m: int, kinds: int, network: int, request: int) -> int:
    """Which variant of the work a request asks for."""
    if kinds == 1:
        return 0
    networks, n = table(m, NETWORKS_T), network * NETWORK_COLUMNS
    return table(m, LEVELS_T)[networks[n + LEVELS_AT] + (request & (networks[n + REQUEST_RING] - 1))]


@compiled
def _hindered(m: int, driver: int, number: int, request: int, end: int) -> bool:
    """Whether the next job must wait for obstacle `number`: its request, data of an input, room at an output."""
    g, flat, streams = table(m, G), table(m, FLAT_T), table(m, STREAMS_T)
    s = table(m, DRIVERS_T)[driver * DRIVER + STREAM] * STREAM_COLUMNS
    inputs = streams[s + INPUTS]
    if number == 0:
        door = 2 * g[EDGES_N] + g[STREAMS_N] + streams[s + NETWORK]
        return streams[s + AT_THE_DOOR] and not reached(m, door, request + 1, driver)
    edges = table(m, EDGES_T)
    if number <= inputs:
        edge = flat[streams[s + INPUTS_AT] + number - 1]
        e = edge * EDGE
        wanted = request * edges[e + EDGE_POSITIONS] + flat[edges[e + LAST_AT] + end - 1] + 1
        return not reached(m, 2 * edge, wanted, driver)
    edge = flat[streams[s + OUTPUTS_AT] + number - 1 - inputs]
    capacity = edges[edge * EDGE + CAPACITY]
    if capacity == NONE:
        return False
    return not reached(m, 2 * edge + 1, request * streams[s + POSITIONS] + end - capacity, driver)


@compiled
def _resume(m: int, driver: int) -> None:
    """What the copy's next job must wait for, one after the other; then it begins."""
    drivers, streams, flat, d = table(m, DRIVERS_T), table(m, STREAMS_T), table(m, FLAT_T), driver * DRIVER
    stream = drivers[d + STREAM]
    s = stream * STREAM_COLUMNS
    request, job = drivers[d + REQUEST], flat[drivers[d + JOBS_AT] + drivers[d + TURN]]
    end = min((job + 1) * streams[s + CHUNK], streams[s + POSITIONS])
    while drivers[d + OBSTACLE] <= streams[s + INPUTS] + streams[s + OUTPUTS]:
        number = drivers[d + OBSTACLE]
        drivers[d + OBSTACLE] = number + 1
        if _hindered(m, driver, number, request, end):
            return
    first, network = job * streams[s + CHUNK], streams[s + NETWORK]
    root = EMPTY
    if not _closed(m, streams[s + GATE], network, request, job):
        variant = _variant(m, streams[s + LEVELS], network, request)
        root = flat[streams[s + ROOTS_AT] + variant * streams[s + COPIES] + drivers[d + COPY]]
    done = frame(m, JOB, stream, request * streams[s + POSITIONS] + first, end - first, job)
    admitted = frame(m, ADMITTED, table(m, WORKS_T)[root * WORK + WIDTH], driver, 0, 0)
    drivers[d + OBSTACLE] = 0
    drivers[d + TURN] += 1
    if drivers[d + TURN] == drivers[d + JOBS]:
        drivers[d + TURN] = 0
        drivers[d + REQUEST] += 1
    push(m, PERFORM, root, admitted, done)


@compiled
def _finish(m: int, s: int, finished: int) -> None:
    """A stream that nobody reads has done all positions of so many requests."""
    g, streams, networks, flat = table(m, G), table(m, STREAMS_T), table(m, NETWORKS_T), table(m, FLAT_T)
    streams[s + FINISHED] = finished
    n = streams[s + NETWORK] * NETWORK_COLUMNS
    for i in range(networks[n + ENDS]):
        finished = min(finished, streams[flat[networks[n + ENDS_AT] + i] * STREAM_COLUMNS + FINISHED])
    if finished > networks[n + COMPLETED]:
        networks[n + COMPLETED] = finished
        g[NOTIFY] = 1


@compiled
def _deliver(m: int, edge: int, network: int, request: int, index: int, count: int, job: int) -> None:
    """Send a job's results on to those who read them."""
    edges, flat, e = table(m, EDGES_T), table(m, FLAT_T), edge * EDGE
    work = EMPTY
    if not _closed(m, edges[e + EDGE_GATE], network, request, job):
        route, ways = edges[e + ROUTE_AT], edges[e + DELIVERIES]
        way = flat[route + job] if route != NONE else job % ways
        variant = _variant(m, edges[e + EDGE_LEVELS], network, request)
        work = flat[edges[e + DELIVERIES_AT] + variant * ways + way]
    push(m, PERFORM, work, NONE, frame(m, ARRIVE, edge, index, count, 0))


@compiled
def _job_done(m: int, stream: int, index: int, count: int, job: int) -> None:
    """A job's results are there: let go of what it read, and send them on."""
    g, streams, edges, flat = table(m, G), table(m, STREAMS_T), table(m, EDGES_T), table(m, FLAT_T)
    s, own = stream * STREAM_COLUMNS, 2 * g[EDGES_N] + stream
    positions = streams[s + POSITIONS]
    complete(m, own, index, count)
    value = table(m, COUNTERS_T)[own * COUNTER + VALUE]
    request, position = value // positions, value % positions
    for i in range(streams[s + INPUTS]):
        edge = flat[streams[s + INPUTS_AT] + i]
        e = edge * EDGE
        raise_to(m, 2 * edge + 1, request * edges[e + EDGE_POSITIONS] + flat[edges[e + FIRST_AT] + position])
    for i in range(streams[s + OUTPUTS] - 1, -1, -1):
        edge = flat[streams[s + OUTPUTS_AT] + i]
        _deliver(m, edge, streams[s + NETWORK], index // positions, index, count, job)
    if streams[s + OUTPUTS] == 0 and request > streams[s + FINISHED]:
        _finish(m, s, request)


@compiled
def _short(m: int, number: int) -> bool:
    """Whether a counter's ring is too small to note what is done."""
    g, frames, at = table(m, G), table(m, FRAMES_T), number * FRAME
    if frames[at + FRAME_KIND] == JOB:
        counter = 2 * g[EDGES_N] + frames[at + A]
    elif frames[at + FRAME_KIND] == ARRIVE:
        counter = 2 * frames[at + A]
    else:
        return False
    if fits(m, counter, frames[at + B], frames[at + C]):
        return False
    g[SHORT] = counter
    return True


@compiled
def _fire(m: int, number: int) -> None:
    """A piece of work is done: what its frame says happens."""
    g, frames, flat, at = table(m, G), table(m, FRAMES_T), table(m, FLAT_T), number * FRAME
    kind, a, b, c, d = frames[at + FRAME_KIND], frames[at + A], frames[at + B], frames[at + C], frames[at + D]
    if kind == LAST:
        frames[at + A] = a - 1
        if a == 1:
            free_frame(m, number)
            if b != NONE:
                push(m, FIRE, b, 0, 0)
    elif kind == THEN and b > 1:
        frames[at + A], frames[at + B] = a + 1, b - 1
        push(m, PERFORM, flat[a], NONE, number)
    else:
        free_frame(m, number)
        if kind == THEN:
            push(m, PERFORM, flat[a], NONE, c)
        elif kind == ARRIVE:
            complete(m, 2 * a, b, c)
        elif kind == JOB:
            _job_done(m, a, b, c, d)
        else:
            table(m, TOLD_T)[g[TOLD]] = a
            g[TOLD] += 1
            g[NOTIFY] = 1


@compiled
def _act(m: int) -> bool:
    """Do the action on top of the stack; False if a table must grow before."""
    g, stack, works = table(m, G), table(m, STACK_T), table(m, WORKS_T)
    at = 4 * (g[ACTIONS] - 1)
    what, a, b, c = stack[at], stack[at + 1], stack[at + 2], stack[at + 3]
    if what == FIRE and _short(m, a):
        return False
    g[ACTIONS] -= 1
    if what == FIRE:
        _fire(m, a)
    elif works[a * WORK + KIND] != CHAIN and works[a * WORK + PARTS]:
        _split(m, a, b, c)
    else:
        embark(m, a, b, c)
    return True


@compiled
def _steps(m: int) -> int:
    """How many steps may be taken before a table could be full: none adds more rows than the margin."""
    g = table(m, G)
    margin = g[MARGIN]
    rows = min(
        g[FREE_FRAMES],
        g[ROOM_ACTIONS] - g[ACTIONS],
        g[ROOM_CALENDAR] - g[CALENDAR],
        g[ROOM_SPANS] - g[SPANS],
        g[ROOM_SERVICES] - g[SERVICES],
    )
    return min(rows // margin, g[FREE_PASSAGES] // 2)


@compiled
def _next_event(m: int, key: int) -> None:
    """The first event of the calendar happens."""
    table(m, G)[NOW] = key >> 1
    event = take(m)
    if event & 1 == SETTLE:
        settle(m, event >> 1)
    else:
        go_on(m, event >> 1)


@compiled
def _next_start(m: int) -> None:
    """What waited first to start at this instant starts."""
    g = table(m, G)
    event = table(m, FIFO_T)[g[FIFO_HEAD] & (g[FIFO_SIZE] - 1)]
    g[FIFO_HEAD] += 1
    if event & 1 == RESUME:
        _resume(m, event >> 1)
        return
    passages, p = table(m, PASSAGES_T), (event >> 1) * g[PASSAGE]
    passages[p + TIMES + passages[p + GRANTS]] = g[NOW]
    passages[p + GRANTS] += 1
    go_on(m, event >> 1)


@compiled
def advance(m: int, until_ps: int, most_events: int) -> int:
    """Let everything happen that comes before an instant. Returns why it came back (see `fields`).

    m: address of the array of the tables' addresses. It comes back before any table is full, with nothing half
    done, so that they can grow. until_ps < 0: only what was begun is finished, and the first steps are taken.
    """
    g, drivers = table(m, G), table(m, DRIVERS_T)
    last_event = g[EVENTS] + most_events
    steps = 0
    while True:
        if steps == 0:
            steps = _steps(m)
            if steps == 0:
                return GROW
        steps -= 1
        if g[ACTIONS]:
            if not _act(m):
                return GROW
            continue
        if g[BEGUN] < g[DRIVERS]:
            driver = g[BEGUN]
            g[BEGUN] += 1
            if drivers[driver * DRIVER + JOBS]:
                _resume(m, driver)
            continue
        if g[NOTIFY]:
            g[NOTIFY] = 0
            return TOLD_SO
        if until_ps < 0:
            return UNTIL
        starting = g[FIFO_HEAD] < g[FIFO_TAIL]
        key = next_key(m) if g[CALENDAR] else NONE
        if starting and (key == NONE or key >> 1 > g[NOW]):
            _next_start(m)
        elif key == NONE:
            return IDLE
        elif key >> 1 >= until_ps:
            return UNTIL
        elif g[EVENTS] >= last_event:
            return TICK
        else:
            _next_event(m, key)
