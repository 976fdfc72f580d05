"""Routers: the same answer whoever asks and when, as popular as said, or exactly what was recorded."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.errors import SpecError, WorkloadError
from xbarsim.workload.graph import ExpertGroup
from xbarsim.workload.routing import Recorded, Seeded

GROUPS = {name: ExpertGroup(name, 8, 2) for name in ("a", "b")}
EXPECTED = [(4, 6), (3, 5), (5, 7), (2, 4), (4, 6), (1, 3)]
PLACES = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 10**6), st.integers(0, 10**6))


@given(st.lists(PLACES, min_size=1, max_size=20), st.integers(0, 2**63), st.floats(0, 4), st.randoms())
def test_a_seeded_router_does_not_care_for_the_order(places, seed, skew, shuffled):
    first = {place: Seeded(seed, skew).router(GROUPS).chosen(*place) for place in places}
    router = Seeded(seed, skew).router(GROUPS)
    shuffled.shuffle(places)
    assert {place: router.chosen(*place) for place in places} == first
    for chosen in first.values():
        assert len(set(chosen)) == 2 and list(chosen) == sorted(chosen)
        assert all(type(one) is int and 0 <= one < 8 for one in chosen)


def test_draws_of_a_seed_are_fixed():
    """What a result of an earlier version was made with."""
    router = Seeded(1).router(GROUPS)
    assert [router.chosen("a", 0, token) for token in range(6)] == EXPECTED
    assert [router.chosen("b", 0, token) for token in range(6)] != EXPECTED
    assert [router.chosen("a", 1, token) for token in range(6)] != EXPECTED
    assert [Seeded(2).router(GROUPS).chosen("a", 0, token) for token in range(6)] != EXPECTED


@pytest.mark.parametrize("skew", [0.0, 1.0])
def test_experts_are_as_popular_as_said(skew):
    groups = {"a": ExpertGroup("a", 8, 1)}
    router, draws = Seeded(3, skew).router(groups), 20_000
    counts = np.bincount([router.chosen("a", 0, token)[0] for token in range(draws)], minlength=8)
    wanted = router.popularity("a")
    assert sorted(wanted, reverse=True) == pytest.approx(
        [(r + 1) ** -skew / sum((np.arange(8) + 1.0) ** -skew) for r in range(8)]
    )
    deviation = np.sqrt(draws * wanted * (1 - wanted))
    assert (abs(counts - draws * wanted) < 4.5 * deviation).all()


def test_all_of_them_where_all_are_chosen():
    router = Seeded(1, 2.0).router({"a": ExpertGroup("a", 4, 4)})
    assert router.chosen("a", 7, 9) == (0, 1, 2, 3)


RECORD = "group,token,expert,expert\na,0,1,7\na,1,0,2\nb,0,5,4\n"


def recorded(folder: Path, text: str, **options):
    (folder / "routing.csv").write_text(text)
    return Recorded(folder / "routing.csv", **options).router(GROUPS)


def test_a_recorded_router_says_what_was_recorded(tmp_path):
    router = recorded(tmp_path, RECORD, wrap=True)
    assert [router.chosen("a", 3, token) for token in range(3)] == [(1, 7), (0, 2), (1, 7)]
    assert router.chosen("b", 0, 5) == (4, 5)
    with pytest.raises(WorkloadError) as caught:
        router.chosen("c", 0, 0)
    assert str(caught.value) == "no group of experts 'c'; allowed: a, b"


def test_a_record_that_is_too_short(tmp_path):
    with pytest.raises(WorkloadError) as caught:
        recorded(tmp_path, RECORD).chosen("a", 3, 2)
    assert str(caught.value) == (
        "routing.csv: 2 tokens of 'a' are recorded, request 3 asks for token 2 (from 0); record more, or let "
        "the record start again with 'wrap: true'"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "routing.csv:1: ''; allowed: a first line like 'group,token,expert,expert'"),
        (
            "group,token,expert,expert\nc,0,1,2\na,1,1,2\na,1,1\na,2,1,1\na,3,x,8\n",
            "routing.csv:2 group: 'c'; allowed: a, b\n"
            "routing.csv:3 token: '1'; allowed: 0: tokens of a group in their order, from 0\n"
            "routing.csv:4 expert: '1'; allowed: 2 different experts from 0 to 7\n"
            "routing.csv:5 expert: '1,1'; allowed: 2 different experts from 0 to 7\n"
            "routing.csv:6 expert: 'x,8'; allowed: 2 different experts from 0 to 7",
        ),
        (
            "group,token,expert,expert\na,0,1,2\n",
            "routing.csv: no token of 'b'; allowed: a row for each token of each group",
        ),
    ],
)
def test_records_that_are_wrong(text, expected, tmp_path):
    with pytest.raises(SpecError) as caught:
        recorded(tmp_path, text)
    assert str(caught.value) == expected
