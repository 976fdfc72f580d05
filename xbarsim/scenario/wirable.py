"""Whether a program can be wired up, told without wiring it wherever that is certain."""

from __future__ import annotations

from xbarsim.engine.clock import Clock
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.outside import OUTSIDE
from xbarsim.mapping.program import Program
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.stages import Workshop


def check_wiring(floor: Floor, program: Program) -> None:
    """See that every operation finds its components and all data its way.

    Raises: MappingError with what is missing.
    """
    if floor.digital or not (_all_there(floor, program) and floor.graph.joined(_nodes(program))):
        # Something may be missing, or may never be asked for; only the work itself says which.
        assemble(Workshop(Clock(), floor), program)


def _all_there(floor: Floor, program: Program) -> bool:
    """Converters, and what adds and carries partial sums where there may be any."""
    if not floor.digital and any(floor.beside(role) is None for role in ("dac", "adc")):
        return False
    partial = any(cut.row_blocks > 1 for cut in program.cuts.values())
    carried = floor.chip.header.precision.partial_sums is not None
    return not partial or (carried and floor.adder is not None)


def _nodes(program: Program) -> set[str]:
    """All places between which data may go."""
    homes = {home for step in program.steps for home in step.homes}
    nodes = {share.node for home in homes for share in home}
    for copies in program.copies.values():
        nodes.update(segment.tile for copy in copies for segment in copy.segments)
    return nodes - {OUTSIDE}
