"""Edges between streams: for each job of a producer, what moves its result to those who read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from xbarsim.engine.chain import Chain, Par, Work
from xbarsim.engine.stream import Edge
from xbarsim.mapping.outside import OUTSIDE
from xbarsim.mapping.program import Link, Program, Share, Step, in_place
from xbarsim.mapping.spans import seen_together, united, whole
from xbarsim.mapping.stripes import Readers, readers
from xbarsim.scenario.stages import join
from xbarsim.scenario.transport import Reader, Transport
from xbarsim.workload.graph import OpKind

Span = tuple[str, float, float]  # a node, and the part of the vector that is read there


def gate_name(group: str, expert: int) -> str:
    return f"{group}.{expert}"


class Job(NamedTuple):
    """What makes jobs of a producer alike: who does them, who reads them, how many positions they have.

    read: group of reading homes -> which of the positions they read, one bit for each.
    """

    owner: int
    read: dict[int, int]
    positions: int


class Deliveries:
    """Builds the edges of a program."""

    def __init__(
        self,
        program: Program,
        transport: Transport,
        chunks: Mapping[str, int],
        longer: Sequence[Mapping[str, Step]],
    ):
        self.program, self.transport, self.chunks, self.longer = program, transport, chunks, longer
        self.steps = {step.name: step for step in program.steps}
        self._spans: dict[str, list[list[Span]]] = {}

    def edge(self, link: Link) -> Edge:
        """The edge of a link; jobs that are alike share a delivery."""
        producer, consumer = self.steps[link.producer], self.steps[link.consumer]
        jobs, route, spans = self._jobs(link)
        return Edge(
            producer.name,
            consumer.name,
            producer.op.positions,
            link.last_needed.tolist(),
            link.first_needed.tolist(),
            link.capacity,
            self._moved(jobs, spans, producer, consumer),
            route,
            self._grown(link, jobs, spans),
            self._gate(producer, consumer),
        )

    def _jobs(self, link: Link) -> tuple[list[Job], list[int], _Spans]:
        """Kinds of jobs of a link's producer, the kind of each job, and where they are read."""
        producer, consumer = self.steps[link.producer], self.steps[link.consumer]
        read_by = readers(link, consumer.owners, len(consumer.homes), producer.op.positions)
        size = self.chunks[link.producer]
        jobs, route = _by_position(producer, read_by) if size == 1 else _by_line(producer, read_by, size)
        return jobs, route, _Spans(self._spans_of(consumer), read_by, producer.last.width)

    def _moved(self, jobs: list[Job], spans: _Spans, producer: Step, consumer: Step) -> tuple[Work, ...]:
        """What moves each kind of job."""
        if in_place(producer, consumer):
            return (Chain(()),) * len(jobs)
        op, bits = producer.last, producer.last.width * self.program.activation_bits
        if consumer.op.kind is OpKind.STORE:
            return tuple(self._to_memory(producer.homes[job.owner], consumer) for job in jobs)
        works = [
            self.transport.spread(
                op.name, producer.homes[job.owner], spans.reading(job), bits * job.positions
            )
            for job in jobs
        ]
        if producer.op.kind is OpKind.STATE and not producer.unit:
            works = [join([self.transport.fetched(op.name, producer.homes[0], bits), work]) for work in works]
        return tuple(works)

    def _to_memory(self, sources: tuple[Share, ...], store: Step) -> Work:
        """Of what it reads, a store takes its own part; writing it is the store's work."""
        bits = store.op.width * self.program.activation_bits
        ways: list[Work] = []
        for source in sources:
            for home in store.homes[0]:
                part = min(source.high, home.high) - max(source.low, home.low)
                if part > 1e-12 and source.node != home.node and OUTSIDE not in (source.node, home.node):
                    few = max(1, round(part * bits))
                    ways.append(self.transport.way(store.name, source.node, home.node, few))
        return Par(tuple(ways)) if ways else Chain(())

    def _grown(self, link: Link, jobs: list[Job], spans: _Spans) -> tuple[tuple[Work, ...], ...]:
        """The same for requests with a longer context, where more is moved for them."""
        if self.steps[link.producer].last.growth is None:
            return ()
        return tuple(
            self._moved(jobs, spans, steps[link.producer], steps[link.consumer]) for steps in self.longer
        )

    def _gate(self, producer: Step, consumer: Step) -> str | None:
        """What goes into an expert, or comes out of it, is moved for the tokens that it is chosen for."""
        if producer.op.positions != consumer.op.positions or self.chunks[producer.name] > 1:
            return None
        return gate(consumer) or gate(producer)

    def _spans_of(self, step: Step) -> list[list[Span]]:
        """For each copy of a step: where it reads its input, and which part of every vector."""
        if step.name not in self._spans:
            self._spans[step.name] = [self._spans_of_copy(step, number) for number in range(len(step.homes))]
        return self._spans[step.name]

    def _spans_of_copy(self, step: Step, number: int) -> list[Span]:
        if step.op.kind is OpKind.MVM and step.op.matrix is not None:
            cut = self.program.cuts[step.op.matrix]
            segments = self.program.copies[step.op.matrix][number].segments
            slabs = [(segment.tile, cut.slab(segment.first_block, segment.blocks)) for segment in segments]
            return [(tile, low, high) for tile, slab in slabs for low, high in slab.spans]
        shares = step.homes[number]
        whole = step.op.kind not in (OpKind.ELEMENTWISE, OpKind.POOLING, OpKind.MOVE)
        return [(s.node, 0.0, 1.0) if whole and len(shares) > 1 else (s.node, s.low, s.high) for s in shares]


