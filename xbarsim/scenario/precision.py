"""When a run is long enough: as soon as a figure is known well, looked at now and then."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from xbarsim.scenario.statistics import Latencies, quantile_of

_GROWTH = 1.5


@dataclass(frozen=True)
class Precision:
    """Stop when the confidence interval of a figure is narrow.

    figure: 'mean', or a quantile like 'p99'.
    relative: largest half width, over the value.
    least, most: numbers of requests; with `most` the run ends, however wide the interval.

    It is looked at after `least` requests and then at half as many again each time: every look is a chance to
    stop by luck on an interval that is too narrow, so there must be few (Law and Kelton, Operations Research 30
    (1982) 169; Glynn and Whitt, Annals of Applied Probability 2 (1992) 180).
    """

    figure: str = "mean"
    relative: float = 0.05
    confidence: float = 0.95
    least: int = 1_000
    most: int = 1_000_000

    def __post_init__(self) -> None:
        try:
            quantile_of(self.figure)
        except (ValueError, TypeError) as error:
            raise ValueError(f"Precision.{error}") from None
        for name in ("relative", "confidence"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, float) or not 0 < value < 1:
                raise ValueError(f"Precision.{name} is {value!r}; allowed: a number above 0 and below 1")
        for name, smallest in (("least", 1), ("most", self.least)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
                raise ValueError(f"Precision.{name} is {value!r}; allowed: a whole number from {smallest}")

    def looks(self) -> Iterator[int]:
        """Numbers of requests at which to look, the last of them `most`."""
        requests = self.least
        while requests < self.most:
            yield requests
            requests = math.ceil(requests * _GROWTH)
        yield self.most

    def met(self, latencies: Latencies) -> bool:
        """Whether the figure is known well: a steady state, batches that pass for independent, a narrow interval."""
        if not latencies.warm_up().visible:
            return False
        estimate = latencies.estimate(self.figure, self.confidence)
        relative = estimate.relative_half_width
        return relative is not None and not estimate.correlated and relative <= self.relative
