"""State in memory: every part of it that the network reads by itself is read by an operation of its own.

An argument that is state stays a *whole* through views (`keys[3]`, unbind, transpose); the first
operation that computes with a view of it makes the read, of just the elements that the view shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import torch
from torch import Tensor

from xbarsim.errors import WorkloadError
from xbarsim.workload.capture.build import Builder
from xbarsim.workload.capture.call import Call, read_elements
from xbarsim.workload.capture.layout import Layout, View, canonical, in_source_order
from xbarsim.workload.capture.ops_elementwise import layout_for
from xbarsim.workload.graph import OpKind
from xbarsim.workload.state import State


def whole(build: Builder, state: State, layout: Layout, shape: Sequence[int]) -> View:
    """The argument of forward that is this state, not read yet."""
    if state.positions is not None:
        layout = canonical(shape, tuple(dim == state.positions for dim in range(len(shape))))
    name = f"state {state.name}"
    view = View(name, layout.extent, layout.index.reshape(tuple(shape)))
    build.wholes[name] = view
    return view


def read(call: Call) -> Call:
    """The call with reads in place of its views of whole states."""
    arguments = {name: read_parts(call.build, value) for name, value in call.arguments.items()}
    return Call(call.build, call.node, arguments)


def read_parts(build: Builder, value: Any) -> Any:
    """The value with every view of a whole state turned into a read of what the view shows."""
    if isinstance(value, (list, tuple)):
        return type(value)(read_parts(build, one) for one in value)
    if not isinstance(value, View) or value.source not in build.wholes:
        return value
    shown = torch.unique(value.index)
    shown = shown[shown >= 0]
    key = (value.source, sha256(shown.numpy().tobytes()).hexdigest())
    if key not in build.parts:
        build.parts[key] = _part(build, value, shown)
    part = build.parts[key]
    # The part's elements are numbered in the order of the whole's.
    index = part.index[torch.searchsorted(shown, value.index.clamp(min=int(shown[0])))]
    return part.seen_as(torch.where(value.index < 0, -1, index))


def _part(build: Builder, view: View, shown: Tensor) -> View:
    """The read of some elements of a state; its index is of those elements, in their order."""
    base = build.wholes[view.source]
    layout = in_source_order(base.seen_as(shown))
    if layout is None:  # more of some tokens than of others: as one long vector
        layout = canonical((shown.numel(),), (False,))
    state = _part_name(base, shown, view.source.removeprefix("state "))
    return build.emit(build.unique(state), OpKind.STATE, "state", [], layout, state=state)


def _part_name(base: View, shown: Tensor, name: str) -> str:
    """keys for the whole, keys.3 for its fourth slice, else keys.part."""
    if shown.numel() == base.elements:
        return name
    for number in range(base.shape[0]):
        piece = base.index[number].reshape(-1)
        ends = (int(piece.min()), int(piece.max())) == (int(shown[0]), int(shown[-1]))
        if ends and torch.equal(piece.sort().values, shown):
            return f"{name}.{number}"
    return f"{name}.part"


def store(build: Builder, view: View, entry: str) -> None:
    """Add an output of the network to a state."""
    layout = layout_for(view.shape or (1,), [view])
    name = build.unique(f"{entry}.store")
    build.emit(name, OpKind.STORE, "store", [read_elements(view, layout)], layout, state=entry)


def entry_of(states: Sequence[State], output: str) -> str | None:
    """Name of the state's part that an output of the model is added to, None for a plain output."""
    return next((entry for state in states if (entry := state.entry(output)) is not None), None)


def check_states(
    states: Sequence[State], arguments: Sequence[str], outputs: Sequence[str], name: str
) -> None:
    """Every state is read or added to, and what is named for it is there. Raises: WorkloadError."""
    for state in states:
        added = any(state.entry(output) is not None for output in outputs)
        if added or (state.name in arguments and not state.append):
            continue
        wanted = state.append or state.name
        found = ", ".join(one or "a single tensor" for one in outputs) or "nothing"
        raise WorkloadError(
            f"{name}: the state '{state.name}' takes the output '{wanted}' of forward, which returns {found};"
            f" return a mapping with the key '{wanted}', or name the output with 'append'"
        )
