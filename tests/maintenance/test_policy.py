"""Policies as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.errors import SpecError
from xbarsim.maintenance.policy import FORMS, Policy, policy_from_text

times_s = st.floats(1e-3, 1e9).map(lambda value: float(f"{value:.6g}"))


@given(
    every_s=times_s | st.none(), threshold=st.floats(0, 10).map(lambda v: float(f"{v:.4g}")) | st.none(),
    order=st.sampled_from(["at once", "staggered"]),
    priority=st.sampled_from(["upkeep first", "in turn", "when idle"]),
    compensation=st.sampled_from(["none", "global", "column"]), measured_s=times_s,
)  # fmt: skip
def test_what_is_written_is_read_back(
    every_s: float | None,
    threshold: float | None,
    order: str,
    priority: str,
    compensation: str,
    measured_s: float,
) -> None:
    if every_s is None:
        threshold, order, priority = None, "at once", "upkeep first"
    policy = Policy(
        every_s,
        threshold,
        order,
        priority,
        compensation,
        measured_s if compensation != "none" else None,  # type: ignore[arg-type]
    )
    assert policy_from_text(policy.text) == policy


def test_policies_of_the_help_text() -> None:
    assert policy_from_text("never") == Policy()
    assert policy_from_text("every 300 s") == Policy(300.0)
    assert policy_from_text("every 1 h above 0.05, staggered, when idle") == Policy(
        3600.0, 0.05, "staggered", "when idle"
    )
    assert policy_from_text("never, global compensation every 1 d") == Policy(
        compensation="global", compensate_every_s=86_400.0
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("evry 300 s", "'evry 300 s' is not known"),
        ("every 300", "'300' has no unit"),
        ("staggered", "'staggered' does not say when cells are corrected"),
        ("every 1 s, at once, staggered", "'every 1 s, at once, staggered' says 'order' twice"),
        ("every 1 s,", "an empty part"),
        ("every 1 s above a lot", "'a lot' is no number"),
        ("every 1 s above", "'' is no number"),
        ("never, every 3 s", "'never, every 3 s' says twice when cells are corrected"),
    ],
)
def test_what_cannot_be_read_is_told_with_all_forms(text: str, found: str) -> None:
    with pytest.raises(SpecError) as caught:
        policy_from_text(text)
    forms = ", ".join(f"'{form}'" for form in FORMS)
    assert str(caught.value) == (
        f"--policy: {found}; allowed: parts of {forms}; write it like 'every 300 s, staggered, when idle'"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("every -1 s", "Policy.every_s is -1.0; allowed: seconds from 1e-09, or None"),
        ("every 1 ps", "Policy.every_s is 1e-12; allowed: seconds from 1e-09, or None"),
        (
            "every 1 s above -1",
            "Policy.threshold is -1.0; allowed: a distance from 0, together with every_s",
        ),
        (
            "every 1 s above inf",
            "Policy.threshold is inf; allowed: a distance from 0, together with every_s",
        ),
        ("never, staggered", "Policy.order is 'staggered', and cells are never corrected; leave it out"),
        ("never, when idle", "Policy.priority is 'when idle', and there is no upkeep; leave it out"),
    ],
)
def test_values_that_cannot_be_are_told(text: str, found: str) -> None:
    with pytest.raises(SpecError) as caught:
        policy_from_text(text)
    assert str(caught.value) == f"--policy: {found}; write it like 'every 300 s, staggered, when idle'"


def test_who_gives_way_to_compensation_is_kept() -> None:
    text = "never, when idle, global compensation every 3600 s"
    assert policy_from_text(policy_from_text(text).text) == policy_from_text(text)


@pytest.mark.parametrize(
    "settings", [{"every_s": 0.0}, {"threshold": 0.1}, {"order": "later"}, {"compensation": "global"}]
)
def test_a_policy_that_makes_no_sense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(
        ValueError,
        match=f"Policy.{'compensate_every_s' if 'compensation' in settings else next(iter(settings))}",
    ):
        Policy(**settings)  # type: ignore[arg-type]
