"""Conservation laws of a life: what is told of its ages adds up to the ledger, and to what cells were written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isclose

from xbarsim.scenario.laws import program_laws
from xbarsim.scenario.lifetime_energy import Costs, Jobs
from xbarsim.scenario.lifetime_policy import PolicyRun
from xbarsim.scenario.lifetime_result import AgeRow
from xbarsim.scenario.result import EnergyRow, Law


def lifetime_laws(
    run: PolicyRun, costs: Costs, jobs: Jobs, ages: Sequence[AgeRow], energy: Sequence[EnergyRow]
) -> tuple[Law, ...]:
    return (
        *program_laws(run.bench.program),
        _energy(ages, energy),
        _macs(run, costs, jobs, ages),
        _written(run, costs, jobs),
        *_cells(run, costs, jobs),
    )


def _energy(ages: Sequence[AgeRow], energy: Sequence[EnergyRow]) -> Law:
    ledger, told = sum(row.energy_pj for row in energy), sum(row.energy_pj for row in ages)
    return Law(
        "energy of all ages = ledger",
        isclose(ledger, told, rel_tol=1e-9),
        f"{told:.6g} pJ and {ledger:.6g} pJ",
    )


def _macs(run: PolicyRun, costs: Costs, jobs: Jobs, ages: Sequence[AgeRow]) -> Law:
    asked = sum(row.requests for row in ages) * run.bench.program.graph.macs
    done = costs.macs(jobs)
    return Law("MACs in = MACs done", asked == done, f"{asked:,} asked, {done:,} done")


def _written(run: PolicyRun, costs: Costs, jobs: Jobs) -> Law:
    """Every correction writes every cell of its unit once."""
    devices = {unit.name: unit.devices for unit in run.bench.upkeep.units}
    turns = sum((stint.counts for stint in run.stints), Counter())
    asked = sum(n * devices[name] for turn, n in turns.items() for name in turn.corrected)
    done = costs.cells_written(jobs)
    return Law("cells corrected = cells written", asked == done, f"{asked:,} asked, {done:,} written")


def _cells(run: PolicyRun, costs: Costs, jobs: Jobs) -> tuple[Law, ...]:
    """The ledger counts as many writes as the cells do, where each weight stands on the chip once, and each
    correction writes each cell, whatever it holds."""
    once = all(len(copies) == 1 for copies in run.bench.program.copies.values())
    if not run.lives or not once or not run.lives[0].all_are_written:
        return ()
    counted, done = int(run.lives[0].corrections().sum()), costs.cells_written(jobs)
    return (
        Law(
            "writes of the cells = ledger",
            counted == done,
            f"{counted:,} by the cells, {done:,} by the ledger",
        ),
    )
