"""Measures over several chips of a kind that share a network, each with a workload of its own."""

from __future__ import annotations

import re

from xbarsim.errors import MappingError
from xbarsim.validation.measures import energy_pj, measure
from xbarsim.validation.subject import Asked

_ONE = re.compile(r"(\S+)(?:\s+x(\d+(?:\.\d+)?))?")


@measure("fleet energy efficiency")
def fleet_energy_efficiency(asked: Asked) -> float:
    """Sum over the workloads of times x operations, by the sum of times x energy of the parts in `of`."""
    chips = [(times, _alone(asked, workload)) for workload, times in _workloads(asked)]
    operations = sum(times * 2 * chip.result.macs_per_request for times, chip in chips)
    return operations / (sum(times * energy_pj(chip) for times, chip in chips) * 1e-12)


def _alone(asked: Asked, workload: str) -> Asked:
    """The same figure asked of a chip that runs one of the workloads."""
    return Asked(asked.subject, asked.row.model_copy(update={"run": workload}))


def _workloads(asked: Asked) -> list[tuple[str, float]]:
    """Workloads and how often each runs. Raises: MappingError that says how to write them."""
    text = asked.row.run or ""
    found = [_ONE.fullmatch(one.strip()) for one in text.split(",")]
    if not all(found):
        raise MappingError(
            f"{asked.chip.name}: '{text}' does not say what the chips run; write `run` like 'first x2, second x0.5'"
        )
    return [(one[1], float(one[2] or 1)) for one in found if one is not None]
