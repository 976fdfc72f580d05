"""The calendar of the compiled engine: what happens next, by time, phase and order of booking.

A key is twice the picosecond, plus one in the phase DELIVER; RELEASE comes before it. What is to START at the
present instant stands in a first-in-first-out queue of its own, so it is never sorted.
"""

from __future__ import annotations

from numba import njit

from xbarsim.engine.burst.fields import CALENDAR, FIFO_SIZE, FIFO_T, FIFO_TAIL, G, HEAP_T, SEQUENCE
from xbarsim.engine.burst.memory import table


@njit(cache=True)
def book(m: int, key: int, event: int) -> None:
    """Put an event into the heap (four children a node); equal keys keep the order of booking."""
    g, heap = table(m, G), table(m, HEAP_T)
    at = g[CALENDAR]
    g[CALENDAR] = at + 1
    order = g[SEQUENCE]
    g[SEQUENCE] = order + 1
    while at > 0:
        above = (at - 1) >> 2
        if heap[3 * above] <= key:  # an equal one was booked earlier
            break
        heap[3 * at] = heap[3 * above]
        heap[3 * at + 1] = heap[3 * above + 1]
        heap[3 * at + 2] = heap[3 * above + 2]
        at = above
    heap[3 * at] = key
    heap[3 * at + 1] = order
    heap[3 * at + 2] = event


@njit(cache=True)
def take(m: int) -> None:
    """Remove the first event of the heap."""
    g, heap = table(m, G), table(m, HEAP_T)
    last = g[CALENDAR] - 1
    g[CALENDAR] = last
    key, order, event = heap[3 * last], heap[3 * last + 1], heap[3 * last + 2]
    at = 0
    while True:
        first = 4 * at + 1
        if first >= last:
            break
        first_key, first_order = heap[3 * first], heap[3 * first + 1]
        for other in range(first + 1, min(first + 4, last)):
            other_key = heap[3 * other]
            if other_key < first_key or (other_key == first_key and heap[3 * other + 1] < first_order):
                first, first_key, first_order = other, other_key, heap[3 * other + 1]
        if first_key > key or (first_key == key and first_order > order):
            break
        heap[3 * at] = first_key
        heap[3 * at + 1] = first_order
        heap[3 * at + 2] = heap[3 * first + 2]
        at = first
    heap[3 * at] = key
    heap[3 * at + 1] = order
    heap[3 * at + 2] = event


@njit(cache=True)
def start(m: int, event: int) -> None:
    """Have something start at the present instant, once all that arrives has come and all that is free is free."""
    g = table(m, G)
    tail = g[FIFO_TAIL]
    table(m, FIFO_T)[tail & (g[FIFO_SIZE] - 1)] = event
    g[FIFO_TAIL] = tail + 1
