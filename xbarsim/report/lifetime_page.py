"""The parts of the page of a LifetimeResult."""

from __future__ import annotations

from xbarsim.report import lifetime_figures, lifetime_views, views
from xbarsim.report.sections import Section
from xbarsim.report.trust import trust_sections
from xbarsim.scenario.lifetime_result import LifetimeResult


def lifetime_sections(result: LifetimeResult) -> tuple[Section, ...]:
    """All parts of the page below the headline, in reading order."""
    return (*_lived(result), *trust_sections(result, result.notes, "Of each policy in turn."))


def _lived(result: LifetimeResult) -> tuple[Section, ...]:
    return (
        Section("accuracy", "Accuracy by age", "Mean over the networks; the band is one standard deviation.",
                lifetime_figures.accuracy_figure(result)),
        Section("policies", "Policies side by side", "What each way of looking after the cells costs and buys.",
                tables=(lifetime_views.policy_table(result),)),
        Section("latency", "Tail latency", "Of all requests of the whole life.",
                lifetime_figures.latency_figure(result)),
        Section("ages", "By age", "The chip at each age, and the span before it.",
                tables=tuple(lifetime_views.age_table(result, life) for life in result.policies)),
        Section("energy", "Energy", "What a year takes, by what it is for.", lifetime_figures.energy_figure(result)),
        Section("wear", "Wear", "How much of their life the cells of the first network have used up at the end.",
                lifetime_figures.wear_figure(result),
                (lifetime_views.wear_table(result), lifetime_views.cell_table(result))),
        Section("monitor", "Monitor", tables=(lifetime_views.floor_table(result),)),
        Section("log", "Corrections", "When cells were written anew.", tables=(lifetime_views.log_table(result),)),
        Section("ledger", "Ledger", "Energy by component and action over the whole life, under the first policy.",
                tables=(views.component_table(result), views.action_table(result))),
        Section("area", "Area", tables=(views.area_table(result),)),
    )  # fmt: skip
