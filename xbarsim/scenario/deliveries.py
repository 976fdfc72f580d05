"""Edges between streams: for each job of a producer, what moves its result to those who read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from xbarsim.engine.stream import Edge
from xbarsim.mapping.program import Link, Program, Step
from xbarsim.mapping.stripes import Readers, readers
from xbarsim.scenario.transport import Reader, Transport
from xbarsim.workload.graph import OpKind

Span = tuple[str, float, float]  # a node, and the part of the vector that is read there


class Job(NamedTuple):
    """What makes jobs of a producer alike: who does them, who reads them, how many positions they have.

    read: reading home -> which of the positions it reads, one bit for each.
    """

    owner: int
    read: dict[int, int]
    positions: int


class Deliveries:
    """Builds the edges of a program."""

    def __init__(self, program: Program, transport: Transport, chunks: Mapping[str, int]):
        self.program, self.transport, self.chunks = program, transport, chunks
        self.steps = {step.name: step for step in program.steps}
        self._spans: dict[str, list[list[Span]]] = {}

    def edge(self, link: Link) -> Edge:
        """The edge of a link; jobs that are alike share a delivery."""
        producer, consumer = self.steps[link.producer], self.steps[link.consumer]
        read_by = readers(link, consumer.owners, len(consumer.homes), producer.op.positions)
        size = self.chunks[link.producer]
        jobs, route = _by_position(producer, read_by) if size == 1 else _by_line(producer, read_by, size)
        bits = producer.last.width * self.program.activation_bits
        name = producer.last.name
        deliveries = tuple(
            self.transport.spread(
                name, producer.homes[job.owner], self._reading(consumer, job), bits * job.positions
            )
            for job in jobs
        )
        return Edge(
            producer.name,
            consumer.name,
            producer.op.positions,
            link.last_needed.tolist(),
            link.first_needed.tolist(),
            link.capacity,
            deliveries,
            route,
        )

    def _reading(self, step: Step, job: Job) -> tuple[Reader, ...]:
        """Places that read the input of a step, each with the part of the vector, and the share of the job's
        vectors, that the copies there need together."""
        if step.name not in self._spans:
            self._spans[step.name] = [self._spans_of(step, number) for number in range(len(step.homes))]
        spans = self._spans[step.name]
        found: dict[str, tuple[float, float, int]] = {}
        for home, positions in job.read.items():
            for node, low, high in spans[home]:
                known = found.get(node, (low, high, positions))
                found[node] = min(known[0], low), max(known[1], high), known[2] | positions
        return tuple(
            Reader(node, low, high, positions.bit_count() / job.positions)
            for node, (low, high, positions) in found.items()
        )

    def _spans_of(self, step: Step, number: int) -> list[Span]:
        """Where a copy of a step reads its input, and which part of every vector."""
        if step.op.kind is OpKind.MVM and step.op.matrix is not None:
            cut = self.program.cuts[step.op.matrix]
            segments = self.program.copies[step.op.matrix][number].segments
            slabs = [(segment.tile, cut.slab(segment.first_block, segment.blocks)) for segment in segments]
            return [(tile, slab.low, slab.high) for tile, slab in slabs]
        shares = step.homes[number]
        whole = step.op.kind not in (OpKind.ELEMENTWISE, OpKind.POOLING, OpKind.MOVE)
        return [(s.node, 0.0, 1.0) if whole and len(shares) > 1 else (s.node, s.low, s.high) for s in shares]


def _by_position(producer: Step, read_by: Readers) -> tuple[list[Job], list[int]]:
    """Kinds of jobs of one position, in the order in which they first come, and the kind of each job."""
    kind = producer.owners * len(read_by.groups) + read_by.of
    kinds, first, which = np.unique(kind, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    pairs = [divmod(number, len(read_by.groups)) for number in kinds[order].tolist()]
    jobs = [Job(owner, dict.fromkeys(read_by.groups[group], 1), 1) for owner, group in pairs]
    return jobs, rank[which.reshape(-1)].tolist()


def _by_line(producer: Step, read_by: Readers, size: int) -> tuple[list[Job], list[int]]:
    """The same for jobs of a line each."""
    number: dict[tuple[int, frozenset[int], int], int] = {}
    jobs: list[Job] = []
    route = []
    for first in range(0, producer.op.positions, size):
        line = read_by.of[first : first + size]
        groups = dict.fromkeys(line.tolist())
        homes = frozenset(home for group in groups for home in read_by.groups[group])
        key = (int(producer.owners[first]), homes, len(line))
        if key not in number:
            number[key] = len(jobs)
            read: dict[int, int] = {}
            for group in groups:
                positions = int.from_bytes(np.packbits(line == group).tobytes(), "big")
                for home in read_by.groups[group]:
                    read[home] = read.get(home, 0) | positions
            jobs.append(Job(key[0], read, len(line)))
        route.append(number[key])
    return jobs, route
