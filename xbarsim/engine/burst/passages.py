"""Jobs on their way through a chain of stages; see `engine/chain.py` for the rules."""

from __future__ import annotations

from xbarsim.engine.burst.calendar import book, start
from xbarsim.engine.burst.compiled import compiled
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import Ints, table
from xbarsim.engine.burst.queues import GO_ON, RESUME, release, request


@compiled
def push(m: int, what: int, a: int, b: int, c: int) -> None:
    """Put an action on the stack: what is pushed last is done first."""
    g, stack = table(m, G), table(m, STACK_T)
    at = 4 * g[ACTIONS]
    stack[at], stack[at + 1], stack[at + 2], stack[at + 3] = what, a, b, c
    g[ACTIONS] += 1


@compiled
def frame(m: int, kind: int, a: int, b: int, c: int, d: int) -> int:
    """A note of what happens when a piece of work is done."""
    g, frames = table(m, G), table(m, FRAMES_T)
    number = g[FREE_FRAME]
    at = number * FRAME
    g[FREE_FRAME] = frames[at + A]
    g[FREE_FRAMES] -= 1
    frames[at + FRAME_KIND], frames[at + A], frames[at + B], frames[at + C] = kind, a, b, c
    frames[at + D] = d
    return number


@compiled
def free_frame(m: int, number: int) -> None:
    g = table(m, G)
    table(m, FRAMES_T)[number * FRAME + A] = g[FREE_FRAME]
    g[FREE_FRAME] = number
    g[FREE_FRAMES] += 1


@compiled
def admit(m: int, number: int) -> None:
    """One of the chains that begin a job may take the next job; when all may, the driver goes on."""
    frames, at = table(m, FRAMES_T), number * FRAME
    frames[at + A] -= 1
    if frames[at + A] == 0:
        start(m, 2 * frames[at + B] + RESUME)
        free_frame(m, number)


@compiled
def _carry(passages: Ints, at: int, lines: int, grant_ps: int, portion_ps: int) -> int:
    """Times at which portions leave a stage, from those at which they come and the stage's grant.

    Keeps the highest line of each slope: the others are never the maximum.
    """
    best_ps, kept = grant_ps, 0
    for i in range(lines):
        a, b = passages[at + 2 * i], passages[at + 2 * i + 1]
        if b > portion_ps:
            passages[at + 2 * kept] = a + portion_ps
            passages[at + 2 * kept + 1] = b
            kept += 1
        elif a + b > best_ps:
            best_ps = a + b
    passages[at + 2 * kept] = best_ps
    passages[at + 2 * kept + 1] = portion_ps
    return kept + 1


@compiled
def _out(passages: Ints, at: int, lines: int, portion: int) -> int:
    """When a portion is out."""
    best_ps = passages[at] + passages[at + 1] * portion
    for i in range(1, lines):
        best_ps = max(best_ps, passages[at + 2 * i] + passages[at + 2 * i + 1] * portion)
    return best_ps


@compiled
def _give_back(m: int, grants_at: int, stage: int, time_ps: int) -> None:
    """The stations of a stage are free, each from then on."""
    passages, stages, members = table(m, PASSAGES_T), table(m, STAGES_T), table(m, MEMBERS_T)
    s = stage * STAGE
    member, served_ps = stages[s + MEMBERS_AT], time_ps - stages[s + PORTION_PS] * stages[s + PORTIONS]
    release(m, stages[s + FIRST_STATION], member, served_ps - passages[grants_at], time_ps)
    for i in range(1, stages[s + STATIONS] >> 1):
        release(m, members[2 * (member + i)], member + i, served_ps - passages[grants_at + i], time_ps)


@compiled
def _record(m: int, stage: int, op: int, start_ps: int, end_ps: int) -> None:
    """Services begin in the order of time, so an operation's spans are merged as they come."""
    g, latest, at = table(m, G), table(m, OPEN_T), 2 * op
    if latest[at] != NONE and start_ps <= latest[at + 1]:
        latest[at + 1] = max(latest[at + 1], end_ps)
    else:
        if latest[at] != NONE:
            spans, to = table(m, SPANS_T), 3 * g[SPANS]
            spans[to], spans[to + 1], spans[to + 2] = op, latest[at], latest[at + 1]
            g[SPANS] += 1
        latest[at], latest[at + 1] = start_ps, end_ps
    if g[RECORD] == 2:
        services, to = table(m, SERVICES_T), 3 * g[SERVICES]
        services[to], services[to + 1], services[to + 2] = stage, start_ps, end_ps
        g[SERVICES] += 1


