"""Accuracy at a point of a study: a trained network on the chip's own cells and converters, at an age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from xbarsim.api import prepared
from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.accuracy import ChipAccuracy, Examples, Judge, chip_accuracy
from xbarsim.spec.chip import Chip
from xbarsim.units import AGE, UnitError, exact
from xbarsim.workload.load import Workload

AFTER = "accuracy_after"
KEYS = {
    AFTER: "age at which accuracy is measured on the chip's cells and converters: '1 d'; '0 s' is right after writing",
    "accuracy_of": "network with weights and data on which it is measured, if not the study's own",
    "weights": "which of that network's weights; the first if not said",
    "networks": "writings, each with noise of its own, over which accuracy is the mean (5 if not said)",
    "samples": "of the test set; all if not said",
}
_NETWORKS = 5


@dataclass(frozen=True)
class AccuracyAsked:
    """Numerics are those that the chip describes, compensated globally (`Numerics.of`).

    of: another network than the point's own; weights: of the workload's files, the first if empty.
    """

    after_s: float
    of: str = ""
    weights: str = ""
    networks: int = _NETWORKS
    samples: int | None = None


def accuracy_asked(told: Mapping[str, str]) -> AccuracyAsked | None:
    """None where it is not asked for. Raises: SpecError with all that is wrong."""
    given = {key: text for key, text in told.items() if key in KEYS}
    if AFTER not in given:
        problems = [
            Problem(f"scenario.{key}", 0, "", "given without an age", "", f"say {AFTER}, too: '1 d'")
            for key in given
        ]
        if problems:
            raise SpecError(problems)
        return None
    after_s, problems = 0.0, []
    try:
        after_s = float(exact(given[AFTER], AGE))
    except UnitError as error:
        problems.append(Problem(f"scenario.{AFTER}", 0, "", error.found, "", "write it like '1 d'"))
    counts: dict[str, int] = {}
    for key in ("networks", "samples"):
        if key in given:
            if given[key].isdecimal() and int(given[key]) >= 1:
                counts[key] = int(given[key])
            else:
                problems.append(Problem(f"scenario.{key}", 0, "", shown(given[key]), "a whole number from 1"))
    if problems:
        raise SpecError(problems)
    return AccuracyAsked(
        after_s, given.get("accuracy_of", ""), given.get("weights", ""), counts.get("networks", _NETWORKS),
        counts.get("samples"),
    )  # fmt: skip


def accuracy_on(chip: Chip, work: Workload, asked: Judge | None = None, weights: str = "") -> ChipAccuracy:
    """How often a network is right on a chip: with the words and input bits of its digital elements, or with weights in
    its analog cells, written with noise and as old as asked (imports torch).

    weights: which of the workload's; the first if not said.
    Raises: WorkloadError if the workload names no weights or data; DataError if the chip does not say enough.
    """
    network, test, seen = work.network(weights), work.test_set(), work.training_set()[0]
    ready, graph, bits = prepared(chip, work)
    given = Examples(network, *test, seen)
    return chip_accuracy(ready, graph, bits or ready.header.precision.activations, given, asked or Judge())


def measured(chip: Chip, work: Workload, asked: AccuracyAsked, seed: int) -> float:
    """Mean share of the test set that is classified rightly at the age that is asked for. Raises: as `accuracy_on`."""
    judge = Judge((asked.after_s,), asked.networks, asked.samples, seed)
    return accuracy_on(chip, work, judge, asked.weights).mean


def learnt_digest(work: Workload) -> str:
    """Of what accuracy depends on besides the operations: the files of weights, and the name of the data."""
    digest = sha256(work.data.encode())
    for name, path in sorted(work.weights.items()):
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()
