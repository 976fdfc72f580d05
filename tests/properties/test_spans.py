"""Parts of a vector against sets of its elements."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.mapping.spans import Span, seen_together, united, whole

WIDTH = 24
ENDS = st.tuples(st.integers(0, WIDTH), st.integers(0, WIDTH)).filter(lambda ends: ends[0] != ends[1])
SPANS = st.lists(ENDS.map(lambda ends: (min(ends) / WIDTH, max(ends) / WIDTH)), max_size=6)


def elements(spans: list[Span]) -> set[int]:
    return {i for low, high in spans for i in range(round(low * WIDTH), round(high * WIDTH))}


@given(SPANS)
def test_united_spans_have_the_same_elements_and_none_twice(spans: list[Span]) -> None:
    found = united(spans)
    assert elements(found) == elements(spans)
    assert sum(high - low for low, high in found) * WIDTH == pytest.approx(len(elements(spans)))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))


@given(st.lists(st.tuples(SPANS, st.integers(1, 7)), max_size=3))
def test_every_element_is_seen_where_one_of_its_spans_is(groups: list[tuple[list[Span], int]]) -> None:
    wanted: dict[int, int] = {}
    for spans, positions in groups:
        for i in elements(spans):
            wanted[i] = wanted.get(i, 0) | positions
    found = seen_together((low, high, where) for spans, where in groups for low, high in spans)
    assert {i: where for low, high, where in found for i in elements([(low, high)])} == wanted


def test_a_boundary_inside_an_element_takes_the_whole_of_it() -> None:
    """Blocks of 128 rows of 9 x 56: the first has all of channels 0 to 13 and two rows of channel 14."""
    assert whole(0.0, 128 / 504, 56) == (0.0, 15 / 56)
    assert whole(128 / 504, 256 / 504, 56) == (14 / 56, 29 / 56)
    assert whole(252 / 504, 1.0, 56) == (0.5, 1.0)
