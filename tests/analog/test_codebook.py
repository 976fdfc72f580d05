"""Codebook of two polarities: published facts of its preset, the fit over a network, integer codes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from xbarsim.analog.codebook import Codebook, fit, preset

BOOK = preset()


def laplace(seed: int, size: tuple[int, ...] = (192, 10)) -> np.ndarray:
    weights = np.random.default_rng(seed).laplace(0, 0.25, size)
    return np.clip(weights, BOOK.levels.min(), BOOK.levels.max())


def test_levels_of_the_published_preset() -> None:
    """Facts calculated from its two steps, each to 1e-6."""
    levels = np.sort(BOOK.levels)
    inside, gaps = levels[np.abs(levels) < 1], np.diff(levels)
    assert (len(np.unique(levels)), len(inside)) == (80, 62)
    found = (
        levels[0],
        levels[-1],
        levels[levels > 0].min(),
        levels[levels < 0].max(),
        gaps.min(),
        gaps.max(),
        np.diff(inside).max(),
        BOOK.step_plus - BOOK.step_minus,
        BOOK.step_plus / BOOK.step_minus,
    )
    facts = (-1.432704, 1.840228, 0.024674, -0.026266, 0.024674, 0.179088, 0.077207, 0.0509405, 1.284444)
    assert found == pytest.approx(facts, abs=1e-6)
    assert np.diff(inside).mean() == pytest.approx(0.0319, abs=1e-4)


def test_codes_are_small_integers_that_give_the_levels() -> None:
    assert BOOK.codes.dtype == np.int8
    assert (BOOK.codes.min(), BOOK.codes.max()) == (0, 8)
    assert not (BOOK.codes == 0).all(axis=1).any()
    expected = BOOK.codes[:, 0] * BOOK.step_plus - BOOK.codes[:, 1] * BOOK.step_minus
    assert expected == pytest.approx(BOOK.levels, abs=1e-6)
    assert (BOOK.encode(BOOK.levels) == BOOK.codes).all()


def test_a_stored_weight_is_the_nearest_level_and_stays_it() -> None:
    weights = laplace(1)
    stored = BOOK.quantise(weights)
    nearest = np.abs(weights[..., None] - BOOK.levels).min(axis=-1)
    assert np.abs(weights - stored) == pytest.approx(nearest, abs=1e-12)
    assert (BOOK.quantise(stored) == stored).all()
    assert BOOK.encode(weights).shape == (192, 10, 2)


def test_of_equal_levels_the_first_is_taken() -> None:
    """With equal steps 2 d+ - d- is d+, and half way between two levels the one that was named first wins."""
    book = Codebook(1.0, 1.0, 2)
    assert book.encode([1.0, -1.0, 1.5, 0.5]).tolist() == [[1, 0], [0, 1], [1, 0], [1, 0]]


@pytest.mark.parametrize(("tolerance", "error", "conductance"), [(0.0, 0.030, 21.5), (0.05, 0.078, 9.6)])
def test_least_conductance_against_least_error(tolerance: float, error: float, conductance: float) -> None:
    """Laplace weights of scale 0.25; the largest level of d+ at 25 uS: mean conductance of both cells in uS."""
    books = [laplace(seed) for seed in range(10)]
    codes = [BOOK.encode(weights, tolerance) for weights in books]
    relative = [
        np.sqrt(((BOOK.decode(c) - w) ** 2).mean() / (w**2).mean()) for c, w in zip(codes, books, strict=True)
    ]
    steps = np.array([BOOK.step_plus, BOOK.step_minus])
    both = np.mean([(c @ steps).mean() for c in codes]) * 25 / (8 * BOOK.step_plus)
    assert np.mean(relative) == pytest.approx(error, rel=0.02)
    assert both == pytest.approx(conductance, rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_never_worse_than_where_it_began(seed: int) -> None:
    layers = [laplace(seed), laplace(seed + 100, (10,))]
    best = fit(layers, np.random.default_rng(seed))
    assert best.error <= best.first_error
    assert best == fit(layers, np.random.default_rng(seed))
    assert best.codebook.multiples == 8
    pooled = np.concatenate([layer.reshape(-1) for layer in layers])
    assert best.error == pytest.approx(np.abs(pooled - best.codebook.quantise(pooled)).sum(), rel=1e-12)


def test_the_fit_looks_at_fifteen_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    error = Codebook.error
    monkeypatch.setattr(Codebook, "error", lambda book, weights: asked.append(book) or error(book, weights))
    fit([laplace(0)], np.random.default_rng(0))
    assert len(asked) == 16
    largest = np.array([asked[0].step_plus, asked[0].step_minus]) * 8
    moves = np.diff([[book.step_plus, book.step_minus] for book in asked[:2]], axis=0)
    assert (np.abs(moves) <= 0.95 * largest / 100).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Codebook(0.0, 0.1, 8), "Codebook.step_plus is 0.0; allowed: a number above 0"),
        (lambda: Codebook(0.1, 0.1, 128), "Codebook.multiples is 128; allowed: a whole number from 1 to 127"),
        (
            lambda: fit([[1.0, 2.0]], np.random.default_rng(0)),
            "a codebook of two polarities needs weights of both signs",
        ),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
