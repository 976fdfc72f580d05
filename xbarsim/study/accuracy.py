"""Accuracy at a point of a study: a trained network on the chip's own cells and converters, at an age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import fsum

from xbarsim.errors import DataError, Problem, SpecError, shown
from xbarsim.mapping.floor import Floor
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


def measured(chip: Chip, work: Workload, asked: AccuracyAsked, seed: int) -> float:
    """Mean share of the test set that is classified rightly (imports torch).

    Weights that are cut into slices are rounded to the chip's bits, others stand in their cells as they are.
    Raises: DataError if the chip does not describe what its cells or converters do; WorkloadError without weights.
    """
    from xbarsim.analog.measure import accuracy
    from xbarsim.analog.network import convert_to_analog
    from xbarsim.analog.settings import Numerics

    if work.weight_bits is not None:
        chip = chip.storing(work.weight_bits)
    weight = Floor(chip).array.weight  # type: ignore[attr-defined]
    try:
        numerics = Numerics.of(chip, rounded=weight.slices > 1)
    except ValueError as error:
        raise DataError(f"accuracy: {error}") from None
    network, (inputs, labels) = work.network(asked.weights), work.test_set()
    found = []
    for at in range(asked.networks):
        analog = convert_to_analog(network, numerics, seed + at)
        analog.program_analog_weights()
        analog.drift_analog_weights(asked.after_s)
        found.append(accuracy(analog, inputs[: asked.samples], labels[: asked.samples]))
    return fsum(found) / len(found)


def learnt_digest(work: Workload) -> str:
    """Of what accuracy depends on besides the operations: the files of weights, and the name of the data."""
    digest = sha256(work.data.encode())
    for name, path in sorted(work.weights.items()):
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()
