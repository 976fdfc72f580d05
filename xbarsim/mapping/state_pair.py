"""Two networks of one model (prefill and decode) on the same arrays, with the same memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.buffers import give_room, stored_shares
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.place import place
from xbarsim.mapping.plan import Planner
from xbarsim.mapping.program import Copy, Kept, Program, Step
from xbarsim.mapping.state import Memory, check_room, reserved
from xbarsim.spec.chip import Chip
from xbarsim.workload.generation import Generation
from xbarsim.workload.graph import OpGraph

Bits = Mapping[str, int]  # by tile


@dataclass(frozen=True)
class Pair:
    """Both programs of a generation; decode's is of its longest context.

    kept: what they keep together, for as many requests as may be let in at a time.
    """

    prefill: Program
    decode: Program
    kept: Kept


def map_generation(chip: Chip, generation: Generation, at_once: int | None, wanted: int) -> Pair:
    """Lay both networks of a generation onto a chip: matrices of the same name are placed once.

    at_once: requests whose keys and values are kept at the same time; None: as many as there is room for, of
        those `wanted`.
    Raises: MappingError if a network or its memory does not fit.
    """
    floor = Floor(chip)
    longest = generation.contexts[-1] if generation.contexts else generation.prompt_tokens
    graphs = generation.prefill, generation.decode.at_context(longest)
    cuts, copies = place(_joined(generation.name, *graphs), floor)
    bits = generation.activation_bits or chip.header.precision.activations
    memory = Memory.of(floor, *graphs)
    # What decode reads has its place beside the unit that reads it; prefill stores it there.
    decode = Planner(floor, graphs[1], cuts, copies, memory)
    decode_steps = decode.steps()
    prefill = Planner(floor, graphs[0], cuts, copies, memory)
    rooms = _Rooms(floor, bits, cuts, copies, prefill.steps(), decode_steps)
    kept = memory.kept(graphs[1 if generation.contexts else 0].ops, bits)
    assert kept is not None, "load_generation sees to it that prefill stores something"
    kept = replace(kept, requests=at_once or rooms.fitting(kept, wanted))
    check_room(kept, chip.name)
    both, demands, notes = rooms.given(reserved(kept))
    programs = [
        Program(
            chip.name, graph, bits, cuts, copies, steps, floor.tiles, floor.slots_per_tile,
            (*graph.notes, *planner.notes(), *notes), demand, kept,
        )
        for graph, steps, planner, demand in zip(graphs, both, (prefill, decode), demands, strict=True)
    ]  # fmt: skip
    return Pair(programs[0], programs[1], kept)


def _joined(name: str, *graphs: OpGraph) -> OpGraph:
    """All operations and matrices, for placing."""
    matrices = {matrix.name: matrix for graph in graphs for matrix in graph.matrices.values()}
    return OpGraph(name, tuple(op for graph in graphs for op in graph.ops), matrices)


@dataclass
class _Rooms:
    """Room in the buffers for two networks that share them with what is kept."""

    floor: Floor
    bits: int
    cuts: dict[str, Cut]
    copies: dict[str, tuple[Copy, ...]]
    prefill: tuple[Step, ...]
    decode: tuple[Step, ...]

    def given(self, kept: Bits) -> tuple[list[tuple[Step, ...]], list[dict[str, int]], tuple[str, ...]]:
        """The steps of both with room, their least demands, and remarks. Prefill, whose tokens follow one
        another through the layers, has what is left over first."""
        _, least, _ = self._room(self.decode, kept)
        first, demand, notes = self._room(self.prefill, _sum(kept, least))
        # What was given for parts of bits is rounded, but never takes what decode needs at least.
        part = self.floor.beside("buffer")
        size = getattr(part.spec, "capacity_bits", 0) * self.floor.per_tile(part) if part is not None else 0
        spare = {tile: size - bits for tile, bits in _sum(kept, least).items()}
        taken = {tile: min(bits, spare.get(tile, bits)) for tile, bits in self._taken(first).items()}
        second, least, _ = self._room(self.decode, _sum(kept, taken))
        return [first, second], [demand, least], notes

    def fitting(self, kept: Kept, wanted: int) -> int:
        """Requests, up to those wanted, whose state there is room for beside the least that must flow.

        Raises: MappingError if there is not even one.
        """
        size = kept.capacity_bits
        if not size:
            return wanted
        others: Bits = {}
        if kept.place == "on_chip":
            others = _sum(*(self._room(steps, {})[1] for steps in (self.prefill, self.decode)))
        fits = {node: (size - others.get(node, 0)) // bits for node, bits in kept.bits.items() if bits}
        worst = min(fits, key=fits.__getitem__)
        if fits[worst] < 1:
            missing = kept.bits[worst] + others.get(worst, 0) - size
            raise MappingError(
                f"{self.floor.chip.name}: keys and values of one request need {kept.bits[worst] / 8192:.6g} KiB in "
                f"{worst}, which keeps {size / 8192:.6g} KiB and needs {others.get(worst, 0) / 8192:.6g} KiB for what "
                f"flows: {missing / 8192:.6g} KiB missing. Raise {kept.part}.capacity, or take fewer tokens"
            )
        return min(wanted, fits[worst])

    def _room(
        self, steps: tuple[Step, ...], others: Bits
    ) -> tuple[tuple[Step, ...], dict[str, int], tuple[str, ...]]:
        return give_room(self.floor, steps, self.bits, self.cuts, self.copies, others)

    def _taken(self, steps: tuple[Step, ...]) -> dict[str, int]:
        """Bits of each tile's buffer that the links of steps have room for."""
        width = {step.name: step.last.width for step in steps}
        found: dict[str, int] = {}
        for step in steps:
            for link in step.inputs:
                tiles = stored_shares(step, width[link.producer], self.floor, self.cuts, self.copies)
                for tile, share in tiles.items():
                    bits = math.ceil((link.capacity or 0) * share * width[link.producer] * self.bits)
                    found[tile] = found.get(tile, 0) + bits
        return found


def _sum(*bits: Bits) -> dict[str, int]:
    return {tile: sum(one.get(tile, 0) for one in bits) for tile in {t: 0 for one in bits for t in one}}
