"""Rounds told as runs of equal ones are all of the rounds, once each, decided as if one looked at every one."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.maintenance import story
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Group, Part, Rounds, groups
from xbarsim.maintenance.story import Story

LAYERS = tuple(Part(name, (0,)) for name in ("a", "b", "c"))
BY_TILE = tuple(Part(name, (0,), f"tile[{i}]") for i, name in enumerate("abc"))


@dataclass
class Fading:
    """Stands for a network whose layers fade with the time since they were written, each at its own pace."""

    pace_per_s: dict[str, float]
    written_s: dict[str, float] = field(default_factory=dict)
    corrected: list[tuple[str, float, int]] = field(default_factory=list)

    def distance(self, layer: str, at_s: float) -> float:
        return self.pace_per_s[layer] * (at_s - self.written_s.get(layer, 0.0))

    def outlook(self, layer: str, at_s: float) -> tuple[float, float]:
        return self.distance(layer, at_s), 0.0

    def correct(self, layer: str, blocks: tuple[int, ...], at_s: float, times: int, every_s: float) -> None:
        assert at_s >= self.written_s.get(layer, 0.0)
        self.written_s[layer] = at_s
        self.corrected.append((layer, at_s, times))


@given(
    period=st.integers(1, 10**6), part=st.integers(0, 4), more=st.integers(0, 4), until=st.integers(0, 10**8)
)
def test_rounds_are_counted_as_they_come(period: int, part: int, more: int, until: int) -> None:
    rounds = Rounds.of(period / PS_PER_S, part, part + more + 1)
    number = rounds.number(until)
    assert number == 0 or rounds.at_ps(number - 1) <= until
    assert rounds.at_ps(number) > until
    assert 0 <= rounds.at_ps(0) <= period


@given(every_s=st.floats(1e-3, 1e3), ages_s=st.lists(st.floats(0.1, 1e5), min_size=1, max_size=5, unique=True),
       order=st.sampled_from(["at once", "staggered"]))  # fmt: skip
def test_bouts_are_all_rounds_once(every_s: float, ages_s: list[float], order: str) -> None:
    policy = Policy(every_s, order=order)  # type: ignore[arg-type]
    told = Story(policy, groups(policy, LAYERS, BY_TILE), None)
    ages_ps = sorted(round(age_s * PS_PER_S) for age_s in ages_s)
    bouts = [bout for age_ps in ages_ps for bout in told.until(age_ps).bouts]
    for number, group in enumerate(told.groups):
        mine = [bout for bout in bouts if bout.group == number]
        assert sum(bout.times for bout in mine) == group.rounds.number(ages_ps[-1])
        for bout, after in pairwise(mine):
            assert bout.first_ps + bout.times * bout.period_ps == after.first_ps


@given(paces=st.tuples(*[st.floats(0.001, 0.9)] * 3), rounds=st.integers(1, 100),
       order=st.sampled_from(["at once", "staggered"]))  # fmt: skip
def test_looking_by_doubling_finds_what_looking_at_each_finds(
    paces: tuple[float, ...], rounds: int, order: str
) -> None:
    policy = Policy(1.0, threshold=1.0, order=order)  # type: ignore[arg-type]
    pace = dict(zip("abc", paces, strict=True))
    fast, slow = Fading(pace), Fading(pace)
    whole = groups(policy, LAYERS, BY_TILE)
    Story(policy, whole, fast).until(rounds * PS_PER_S)  # type: ignore[arg-type]
    one_by_one(whole, slow, rounds)
    assert sorted(fast.corrected) == sorted(slow.corrected)


def one_by_one(whole: tuple[Group, ...], life: Fading, rounds: int) -> None:
    for group in whole:
        for k in range(group.rounds.number(rounds * PS_PER_S)):
            at_s = group.rounds.at_ps(k) / PS_PER_S
            for part in [p for p in group.parts if life.distance(p.layer, at_s) > 1.0]:
                life.correct(part.layer, part.blocks, at_s, 1, 1.0)


def test_many_corrections_go_on_at_the_rate_that_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third round corrects: so it is told, too, of the rounds that nobody looked at."""
    monkeypatch.setattr(story, "MOST_FOUND", 10)
    policy = Policy(1.0, threshold=1.0)
    life = Fading({"a": 0.4, "b": 0.0, "c": 0.0})
    span = Story(policy, groups(policy, LAYERS, BY_TILE), life).until(30_000 * PS_PER_S)  # type: ignore[arg-type]
    assert span.extrapolated == 30_000 - 30
    assert sum(bout.times for bout in span.bouts) == 30_000
    assert sum(bout.times for bout in span.bouts if bout.written) == 10_000
    assert life.written_s["a"] == pytest.approx(30_000, abs=3)


def test_a_threshold_needs_weights() -> None:
    policy = Policy(1.0, threshold=1.0)
    with pytest.raises(ValueError, match="weights are known"):
        Story(policy, groups(policy, LAYERS, BY_TILE), None)
