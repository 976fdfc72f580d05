"""LSTM, GRU and plain recurrent layers, unrolled over time.

Each step of each layer is a product with the input, one with the state (all steps share the two
matrices), and the gates. An initial state of zeros enters as an input, once a request.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from xbarsim.workload.capture.build import NOTHING, Cost, Read
from xbarsim.workload.capture.call import Call, Result, Unsupported, converts
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import Reach, View, channels_last, need_of
from xbarsim.workload.capture.ops_shape import join
from xbarsim.workload.graph import Matrix, OpKind

# Scalar operations per hidden unit. LSTM cell state: 3 gate sums, 3 functions, 2 products, 1 sum;
# its output: gate sum, gate, function of the state, product. GRU: 4 sums, 3 functions, 4 for the mix,
# 1 product. Plain: sum and function.
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
CELL_OPS, OUTPUT_OPS = 9, 4
STEP_OPS = {"gru": 12, "rnn": 2}


@dataclass(frozen=True)
class Weights:
    """Of one layer and direction."""

    ih: Constant
    hh: Constant
    biased: bool
    hr: Constant | None = None


@dataclass(frozen=True)
class State:
    """What one step hands to the next: hidden state, and the cell state of an LSTM."""

    h: View
    c: View | None


@dataclass
class Unroller:
    """Emits the steps of one recurrent module."""

    call: Call
    family: str
    base: str

    def step(self, at: str, w: Weights, x: View, state: State) -> State:
        """One time step of one layer and direction."""
        ih = self._product(f"{at}.ih", x, w.ih, w.biased)
        hh = self._product(f"{at}.hh", state.h, w.hh, w.biased)
        hidden = w.hh.shape[0] // GATES[self.family]
        if self.family != "lstm":
            h = self._gates(
                f"{at}.h",
                [ih, hh, state.h][: 3 if self.family == "gru" else 2],
                hidden,
                STEP_OPS[self.family],
                f"{self.family}_cell",
            )
            return State(h, None)
        before = [state.c] if state.c is not None else []
        c = self._gates(f"{at}.c", [ih, hh, *before], hidden, CELL_OPS, "lstm_cell")
        h = self._gates(f"{at}.h", [ih, hh, c], hidden, OUTPUT_OPS, "lstm_output")
        return State(self._product(f"{at}.hr", h, w.hr, False) if w.hr else h, c)

    def _product(self, name: str, x: View, weight: Constant, biased: bool) -> View:
        build = self.call.build
        matrix = Matrix(name, weight.shape[1], weight.shape[0], 1, biased)
        key = build.matrix(weight, matrix)
        layout = channels_last((1, matrix.columns))
        fit = need_of(
            Reach.of(x).over([-1]).expand((1, matrix.columns)), x.extent, layout.positions, layout.extent
        )
        cost = Cost(macs=matrix.weights, matrix=key)
        return build.emit(self.name(name), OpKind.MVM, "linear", [Read(x, fit)], layout, cost)

    def _gates(self, name: str, views: Sequence[View], hidden: int, passes: int, function: str) -> View:
        layout = channels_last((1, hidden))
        reads = []
        for view in views:
            reach = Reach.of(view).over([-1]).expand((1, hidden))
            reads.append(Read(view, need_of(reach, view.extent, layout.positions, layout.extent)))
        cost = Cost(element_ops=passes * hidden)
        return self.call.build.emit(self.name(name), OpKind.ELEMENTWISE, function, reads, layout, cost)

    def name(self, name: str) -> str:
        """A unique operation name below the module's."""
        return self.call.build.unique(f"{self.base}.{name}" if self.base else name)

    def initial(self, name: str, value: View | Constant, number: int | None) -> View:
        """A row of the given state, or zeros that enter with the request."""
        if isinstance(value, View):
            index = value.index if number is None else value.index[number]
            return value.seen_as(index.reshape(1, -1))
        layout = channels_last((1, value.shape[-1]))
        return self.call.build.emit(
            self.name(name), OpKind.INPUT, "initial_state", [], layout, NOTHING, [value]
        )

    def beside(self, name: str, views: Sequence[View]) -> View:
        """Both directions' states as one vector."""
        if len(views) == 1:
            return views[0]
        width = sum(view.shape[-1] for view in views)
        ends = itertools.accumulate((view.shape[-1] for view in views), initial=0)
        spans = [torch.arange(a, b).unsqueeze(0) for a, b in itertools.pairwise(ends)]
        return join(self.call.build, self.name(name), (1, width), list(zip(views, spans, strict=True)))


