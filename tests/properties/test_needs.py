"""Needs against brute force: what a result really reads, element by element."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from xbarsim.workload.capture.needs import NEVER, Extent, fit_need
from xbarsim.workload.graph import Causal, Part, Resample, Same, Slice, Whole, Window

PAIRS = st.tuples(st.integers(1, 7), st.integers(1, 7))
SMALL = st.tuples(st.integers(1, 3), st.integers(1, 3))


def running(first: list[int], last: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """In order of delivery: what must have come so far, and from where on things are still needed."""
    since = np.minimum.accumulate(np.array(first)[::-1])[::-1]
    return since, np.maximum.accumulate(np.array(last))


@st.composite
def windows(draw):
    size, kernel, stride, dilation = draw(PAIRS), draw(SMALL), draw(SMALL), draw(SMALL)
    reach = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    padding = tuple(draw(st.integers(0, r // 2)) for r in reach)
    axes = zip(size, padding, reach, stride, strict=True)
    out = tuple((n + 2 * p - r - 1) // s + 1 for n, p, r, s in axes)
    assume(all(n + 2 * p > r for n, p, r in zip(size, padding, reach, strict=True)))
    return Window(size, out, kernel, stride, padding, dilation)


def read_by(window: Window) -> list[list[int]]:
    """Raster indices of the pixels in each output's window, margins left out."""
    found = []
    for out in np.ndindex(*window.output_size):
        inside = []
        for k in np.ndindex(*window.kernel):
            at = [out[a] * window.stride[a] - window.padding[a] + k[a] * window.dilation[a] for a in (0, 1)]
            if all(0 <= at[a] < window.input_size[a] for a in (0, 1)):
                inside.append(at[0] * window.input_size[1] + at[1])
        found.append(inside)
    return found


@given(windows())
def test_windows_wait_for_all_they_read_and_keep_all_they_still_read(window):
    read = read_by(window)
    since, until = running([min(one, default=NEVER) for one in read], [max(one, default=-1) for one in read])
    assert (window.last_needed(len(read)) >= until).all()
    assert (window.first_needed(len(read)) <= since).all()


@given(windows())
def test_windows_whose_corners_lie_in_the_map_are_exact(window):
    """Clipping a corner that lies in the margin may wait for up to a window more; else nothing is wasted."""
    assume(window.padding == (0, 0))
    read = read_by(window)
    since, until = running([min(one) for one in read], [max(one) for one in read])
    assert (window.last_needed(len(read)) == until).all()
    assert (window.first_needed(len(read)) == since).all()


@given(st.integers(1, 9), st.integers(1, 20), st.integers(0, 20))
def test_a_part_of_a_concatenation_is_waited_for_in_its_place(inputs, before, after):
    positions = before + inputs + after
    expected = [max(-1, min(i - before, inputs - 1)) for i in range(positions)]
    assert Part(before, inputs).last_needed(positions).tolist() == expected
    assert Part(before, inputs).first_needed(positions).tolist() == [max(0, at) for at in expected]


@given(PAIRS, PAIRS)
def test_resampling_reads_the_pixel_under_each_pixel(size, out):
    read = [
        (row * size[0] // out[0]) * size[1] + column * size[1] // out[1] for row, column in np.ndindex(*out)
    ]
    since, until = running(read, read)
    assert Resample(size, out).last_needed(len(read)).tolist() == until.tolist()
    assert Resample(size, out).first_needed(len(read)).tolist() == since.tolist()


@given(st.data())
def test_whatever_is_read_the_fitted_need_is_safe(data):
    inputs, positions = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    spans = data.draw(
        st.lists(
            st.none() | st.tuples(st.integers(0, inputs - 1), st.integers(0, inputs - 1)),
            min_size=positions,
            max_size=positions,
        )
    )
    first = np.array([NEVER if one is None else min(one) for one in spans])
    last = np.array([-1 if one is None else max(one) for one in spans])
    fit = fit_need(first, last, Extent(inputs, 1, (inputs,)), Extent(positions, 1, (positions,)))
    since, until = running(first, last)
    ahead, behind = fit.need.last_needed(positions), fit.need.first_needed(positions)
    assert (ahead >= until).all() and (ahead < inputs).all()
    assert (behind <= since).all() and (behind >= 0).all()


def fitted(need, inputs: Extent, result: Extent):
    """The need found for what another need reads."""
    last, first = need.last_needed(result.positions), need.first_needed(result.positions)
    return fit_need(np.where(last < 0, NEVER, first), last, inputs, result)


def line(positions: int) -> Extent:
    return Extent(positions, 1, (positions,))


def test_simple_rules_are_recognised():
    for need, inputs, positions in (
        (Same(), 7, 7),
        (Whole(7), 7, 5),
        (Slice(2, 3), 12, 4),
        (Slice(5), 12, 1),
        (Causal(0), 6, 6),
        (Causal(3), 9, 6),
        (Part(3, 4), 4, 12),
    ):
        found = fitted(need, line(inputs), line(positions))
        assert (found.need, found.exact) == (need, True)


def test_the_odd_rows_of_a_map_are_a_window():
    window = Window((8, 6), (4, 6), (1, 1), (2, 1), (-1, 0))
    found = fitted(window, Extent(48, 1, (8, 6)), Extent(24, 1, (4, 6)))
    assert (found.need, found.exact) == (window, True)
