"""The calendar of the compiled engine: what happens next, by time, phase and order of booking.

A calendar queue (R. Brown, Communications of the ACM 31 (1988) 1220): a ring of days, each with its events in
order, so that booking and taking cost the same however many events are booked. The length of a day follows the
events: it halves where days are crowded and doubles where they are empty.

A key is twice the picosecond, plus one in the phase DELIVER; RELEASE comes before it. What is to START at the
present instant stands in a first-in-first-out queue of its own, so it is never sorted.
"""

from __future__ import annotations

from xbarsim.engine.burst.compiled import compiled
from xbarsim.engine.burst.fields import *  # the columns of all tables
from xbarsim.engine.burst.memory import table

REVIEW = 4096  # events after which the length of a day is thought over
LEAST_SHIFT, MOST_SHIFT = 1, 50


@compiled
def book(m: int, key: int, event: int) -> None:
    """Put an event into the calendar; equal keys keep the order of booking."""
    g, notes = table(m, G), table(m, NOTES_T)
    note = g[FREE_NOTE]
    g[FREE_NOTE] = notes[note * NOTE + AFTER_NOTE]
    g[CALENDAR] += 1
    notes[note * NOTE + KEY], notes[note * NOTE + EVENT] = key, event
    _enter(m, note, key)
    if g[WALKED] > 8 * REVIEW:  # thousands booked for one day, before any has passed
        _review(m)


@compiled
def _enter(m: int, note: int, key: int) -> None:
    """Into its day, behind all that come before it or were booked before it for the same instant."""
    g, notes, days = table(m, G), table(m, NOTES_T), table(m, DAYS_T)
    day = key >> g[SHIFT]
    if day < g[DAY]:
        g[DAY] = day
    at = 2 * (day & (g[DAYS] - 1))
    first, last = days[at], days[at + 1]
    if first == NONE:
        notes[note * NOTE + AFTER_NOTE] = NONE
        days[at] = days[at + 1] = note
    elif notes[last * NOTE + KEY] <= key:
        notes[note * NOTE + AFTER_NOTE] = NONE
        notes[last * NOTE + AFTER_NOTE] = note
        days[at + 1] = note
    elif notes[first * NOTE + KEY] > key:
        notes[note * NOTE + AFTER_NOTE] = first
        days[at] = note
    else:
        before = first
        while notes[notes[before * NOTE + AFTER_NOTE] * NOTE + KEY] <= key:
            before = notes[before * NOTE + AFTER_NOTE]
            g[WALKED] += 1
        notes[note * NOTE + AFTER_NOTE] = notes[before * NOTE + AFTER_NOTE]
        notes[before * NOTE + AFTER_NOTE] = note


@compiled
def next_key(m: int) -> int:
    """The key of the first event; there must be one. Afterwards the present day is that event's."""
    g, notes, days = table(m, G), table(m, NOTES_T), table(m, DAYS_T)
    mask, shift, day = g[DAYS] - 1, g[SHIFT], g[DAY]
    for _ in range(g[DAYS]):
        first = days[2 * (day & mask)]
        if first != NONE:
            key = notes[first * NOTE + KEY]
            if key >> shift == day:
                g[SCANNED] += day - g[DAY]
                g[DAY] = day
                return key
        day += 1
    # Nothing in a whole round: the first of all days' first events.
    best = -1
    for at in range(g[DAYS]):
        first = days[2 * at]
        if first != NONE and (best < 0 or notes[first * NOTE + KEY] < best):
            best = notes[first * NOTE + KEY]
    g[SCANNED] += g[DAYS]
    g[DAY] = best >> shift
    return best


@compiled
def take(m: int) -> int:
    """Remove the first event, which `next_key` has found. Returns what it is."""
    g, notes, days = table(m, G), table(m, NOTES_T), table(m, DAYS_T)
    at = 2 * (g[DAY] & (g[DAYS] - 1))
    note = days[at]
    days[at] = notes[note * NOTE + AFTER_NOTE]
    notes[note * NOTE + AFTER_NOTE] = g[FREE_NOTE]
    g[FREE_NOTE] = note
    g[CALENDAR] -= 1
    event = notes[note * NOTE + EVENT]
    g[EVENTS] += 1
    if g[EVENTS] % REVIEW == 0:
        _review(m)
    return event


@compiled
def _review(m: int) -> None:
    """Shorter days where events had to pass others on their day, longer ones where days were empty."""
    g = table(m, G)
    shift = g[SHIFT]
    if g[WALKED] > REVIEW and shift > LEAST_SHIFT:
        shift -= 1
    elif g[SCANNED] > 2 * REVIEW and shift < MOST_SHIFT:
        shift += 1
    g[WALKED] = g[SCANNED] = 0
    if shift != g[SHIFT]:
        rearrange(m, shift)


@compiled
def rearrange(m: int, shift: int) -> None:
    """All events into days of another length. Their order is kept: a day's events are in order already."""
    g, notes, days = table(m, G), table(m, NOTES_T), table(m, DAYS_T)
    chain = NONE
    for at in range(g[DAYS]):
        note = days[2 * at]
        days[2 * at] = days[2 * at + 1] = NONE
        # Behind those collected so far; equal keys always share a day, so that their order stands.
        while note != NONE:
            after = notes[note * NOTE + AFTER_NOTE]
            notes[note * NOTE + AFTER_NOTE] = chain
            chain = note
            note = after
    # The list is backwards now: once more, forwards.
    forwards = NONE
    while chain != NONE:
        after = notes[chain * NOTE + AFTER_NOTE]
        notes[chain * NOTE + AFTER_NOTE] = forwards
        forwards, chain = chain, after
    g[SHIFT], g[DAY] = shift, MOST_DAYS
    while forwards != NONE:
        after = notes[forwards * NOTE + AFTER_NOTE]
        _enter(m, forwards, notes[forwards * NOTE + KEY])
        forwards = after


@compiled
def start(m: int, event: int) -> None:
    """Have something start at the present instant, once all that arrives has come and all that is free is free."""
    g = table(m, G)
    tail = g[FIFO_TAIL]
    table(m, FIFO_T)[tail & (g[FIFO_SIZE] - 1)] = event
    g[FIFO_TAIL] = tail + 1
