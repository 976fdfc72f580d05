"""What a generation cost and delivered, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from xbarsim.scenario.result import AreaRow, EnergyRow, Law, SourceRow, StationRow, TileRow
from xbarsim.scenario.statistics import Estimate
from xbarsim.scenario.totals import Totals


@dataclass(frozen=True)
class RequestRow:
    """One request: when it came, was let in, and each of its tokens was out."""

    arrival_ps: int
    admitted_ps: int
    tokens_ps: tuple[int, ...]

    @property
    def first_token_ps(self) -> int:
        """Time to first token, waiting included."""
        return self.tokens_ps[0] - self.arrival_ps

    @property
    def gaps_ps(self) -> tuple[int, ...]:
        """Time of each further token, from the one before it."""
        return tuple(b - a for a, b in pairwise(self.tokens_ps))


@dataclass(frozen=True)
class KvReport:
    """Keys and values of earlier tokens: where they were, how many, what was moved.

    place: "on_chip" or "off_chip"; part: the component that keeps them.
    request_bits: of one request at its longest; peak_bits: the most that was kept at a time.
    capacity_bits: of all instances that keep any, 0 where nothing limits it; read_bits, written_bits: in the run.
    """

    place: str
    part: str
    token_bits: int
    request_bits: int
    peak_bits: int
    capacity_bits: int
    read_bits: int
    written_bits: int


@dataclass(frozen=True)
class GenerateResult(Totals):
    """Requests to a language model. `alone` is one request on the idle chip; all else is of the run with
    `requests` requests, of which at most `at_once` were let in at a time (`inside` at most were)."""

    chip: str
    workload: str
    scenario: str
    requests: int
    prompt_tokens: int
    tokens: int
    at_once: int
    inside: int
    elapsed_ps: int
    alone: RequestRow
    rows: tuple[RequestRow, ...]
    first_token: tuple[Estimate, ...]
    per_token: tuple[Estimate, ...]  # empty where a request is one token
    macs_per_request: int
    kv: KvReport
    energy: tuple[EnergyRow, ...]
    stations: tuple[StationRow, ...]
    tiles: tuple[TileRow, ...]
    area: tuple[AreaRow, ...]
    sources: tuple[SourceRow, ...]
    calibrated: Mapping[str, tuple[str, ...]]  # fitted key -> the figures it was fitted to
    laws: tuple[Law, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def tokens_out(self) -> int:
        return self.requests * self.tokens

    @property
    def tokens_per_s(self) -> float:
        """Of all requests, from the first arrival to the last token."""
        began_ps = min(row.arrival_ps for row in self.rows)
        ended_ps = max(row.tokens_ps[-1] for row in self.rows)
        return self.tokens_out * 1e12 / (ended_ps - began_ps)

    @property
    def alone_per_token_ps(self) -> float | None:
        """Mean time of a further token of one request on the idle chip; None if there are none."""
        gaps = self.alone.gaps_ps
        return sum(gaps) / len(gaps) if gaps else None

    @property
    def static_pj_per_token(self) -> float:
        """Power of states in which no work is done, shared out among the tokens of all answers."""
        return self.static_pj / self.tokens_out

    @property
    def dynamic_pj_per_token(self) -> float:
        """Energy of what was done, prefill included."""
        return self.dynamic_pj / self.tokens_out
