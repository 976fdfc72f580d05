"""What is kept of a run under load does not grow with it, and can be cut where the warm-up ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xbarsim.scenario.batching import ONE_BY_ONE
from xbarsim.scenario.serve_books import Books, Mark, Marks
from xbarsim.scenario.serve_door import Door

GAP_PS, SERVICE_PS = 100, 70


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_a_mark_lies_before_what_is_looked_for_and_no_step_further(completed: int, wanted: int) -> None:
    marks = Marks()
    for n in range(1, completed + 1):
        if marks.due(n):
            marks.add(Mark(n, 10 * n))
    found = marks.at(min(wanted, completed))
    assert len(marks.kept) <= 4096
    assert found.completed <= min(wanted, completed) < found.completed + marks.step
    assert found.time_ps == 10 * found.completed


def test_marks_lie_where_batches_of_latencies_begin() -> None:
    """So the cut that MSER finds is a cut of everything else as well."""
    books = regular(50_000)
    assert books.marks.step == books.latencies._means.size
    for batches in range(0, 2_000, 77):
        cut = batches * books.marks.step
        assert books.marks.at(cut).completed == cut


def test_the_books_of_a_long_run_are_no_longer_than_those_of_a_short_one() -> None:
    books = regular(50_000)
    assert (len(books.marks.kept), len(books.door.waiting), len(books.door.inside)) < (4097, 1, 2)
    assert books.stayed_ps == 50_000 * SERVICE_PS
    assert books.inside.area == books.stayed_ps
    assert books.at_door.area == books.waited_ps == 0


def regular(requests: int) -> Books:
    """Requests each 100 ps, out 70 ps later."""
    books = Books(Door(ONE_BY_ONE, None, None), requests, None, False)
    for n in range(requests):
        books.door.arrive(n * GAP_PS)
        books.update(n * GAP_PS)
        books.complete(n * GAP_PS + SERVICE_PS)
    assert books.known
    return books
