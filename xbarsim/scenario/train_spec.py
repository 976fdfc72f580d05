"""What may be asked of training in place: algorithms, epochs, and how much is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xbarsim.engine.granularity import Granularity
from xbarsim.scenario.batching import demand_count

if TYPE_CHECKING:
    from xbarsim.training.algorithm import Algorithm


@dataclass(frozen=True)
class Train:
    """A network that learns on the chip, from weights drawn anew.

    algorithms: names of shipped ones ("agad"), files, or what `load_algorithm` returns; each trains a network of its
        own, side by side.
    epochs: times the training data are seen; None: as each algorithm says.
    seed: of everything random.
    samples: of the training set, the first so many; None: all.
    project_epochs: over how many epochs wear is projected; None: over those that are run.
    """

    algorithms: Sequence[str | Algorithm] = ("agad",)
    epochs: int | None = None
    seed: int = 0
    samples: int | None = None
    project_epochs: int | None = None
    granularity: Granularity = Granularity.BURST

    def __post_init__(self) -> None:
        if isinstance(self.algorithms, str) or not self.algorithms:
            raise ValueError(
                f"Train.algorithms is {self.algorithms!r}; allowed: a list of names, files or algorithms"
            )
        for name in ("epochs", "samples", "project_epochs"):
            value = getattr(self, name)
            if value is not None:
                demand_count(f"Train.{name}", value)
        demand_count("Train.seed", self.seed, 0)