@compiled
def _granted(m: int, passage: int, p: int, s: int) -> bool:
    """Have all stations of a stage; where one is taken, be started when it is handed over."""
    passages, stages, members = table(m, PASSAGES_T), table(m, STAGES_T), table(m, MEMBERS_T)
    now_ps, member = table(m, G)[NOW], stages[s + MEMBERS_AT]
    for i in range(passages[p + GRANTS], stages[s + STATIONS] >> 1):
        station = stages[s + FIRST_STATION] if i == 0 else members[2 * (member + i)]
        if not request(m, station, passage):
            return False
        passages[p + TIMES + i] = now_ps
        passages[p + GRANTS] = i + 1
    return True


@compiled
def _serve(m: int, p: int, stage: int) -> int:
    """Begin the service of a stage, all its stations being ours. Returns when to ask for the next."""
    g, passages, stages = table(m, G), table(m, PASSAGES_T), table(m, STAGES_T)
    s, now_ps = stage * STAGE, g[NOW]
    held_at = p + TIMES + g[MOST_STATIONS]
    lines_at = held_at + g[MOST_STATIONS]
    portion_ps, portions = stages[s + PORTION_PS], stages[s + PORTIONS]
    end_ps = now_ps + portion_ps
    if portions > 1:
        if portions != passages[p + CUT]:  # another cut than before: everything has come
            passages[lines_at], passages[lines_at + 1], passages[p + LINES] = now_ps, 0, 1
        passages[p + LINES] = _carry(passages, lines_at, passages[p + LINES], now_ps, portion_ps)
        end_ps = _out(passages, lines_at, passages[p + LINES], portions)
    if passages[p + HOLDING] != NONE:
        _give_back(m, held_at, passages[p + HOLDING], end_ps - portion_ps)
        passages[p + HOLDING] = NONE
    if passages[p + NUMBER] == 1 and passages[p + ADMIT] != NONE:
        admit(m, passages[p + ADMIT])
    stages[s + STAGE_JOBS] += 1
    if g[RECORD]:
        _record(m, stage, stages[s + OPERATION], now_ps, end_ps)
    passages[p + NUMBER] += 1
    more = passages[p + NUMBER] < passages[p + STAGES]
    if stages[s + STATIONS] > 1:
        if stages[s + STATIONS] & 1 and more:
            passages[p + HOLDING] = stage
            for i in range(stages[s + STATIONS] >> 1):
                passages[held_at + i] = passages[p + TIMES + i]
        else:
            _give_back(m, p + TIMES, stage, end_ps)
        passages[p + GRANTS] = 0
    passages[p + CUT] = portions
    next_ps = end_ps
    if portions > 1 and more:
        follower = table(m, FLAT_T)[passages[p + STAGES_AT] + passages[p + NUMBER]]
        if stages[follower * STAGE + PORTIONS] == portions:
            next_ps = _out(passages, lines_at, passages[p + LINES], 1)
            for i in range(passages[p + LINES]):
                passages[lines_at + 2 * i] += stages[s + DELAY_PS]
    return next_ps + stages[s + DELAY_PS]


@compiled
def go_on(m: int, passage: int) -> None:
    """Take stage after stage, until something must be waited for."""
    g, passages, flat = table(m, G), table(m, PASSAGES_T), table(m, FLAT_T)
    p = passage * g[PASSAGE]
    while passages[p + NUMBER] < passages[p + STAGES]:
        stage = flat[passages[p + STAGES_AT] + passages[p + NUMBER]]
        if not _granted(m, passage, p, stage * STAGE):
            return
        next_ps = _serve(m, p, stage)
        if next_ps > g[NOW]:
            book(m, 2 * next_ps + 1, 2 * passage + GO_ON)
            return
    if passages[p + ADMIT] != NONE and passages[p + STAGES] < 2:
        admit(m, passages[p + ADMIT])
    if passages[p + DONE] != NONE:
        push(m, FIRE, passages[p + DONE], 0, 0)
    passages[p + NEXT] = g[FREE_PASSAGE]
    g[FREE_PASSAGE] = passage
    g[FREE_PASSAGES] += 1


@compiled
def embark(m: int, work: int, admitted: int, done: int) -> None:
    """A job comes to a chain; with no stages, it is done at once."""
    works, w = table(m, WORKS_T), work * WORK
    if works[w + PARTS] == 0:
        if admitted != NONE:
            admit(m, admitted)
        if done != NONE:
            push(m, FIRE, done, 0, 0)
        return
    g, passages = table(m, G), table(m, PASSAGES_T)
    passage = g[FREE_PASSAGE]
    p = passage * g[PASSAGE]
    g[FREE_PASSAGE] = passages[p + NEXT]
    g[FREE_PASSAGES] -= 1
    passages[p + STAGES_AT], passages[p + STAGES] = works[w + PARTS_AT], works[w + PARTS]
    passages[p + NUMBER], passages[p + CUT] = 0, 1
    passages[p + ADMIT], passages[p + DONE], passages[p + GRANTS] = admitted, done, 0
    passages[p + HOLDING], passages[p + LINES] = NONE, 0
    go_on(m, passage)
