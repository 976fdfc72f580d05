"""Measures over several chips of a kind that share a network, each with a workload of its own."""

from __future__ import annotations

import re

from xbarsim.errors import WorkloadError
from xbarsim.spec.figures import FLEET
from xbarsim.validation.measures import energy_pj, known, measure
from xbarsim.validation.subject import Asked

_ONE = re.compile(r"(\S+)(?:\s+x(\d+(?:\.\d+)?))?")


@measure(FLEET)
def fleet_energy_efficiency(asked: Asked) -> float:
    """Sum over the workloads of times x operations, by the sum of times x energy of the parts in `of`."""
    chips = [(times, _alone(asked, workload)) for workload, times in shares(asked.row.run or "")]
    operations = sum(times * 2 * chip.result.macs_per_request for times, chip in chips)
    spent_pj = sum(times * energy_pj(chip) for times, chip in chips)
    return operations / (known(asked, spent_pj) * 1e-12)


def _alone(asked: Asked, workload: str) -> Asked:
    """The same figure asked of a chip that runs one of the workloads."""
    return Asked(asked.subject, asked.row.model_copy(update={"run": workload}))


def shares(run: str) -> list[tuple[str, float]]:
    """Workloads and how often each runs: 'first x2, second x0.5'. Raises: WorkloadError that says how to write them."""
    found = [_ONE.fullmatch(one.strip()) for one in run.split(",")]
    if not all(found):
        raise WorkloadError(f"'{run}' does not say what the chips run; write it like 'first x2, second x0.5'")
    return [(one[1], float(one[2] or 1)) for one in found if one is not None]