class _Spans:
    """Where the groups of homes that read a producer do so, and what of its `width` elements."""

    def __init__(self, homes: list[list[Span]], read_by: Readers, width: int):
        self.homes, self.groups, self.width = homes, read_by.groups, width
        self._known: dict[int, list[Span]] = {}

    def of(self, group: int) -> list[Span]:
        """What the homes of a group need together at each node."""
        if group not in self._known:
            found: dict[str, set[tuple[float, float]]] = {}
            for home in self.groups[group]:
                for node, low, high in self.homes[home]:
                    found.setdefault(node, set()).add(whole(low, high, self.width))
            self._known[group] = [
                (node, low, high) for node, parts in found.items() for low, high in united(parts)
            ]
        return self._known[group]

    def reading(self, job: Job) -> tuple[Reader, ...]:
        """Places that read a job's result, each with the part of the vector, and the share of the job's vectors,
        that the copies there need together."""
        if len(job.read) == 1:
            return tuple(Reader(node, low, high) for group in job.read for node, low, high in self.of(group))
        found: dict[str, list[tuple[float, float, int]]] = {}
        for group, positions in job.read.items():
            for node, low, high in self.of(group):
                found.setdefault(node, []).append((low, high, positions))
        return tuple(
            Reader(node, low, high, positions.bit_count() / job.positions)
            for node, parts in found.items()
            for low, high, positions in seen_together(parts)
        )


def gate(step: Step) -> str | None:
    """The gate of the expert that a step is part of, open for the tokens that are sent to it."""
    return gate_name(*step.op.expert) if step.op.expert is not None else None


def _by_position(producer: Step, read_by: Readers) -> tuple[list[Job], list[int]]:
    """Kinds of jobs of one position, in the order in which they first come, and the kind of each job."""
    kind = producer.owners * len(read_by.groups) + read_by.of
    kinds, first, which = np.unique(kind, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    pairs = [divmod(number, len(read_by.groups)) for number in kinds[order].tolist()]
    return [Job(owner, {group: 1}, 1) for owner, group in pairs], rank[which.reshape(-1)].tolist()


def _by_line(producer: Step, read_by: Readers, size: int) -> tuple[list[Job], list[int]]:
    """The same for jobs of a line each; lines that the same homes read are taken as the first of them."""
    number: dict[tuple[int, frozenset[int], int], int] = {}
    jobs: list[Job] = []
    route = []
    for first in range(0, producer.op.positions, size):
        line = read_by.of[first : first + size]
        groups = dict.fromkeys(line.tolist())
        homes: frozenset[int] = frozenset().union(*(read_by.groups[group] for group in groups))
        key = (int(producer.owners[first]), homes, len(line))
        if key not in number:
            number[key] = len(jobs)
            read = {g: int.from_bytes(np.packbits(line == g).tobytes(), "big") for g in groups}
            jobs.append(Job(key[0], read, len(line)))
        route.append(number[key])
    return jobs, route
