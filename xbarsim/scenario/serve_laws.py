"""Conservation laws of a run under load: those of every run, by network, and Little's law on whole numbers."""

from __future__ import annotations

from xbarsim.mapping.residents import buffer_bits, buffer_use_bits
from xbarsim.scenario.laws import critical_path_ps, energy_law, program_laws, time_law
from xbarsim.scenario.result import Law
from xbarsim.scenario.serve_run import ServeRun


def serve_laws(run: ServeRun) -> tuple[Law, ...]:
    """All of a finished run; each speaks of all its networks."""
    return (
        *program_laws(*run.programs),
        _buffers(run),
        _macs(run),
        energy_law(run.chip, run.shop.metas),
        time_law(run.shop, run.elapsed_ps),
        _positions(run),
        _requests(run),
        _little_at_the_door(run),
        _little_inside(run),
        _bounds(run),
    )


def _buffers(run: ServeRun) -> Law:
    """What the links of all networks may fill of a tile's buffer is there."""
    size = buffer_bits(run.shop.floor)
    use: dict[str, int] = {}
    for program in run.programs:
        for tile, bits in buffer_use_bits(run.shop.floor, program).items():
            use[tile] = use.get(tile, 0) + bits
    fullest = max(use.values(), default=0)
    told = f"{fullest:,} bits in the fullest tile, {'no limit' if size is None else f'{size:,} there'}"
    return Law("buffers within capacity", size is None or fullest <= size, told)


def _macs(run: ServeRun) -> Law:
    asked, done = [], []
    for gates, metas, books in zip(run.gates, run.metas, run.books, strict=True):
        asked.append(gates.macs * books.completed)
        done.append(sum(meta.macs * meta.jobs for meta in metas))
    return Law("MACs in = MACs done", asked == done, f"{sum(asked):,} asked, {sum(done):,} done")


def _positions(run: ServeRun) -> Law:
    wrong = [
        stream.name
        for network, positions, books in zip(run.networks, run.positions, run.books, strict=True)
        for stream in network.streams
        if positions[stream.name] != stream.positions * books.completed
    ]
    requests, steps = sum(books.completed for books in run.books), sum(len(n.streams) for n in run.networks)
    return Law("every position delivered once", not wrong, f"{requests:,} requests through {steps} steps")


def _requests(run: ServeRun) -> Law:
    """Who came was refused, is complete, or waits at a door that was shut."""
    came = sum(books.door.arrived for books in run.books)
    refused = sum(books.door.refused for books in run.books)
    complete = sum(books.completed for books in run.books)
    waiting = sum(len(books.door.waiting) for books in run.books)
    fine = all(
        b.door.arrived == b.door.refused + b.completed + len(b.door.waiting) and not b.door.inside
        for b in run.books
    )
    told = f"{came:,} came: {refused:,} refused, {complete:,} complete, {waiting:,} at the door at the end"
    return Law("no request lost", fine, told)


def _little_at_the_door(run: ServeRun) -> Law:
    """The area under the queue's length is the sum of the waits, of those who still wait too."""
    areas, waits = [], []
    for books in run.books:
        books.at_door.advance(run.elapsed_ps)
        areas.append(books.at_door.area)
        waits.append(books.waited_ps + sum(run.elapsed_ps - came_ps for came_ps in books.door.waiting))
    told = f"{sum(areas):,} and {sum(waits):,} requests × ps"
    return Law("queue = sum of waits (Little)", areas == waits, told)


def _little_inside(run: ServeRun) -> Law:
    areas = [books.inside.area for books in run.books]
    times = [books.stayed_ps for books in run.books]
    told = f"{sum(areas):,} and {sum(times):,} requests × ps"
    return Law("requests inside = sum of times inside (Little)", areas == times, told)


def _bounds(run: ServeRun) -> Law:
    """No run is faster than its slowest resource, and no request than one job of each step along the longest
    path of its network."""
    roof_ps = max((-(-s.busy_ps // s.servers) for s in run.shop.stations.values()), default=0)
    fine = run.elapsed_ps >= roof_ps
    told = []
    for program, metas, books in zip(run.programs, run.metas, run.books, strict=True):
        if books.shortest_ps is not None:
            path_ps = critical_path_ps(program, metas, run.ledger)
            fine = fine and books.shortest_ps >= path_ps
            told.append(f"{books.shortest_ps} ps at least, critical path {path_ps} ps")
    return Law("latency >= roofline and critical path", fine, "; ".join(told))
