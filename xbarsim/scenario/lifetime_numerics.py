"""How a life's products are computed: as asked, or as the chip describes it; and what is not known of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from xbarsim.analog.codebook import Codebook, fit
from xbarsim.analog.settings import Numerics
from xbarsim.devices.load import shipped_technologies
from xbarsim.devices.technology import Technology
from xbarsim.errors import DeviceError, MappingError
from xbarsim.maintenance.life import Learnt
from xbarsim.maintenance.policy import Policy
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.spec.chip import Chip

_LEAST_S = 1e-12  # an age at which all that ages is asked for
_YOUNGER = "; let them be corrected more often, or the last age be earlier"


def numerics_of(chip: Chip, program: Program, learnt: Learnt, scenario: Lifetime) -> Numerics:
    """How products are computed: as asked, or as the chip describes it. Raises: MappingError."""
    numerics = scenario.numerics
    if numerics is None:
        numerics = _as_described(chip, learnt, scenario)
    if numerics.cells is None:
        raise MappingError(
            f"{chip.name}: its cells are described without their conductance, so nothing is known of their drift. "
            f"Give cells.{_cell_name(chip)} a technology, such as 'include: common/cells/pcm.yaml'"
        )
    if scenario.temperature_kelvin is not None:
        numerics = replace(numerics, cells=_at_temperature(chip, numerics.cells, scenario.temperature_kelvin))
    layers = learnt.layers
    if layers != set(program.cuts):
        raise MappingError(
            f"{program.graph.name}: its layers {sorted(layers)} are not its matrices {sorted(program.cuts)}; "
            f"a life with weights needs one matrix for each Linear and convolution layer"
        )
    return numerics


def _at_temperature(chip: Chip, cells: Technology, kelvin: float) -> Technology:
    """Raises: MappingError where no source says what it does."""
    try:
        return cells.at_temperature(kelvin)
    except DeviceError as error:
        raise MappingError(f"{chip.name}: cells.{_cell_name(chip)} at {kelvin:g} kelvin: {error}") from None


def _as_described(chip: Chip, learnt: Learnt, scenario: Lifetime) -> Numerics:
    name = _cell_name(chip)
    if not isinstance(chip.cells[name], Technology):
        raise MappingError(
            f"{chip.path or chip.name}: cells.{name} has no kind: what its conductances do over the years is not "
            f"described. Let it include one of common/cells/ ({', '.join(shipped_technologies())}), or take the "
            f"network without its weights for time and energy alone"
        )
    book = _codebook(learnt, scenario) if Floor(chip).beside("code_memory") is not None else None
    if scenario.tolerance and book is None:
        raise MappingError(
            f"{chip.name}: a tolerance is that of the codes of weights, and the chip keeps none: it has no "
            f"'code_memory' in its tiles. Leave --tolerance out"
        )
    if book is not None:
        _demand_levels(chip, book)
    try:
        return Numerics.of(chip, codebook=book, tolerance=scenario.tolerance, read_noise="held")
    except ValueError as error:
        raise MappingError(f"{chip.path or chip.name}: {error}") from None


def _codebook(learnt: Learnt, scenario: Lifetime) -> Codebook:
    """One pair of steps for the whole network. Raises: MappingError for a tolerance that levels all weights."""
    rng = np.random.default_rng(np.random.SeedSequence(scenario.seed))
    book, weights = fit(learnt.parameters(), rng).codebook, learnt.parameters()
    largest = max(float(np.abs(values).max(initial=0.0)) for values in weights)
    if scenario.tolerance >= largest:
        raise MappingError(
            f"--tolerance: {scenario.tolerance:g}, and the largest weight is {largest:.4g}: all would be stored as "
            f"the same code; allowed: a fraction of it"
        )
    return book


def _demand_levels(chip: Chip, book: Codebook) -> None:
    """Raises: MappingError if a cell holds fewer levels than codes have."""
    name = _cell_name(chip)
    bits: int = chip.cells[name].bits  # type: ignore[attr-defined]
    if book.multiples < 2**bits:
        return
    raise MappingError(
        f"{chip.path or chip.name}: a cell of cells.{name} holds {2**bits} levels (bits: {bits}), and each number of "
        f"the codes of weights, which the chip keeps in its 'code_memory', has {book.multiples + 1}. Take cells of "
        f"more bits, or describe the chip without a 'code_memory'"
    )


def demand_ageing(chip: Chip, numerics: Numerics, scenario: Lifetime) -> None:
    """Raises: MappingError if under some policy cells get older than anything is known of them."""
    cells = numerics.cells
    if cells is None:
        return
    for policy in scenario.policies:
        rng = np.random.default_rng(0)  # of a cell that is thrown away
        oldest_s = min(scenario.ages_s[-1], policy.every_s or np.inf)
        with ageing_told(chip, policy, ""):
            new = cells.program(np.array([cells.lowest_usiemens]), rng, numerics.scheme)
            cells.conductance_usiemens(new, _LEAST_S, rng)
        with ageing_told(chip, policy):
            cells.conductance_usiemens(new, oldest_s, rng)


@contextmanager
def ageing_told(chip: Chip, policy: Policy, fix: str = _YOUNGER) -> Iterator[None]:
    """What a cell cannot tell of itself, with the chip's name for it and what it was asked under."""
    try:
        yield
    except DeviceError as error:
        raise MappingError(
            f"{chip.name}: cells.{_cell_name(chip)} under '{policy.text}': {error}{fix}"
        ) from None


def _cell_name(chip: Chip) -> str:
    return str(Floor(chip).array.cell)  # type: ignore[attr-defined]
