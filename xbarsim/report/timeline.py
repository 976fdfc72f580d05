"""The timeline of a run as trace events, for viewers such as Perfetto or chrome://tracing.

Operations are one process, each class of component is another; every track is a thread. A thread's
slices nest or are disjoint: what overlaps on one track (a station with two servers) gets further lanes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from xbarsim.scenario.result import Result, Slice, Timeline

OPERATIONS = "operations"
_PS_PER_US = 10**6
_BEGIN = '{"displayTimeUnit":"ns","otherData":'


@dataclass
class _Lane:
    """One thread being filled in order of start time; `open` holds the slices that have not ended yet."""

    slices: list[Slice] = field(default_factory=list)
    open: list[Slice] = field(default_factory=list)

    def takes(self, piece: Slice) -> bool:
        """Whether the lane is free at its start, or inside one slice of a lesser depth."""
        while self.open and self.open[-1].end_ps <= piece.start_ps:
            self.open.pop()
        return not self.open or (self.open[-1].depth < piece.depth and piece.end_ps <= self.open[-1].end_ps)

    def add(self, piece: Slice) -> None:
        self.slices.append(piece)
        self.open.append(piece)


def trace_json(result: Result) -> str:
    """The trace as JSON text, in µs with every picosecond kept. Raises ValueError without a timeline."""
    if result.timeline is None:
        raise ValueError("this result has no timeline: it is recorded only when asked for")
    component_of = {station.path: station.component for station in result.stations}
    return timeline_json(result.timeline, result.chip, result.workload, component_of)


def timeline_json(
    timeline: Timeline, chip: str, workload: str, component_of: Mapping[str, str] | None = None
) -> str:
    """A timeline as JSON text; component_of: the process of a track, which else is told by its name."""
    about = {"chip": chip, "workload": workload, "truncated": timeline.truncated}
    events = ",\n".join(_events(timeline, component_of or {}))
    return f'{_BEGIN}{_text(about)},"traceEvents":[\n{events}\n]}}\n'


def is_timeline(head: str) -> bool:
    """Whether a file that begins like this is such a timeline."""
    return head.startswith(f'{_BEGIN}{{"chip":')


def lanes(slices: Iterable[Slice]) -> list[list[Slice]]:
    """The slices of one track, on as few threads as it takes for them to nest or be disjoint."""
    filled: list[_Lane] = []
    for piece in sorted(slices, key=lambda piece: (piece.start_ps, piece.depth, -piece.end_ps, piece.name)):
        free = [lane for lane in filled if lane.takes(piece)]
        inside = [lane for lane in free if lane.open]
        chosen = (inside or free or [_Lane()])[0]
        if not free:
            filled.append(chosen)
        chosen.add(piece)
    return [lane.slices for lane in filled]


def _events(timeline: Timeline, component_of: Mapping[str, str]) -> Iterator[str]:
    processes = _tracks_by_process(timeline, component_of)
    for watched in sorted({name for sample in timeline.power for name in sample.power_w}):
        processes.setdefault(watched, {})
    process_ids = {name: number for number, name in enumerate(processes, start=1)}
    for name, tracks in processes.items():
        yield _named("process_name", process_ids[name], 0, name)
        yield _ranked("process_sort_index", process_ids[name], 0, process_ids[name])
        yield from _thread_events(process_ids[name], tracks)
    for sample in timeline.power:
        for name in sorted(sample.power_w):
            yield _counter(process_ids[name], sample.start_ps, sample.power_w[name])


def _tracks_by_process(
    timeline: Timeline, component_of: Mapping[str, str]
) -> dict[str, dict[str, list[Slice]]]:
    """Process -> track -> slices: operations first in order of start, then components by name."""
    tracks: dict[str, list[Slice]] = defaultdict(list)
    for piece in sorted(timeline.slices, key=lambda piece: piece.start_ps):
        tracks[piece.track].append(piece)
    processes: dict[str, dict[str, list[Slice]]] = {OPERATIONS: {}}
    for track in sorted(tracks, key=_natural_order):
        if all(piece.depth > 0 for piece in tracks[track]):
            process = component_of.get(track, re.sub(r"\[\d+\]", "", track))
            processes.setdefault(process, {})[track] = tracks[track]
    for track, pieces in tracks.items():
        if any(piece.depth == 0 for piece in pieces):
            processes[OPERATIONS][track] = pieces
    return processes


def _thread_events(process_id: int, tracks: dict[str, list[Slice]]) -> Iterator[str]:
    thread_id = 0
    for track, pieces in tracks.items():
        for number, pieces_of_lane in enumerate(lanes(pieces), start=1):
            thread_id += 1
            yield _named(
                "thread_name", process_id, thread_id, track if number == 1 else f"{track} ({number})"
            )
            yield _ranked("thread_sort_index", process_id, thread_id, thread_id)
            for piece in pieces_of_lane:
                yield _slice(process_id, thread_id, piece)


def _slice(process_id: int, thread_id: int, piece: Slice) -> str:
    start, duration = _microseconds(piece.start_ps), _microseconds(piece.end_ps - piece.start_ps)
    head = f'{{"ph":"X","pid":{process_id},"tid":{thread_id},"ts":{start},"dur":{duration}'
    return f'{head},"name":{_text(piece.name)}}}'


def _counter(process_id: int, start_ps: int, power_w: float) -> str:
    head = f'{{"ph":"C","pid":{process_id},"ts":{_microseconds(start_ps)},"name":"power (W)"'
    return f'{head},"args":{{"W":{_text(float(power_w))}}}}}'


def _named(what: str, process_id: int, thread_id: int, name: str) -> str:
    return _text({"ph": "M", "pid": process_id, "tid": thread_id, "name": what, "args": {"name": name}})


def _ranked(what: str, process_id: int, thread_id: int, rank: int) -> str:
    return _text({"ph": "M", "pid": process_id, "tid": thread_id, "name": what, "args": {"sort_index": rank}})


def _microseconds(time_ps: int) -> str:
    """Exact: a float of microseconds would lose the picoseconds of a long run."""
    whole, rest = divmod(int(time_ps), _PS_PER_US)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)


def _natural_order(track: str) -> list[tuple[int, str]]:
    """tile[2] before tile[10]."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", track)]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
