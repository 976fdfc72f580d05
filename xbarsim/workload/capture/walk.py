"""Walking an exported graph, call by call, into a `Builder`."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.fx import Node
from torch.fx.node import map_arg

from xbarsim.workload.capture import (  # noqa: F401  (they register their converters)
    ops_attention,
    ops_elementwise,
    ops_gather,
    ops_matrix,
    ops_pooling,
    ops_recurrent,
    ops_routing,
    ops_shape,
)
from xbarsim.workload.capture.build import NOTHING, Builder
from xbarsim.workload.capture.call import Call, Unsupported, converter_of, read_elements
from xbarsim.workload.capture.constants import SHAPE_ONLY, Constant, function_of
from xbarsim.workload.capture.export import Exported, first_line
from xbarsim.workload.capture.layout import Layout, View, canonical, channels_first, channels_last
from xbarsim.workload.capture.ops_elementwise import layout_for
from xbarsim.workload.capture.state import entry_of, read, read_parts, store, whole
from xbarsim.workload.graph import OpKind
from xbarsim.workload.state import State

Values = dict[Node, Any]
Inputs = Mapping[str, State | None]  # arguments of forward, and which of them are state
VIEWS = (ops_shape.reindex, ops_shape.identity)


def walk(exported: Exported, build: Builder, states: Sequence[State] = ()) -> None:
    """Convert every call that depends on an input, then the outputs."""
    program = exported.program
    signature = program.graph_signature
    inputs = dict.fromkeys(signature.user_inputs)
    inputs |= {state.name: state for state in states if state.name in inputs}
    values: Values = {}
    nodes = list(program.graph.nodes)
    left = {node: len(node.users) for node in nodes}
    for node in nodes:
        if node.op == "output":
            continue
        values[node] = _value(node, values, build, inputs)
        _forget(node, values, left)
    by_name = {node.name: node for node in nodes}
    for name, called in zip(signature.user_outputs, exported.outputs, strict=True):
        node = by_name.get(str(name))
        if node is not None and isinstance(values.get(node), View):
            _output(build, read_parts(build, values[node]), entry_of(states, called))


def _forget(node: Node, values: Values, left: dict[Node, int]) -> None:
    """Index tensors of large maps go as soon as their last reader is done."""
    for source in node.all_input_nodes:
        left[source] -= 1
        if not left[source]:
            values[source] = None


def _value(node: Node, values: Values, build: Builder, inputs: Inputs) -> Any:
    constant = Constant(node, build.constants)
    if node.op == "placeholder":
        shown = node.meta.get("val")
        if node.name not in inputs or not isinstance(shown, Tensor):
            return constant
        return _input(node, build, inputs[node.name])
    if node.op != "call_function":
        return constant
    if node.target is operator.getitem:
        source, number = (node.args[0], node.args[1])
        made = values[source]  # type: ignore[index]
        return made[number] if isinstance(made, tuple) else constant  # type: ignore[index]
    if function_of(node) in SHAPE_ONLY or not any(_depends(values[one]) for one in node.all_input_nodes):
        return constant
    args = map_arg(node.args, lambda one: values[one])
    kwargs = map_arg(node.kwargs, lambda one: values[one])
    return _convert(Call.of(build, node, args, dict(kwargs)))


def _depends(value: Any) -> bool:
    return isinstance(value, View) or (isinstance(value, tuple) and any(map(_depends, value)))


def _convert(call: Call) -> Any:
    """The converted call; one that cannot be is noted and stands for itself, to find the others."""
    converter = converter_of(call.node)
    if converter is None and call.node.meta.get("val") is None:
        return None  # an assertion
    try:
        if converter is None:
            raise Unsupported("")
        return converter(call if converter in VIEWS else read(call))
    except Unsupported as reason:
        why = str(reason)
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        why = f"this form of it is not supported ({type(error).__name__}: {first_line(error)})"
    call.build.unsupported(call.node, _first_shape(call), why)
    return _stand_in(call)


def _first_shape(call: Call) -> tuple[int, ...]:
    views = call.views()
    return views[0].shape if views else call.shape


def _stand_in(call: Call) -> Any:
    """An opaque result of the right shapes, so that the walk goes on behind an unsupported call."""
    shown = call.node.meta["val"]
    parts = [_opaque(call, one.shape) if isinstance(one, Tensor) else None for one in _several(shown)]
    return tuple(parts) if isinstance(shown, (tuple, list)) else parts[0]


def _several(shown: Any) -> list[Any]:
    return list(shown) if isinstance(shown, (tuple, list)) else [shown]


def _opaque(call: Call, shape: tuple[int, ...]) -> View:
    layout = channels_last(tuple(shape) or (1,))
    view = call.emit(OpKind.MOVE, [], layout, NOTHING)
    return view.seen_as(view.index.reshape(tuple(shape)))


def _output(build: Builder, view: View, entry: str | None) -> None:
    if entry is not None:
        store(build, view, entry)
        return
    layout = layout_for(view.shape or (1,), [view])
    name = build.unique("output")
    build.emit(name, OpKind.OUTPUT, "output", [read_elements(view, layout)], layout)


def _input(node: Node, build: Builder, state: State | None) -> View:
    shape = tuple(node.meta["val"].shape)
    layout = _input_layout(node, shape)
    if state is not None:
        return whole(build, state, layout, shape)
    view = build.emit(build.unique(node.name), OpKind.INPUT, "input", [], layout)
    return view.seen_as(view.index.reshape(shape))


MAPS = ("conv", "pool", "batch_norm", "upsample", "instance_norm", "group_norm")
HEADS = ("matmul", "bmm", "attention")
RESHAPES = ("view", "reshape", "flatten", "permute", "transpose", "unflatten", "movedim")
ROWS = ("linear", "addmm", "layer_norm", "rms_norm", "lstm", "gru", "rnn")


def _input_layout(node: Node, shape: tuple[int, ...]) -> Layout:
    """Positions and features of an input, from its type and the first operation that reads it."""
    if not node.meta["val"].dtype.is_floating_point or len(shape) < 3:
        tokens = not node.meta["val"].dtype.is_floating_point
        return canonical(
            shape or (1,), tuple(tokens or (d == 0 and len(shape) > 1) for d in range(max(len(shape), 1)))
        )
    reader = _first_reader(node)
    if any(word in reader for word in HEADS):
        last_rows = len(shape) - 2
        return canonical(shape, tuple(d in (0, last_rows) for d in range(len(shape))))
    if any(word in reader for word in MAPS) or (len(shape) > 3 and not any(w in reader for w in ROWS)):
        return channels_first(shape)
    return channels_last(shape)


def _first_reader(node: Node) -> str:
    """Function of the nearest call behind the node that is particular about its operand's layout."""
    waiting, seen = deque([node]), {node}
    while waiting and len(seen) < 500:
        for user in waiting.popleft().users:
            name = function_of(user) if user.op == "call_function" else ""
            if any(word in name for word in (*MAPS, *HEADS, *ROWS)):
                return name
            if user not in seen and not any(word in name for word in RESHAPES):
                seen.add(user)
                waiting.append(user)
    return ""
