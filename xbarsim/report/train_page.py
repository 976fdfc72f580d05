"""The parts of the page of a TrainResult."""

from __future__ import annotations

from xbarsim.report import train_figures, train_views, views
from xbarsim.report.sections import Section
from xbarsim.report.trust import trust_sections
from xbarsim.scenario.train_result import TrainResult


def train_sections(result: TrainResult) -> tuple[Section, ...]:
    """All parts of the page below the headline, in reading order."""
    return (*_learned(result), *trust_sections(result, result.notes))


def _learned(result: TrainResult) -> tuple[Section, ...]:
    return (
        Section("learning", "Learning", "Accuracy on the test set and loss, against what they have cost by then.",
                train_figures.learning_figure(result), (train_views.algorithm_table(result),)),
        Section("sample", "A mean sample", "Where its time and its energy go.", train_figures.sample_figure(result),
                (train_views.sample_table(result), train_views.layer_table(result))),
        Section("wear", "Wear", "How often the cells of each array are pulsed.", train_figures.wear_figure(result),
                (train_views.wear_table(result),)),
        Section("epochs", "Epochs", "Each algorithm, epoch by epoch.",
                tables=tuple(train_views.epoch_table(one) for one in result.trainings)),
        Section("ledger", "Ledger", f"Energy by component and action, {train_views.name_of(result.trainings[0])}.",
                tables=(views.component_table(result), views.action_table(result))),
        Section("area", "Area", tables=(views.area_table(result),)),
    )  # fmt: skip