@converts("lstm", "gru", "rnn_tanh", "rnn_relu")
def recurrent(call: Call) -> Result:
    """A whole module: all layers, directions and time steps."""
    family = call.function.split("_")[0]
    x = call.view("input")
    if "batch_first" not in call.arguments:
        raise Unsupported("packed sequences; give it one padded sequence")
    time = 1 if call["batch_first"] else 0
    if x.shape[1 - time] != 1:
        raise Unsupported(f"a batch of {x.shape[1 - time]}; capture one sequence (batch 1)")
    states = call["hx"] if family == "lstm" else [call["hx"]]
    base = call.build.place(call.node)
    unroller = Unroller(call, family, base or family)
    steps = [x.seen_as(x.index.select(time, t).reshape(1, -1)) for t in range(x.shape[time])]
    last: list[State] = []
    for layer in range(call["num_layers"]):
        steps, ends = _layer(unroller, layer, steps, states)
        last += ends
    output = _output(call, unroller, steps)
    hidden = _stacked(unroller, "h_n", [state.h for state in last])
    if family != "lstm":
        return (output, hidden)
    return (output, hidden, _stacked(unroller, "c_n", [state.c for state in last if state.c]))


def _layer(
    unroller: Unroller, layer: int, steps: Sequence[View], states: Sequence[View | Constant]
) -> tuple[list[View], list[State]]:
    """All steps of one layer in all its directions; its outputs by time, its last states."""
    call = unroller.call
    directions = 2 if call["bidirectional"] else 1
    outputs, ends = [], []
    for direction in range(directions):
        number = layer * directions + direction
        name = f"l{layer}" + ("r" if direction else "")
        state = _initial(unroller, name, states, number)
        order = list(enumerate(steps))[:: -1 if direction else 1]
        weights, made = _weights(call, number), {}
        for t, x in order:
            state = unroller.step(f"{name}.t{t}", weights, x, state)
            made[t] = state.h
        outputs.append([made[t] for t in range(len(steps))])
        ends.append(state)
    together = [
        unroller.beside(f"l{layer}.t{t}.concat", pair) for t, pair in enumerate(zip(*outputs, strict=True))
    ]
    return together, ends


def _initial(unroller: Unroller, name: str, states: Sequence[View | Constant], number: int) -> State:
    h, *c = (
        unroller.initial(f"{name}.{letter}0", value, number)
        for letter, value in zip("hc", states, strict=False)
    )
    return State(h, c[0] if c else None)


def _weights(call: Call, number: int) -> Weights:
    """Those of one layer and direction; an odd number of tensors has a projection at its end."""
    size = len(call["params"]) // (call["num_layers"] * (2 if call["bidirectional"] else 1))
    group = call["params"][number * size : (number + 1) * size]
    if not all(isinstance(one, Constant) for one in group):
        raise Unsupported("its weights are computed from the network's input")
    hr = group[-1] if size % 2 else None
    return Weights(group[0], group[1], call["has_biases"], hr)


def _output(call: Call, unroller: Unroller, steps: Sequence[View]) -> View:
    """All steps' results as one sequence."""
    time = 1 if call["batch_first"] else 0
    shape = [1, 1, steps[0].shape[-1]]
    shape[time] = len(steps)
    where = torch.arange(len(steps) * shape[-1]).reshape(shape)
    pieces = [
        (view.seen_as(view.index.reshape(1, 1, -1)), where.narrow(time, t, 1)) for t, view in enumerate(steps)
    ]
    return join(call.build, unroller.name("output"), shape, pieces)


def _stacked(unroller: Unroller, name: str, views: Sequence[View]) -> View:
    shape = (len(views), 1, views[0].shape[-1])
    where = torch.arange(shape[0] * shape[2]).reshape(shape)
    pieces = [(view.seen_as(view.index.reshape(1, 1, -1)), where[i : i + 1]) for i, view in enumerate(views)]
    return join(unroller.call.build, unroller.name(name), shape, pieces)


@converts("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def cell(call: Call) -> Result:
    """A single step (nn.LSTMCell and its kin)."""
    family = call.function.split("_")[0]
    base = call.build.place(call.node)
    unroller = Unroller(call, family, base)
    states = call["hx"] if family == "lstm" else [call["hx"]]
    h, *c = (unroller.initial(f"{letter}0", value, None) for letter, value in zip("hc", states, strict=False))
    weights = Weights(call["w_ih"], call["w_hh"], call.get("b_ih") is not None)
    x = call.view("input")
    x = x.seen_as(x.index.reshape(1, -1))
    state = unroller.step(f"{family}", weights, x, State(h, c[0] if c else None))
    shaped = [one.seen_as(one.index.reshape(call.shape)) for one in (state.h, state.c) if one is not None]
    return tuple(shaped) if family == "lstm" else shaped[0]
