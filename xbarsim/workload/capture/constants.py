"""Values that depend on no input of the network: weights, masks, position numbers.

They cost nothing on the chip but the memory of the parameters in them. Their values are computed
only where the shape of the network hangs on them (a constant mask, a gather with constant indices).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx import Node
from torch.fx.node import map_arg

SHAPE_ONLY = {
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros", "new_ones",
    "new_full", "new_empty", "new_empty_strided", "sym_size", "sym_numel", "sym_stride", "size", "numel",
}  # fmt: skip


def function_of(node: Node) -> str:
    """Name of the called operation without its overload ("aten.conv2d.padding" -> "conv2d")."""
    packet = getattr(node.target, "overloadpacket", node.target)
    return str(getattr(packet, "__name__", packet))


class Constants:
    """Evaluates and attributes the constant nodes of one exported program."""

    def __init__(self, program: ExportedProgram):
        signature = program.graph_signature
        self.parameter_of: Mapping[str, str] = signature.inputs_to_parameters
        buffers = signature.inputs_to_buffers
        lifted = signature.inputs_to_lifted_tensor_constants
        self._parameters = dict(program.named_parameters())
        held = {**program.constants, **program.state_dict}
        places = {**self.parameter_of, **buffers, **lifted}
        self._held = {name: held[place] for name, place in places.items() if place in held}
        self._module = program.graph_module
        self._values: dict[Node, Any] = {}
        self._roots: dict[Node, frozenset[str]] = {}

    def numel(self, parameter: str) -> int:
        """Elements of one parameter of the model."""
        return self._parameters[parameter].numel()

    def parameters(self, node: Node) -> frozenset[str]:
        """Names of the model's parameters that the node's value is made of."""
        if node not in self._roots:
            own = self.parameter_of.get(node.name) if node.op == "placeholder" else None
            found = {own} if own else set()
            sources = [] if function_of(node) in SHAPE_ONLY else node.all_input_nodes
            for source in sources:
                found |= self.parameters(source)
            self._roots[node] = frozenset(found)
        return self._roots[node]

    def value(self, node: Node) -> Any:
        """The node's value; raises KeyError for a node that has none at capture time."""
        if node not in self._values:
            self._values[node] = self._compute(node)
        return self._values[node]

    def _compute(self, node: Node) -> Any:
        if node.op == "placeholder":
            return self._held[node.name]
        if node.op == "get_attr":
            return getattr(self._module, str(node.target))
        if not callable(node.target):
            raise KeyError(node.name)
        known = self._blank if function_of(node) in SHAPE_ONLY else self.value
        args = map_arg(node.args, known)
        kwargs = map_arg(node.kwargs, known)
        with torch.no_grad():
            return node.target(*args, **kwargs)

    @staticmethod
    def _blank(node: Node) -> Any:
        """A tensor of the node's shape and type, for operations that look at no more."""
        shown = node.meta["val"]
        return torch.empty(shown.shape, dtype=shown.dtype) if hasattr(shown, "dtype") else shown


@dataclass(frozen=True)
class Constant:
    """A node that depends on no input."""

    node: Node
    constants: Constants

    @cached_property
    def parameters(self) -> frozenset[str]:
        return self.constants.parameters(self.node)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.node.meta["val"].shape)

    def value(self) -> Any:
        """The tensor itself."""
        return self.constants.value(self.node)
