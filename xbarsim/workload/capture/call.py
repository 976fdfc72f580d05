"""One call of the exported graph, its arguments by the names of the operation's schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from xbarsim.workload.capture.build import Builder, Cost, Read
from xbarsim.workload.capture.constants import Constant, function_of
from xbarsim.workload.capture.layout import Layout, View, need_of_elements
from xbarsim.workload.graph import OpKind

Result = View | Constant | tuple[Any, ...]
Converter = Callable[["Call"], Result]

CONVERTERS: dict[str, Converter] = {}


def converts(*functions: str) -> Callable[[Converter], Converter]:
    """Register the converter of ATen operations, by names without overloads."""

    def register(converter: Converter) -> Converter:
        CONVERTERS.update(dict.fromkeys(functions, converter))
        return converter

    return register


def converter_of(node: Node) -> Converter | None:
    """The converter of a call; operations tagged as point-wise share one."""
    converter = CONVERTERS.get(function_of(node))
    if converter is None and torch.Tag.pointwise in getattr(node.target, "tags", ()):
        return CONVERTERS["pointwise"]
    return converter


class Unsupported(Exception):
    """A call that its converter cannot do; the text says why."""


@dataclass(frozen=True)
class Call:
    """A node with its arguments: views of the network, constants, numbers."""

    build: Builder
    node: Node
    arguments: dict[str, Any]

    @classmethod
    def of(cls, build: Builder, node: Node, args: Sequence[Any], kwargs: dict[str, Any]) -> Call:
        schema = node.target._schema.arguments  # type: ignore[union-attr]
        defaults = {one.name: one.default_value for one in schema if one.has_default_value()}
        given = dict(zip((one.name for one in schema), args, strict=False)) | kwargs
        named = {one.name: given.get(one.name, defaults.get(one.name)) for one in schema}
        return cls(build, node, named)

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.arguments.get(name, default)

    @property
    def function(self) -> str:
        return function_of(self.node).strip("_")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the (first) result."""
        shown = self.node.meta["val"]
        return tuple((shown[0] if isinstance(shown, (tuple, list)) else shown).shape)

    def view(self, name: str) -> View:
        """An argument that must come from the network's inputs."""
        value = self.arguments[name]
        if not isinstance(value, View):
            raise Unsupported(f"its '{name}' does not depend on the network's input")
        return value

    def constants(self) -> list[Constant]:
        """All constant operands."""
        return [value for value in _flat(self.arguments.values()) if isinstance(value, Constant)]

    def views(self) -> list[View]:
        """All operands that depend on the input."""
        return [value for value in _flat(self.arguments.values()) if isinstance(value, View)]

    def emit(
        self,
        kind: OpKind,
        reads: Sequence[Read],
        layout: Layout,
        cost: Cost,
        function: str | None = None,
        held: Sequence[Constant] | None = None,
    ) -> View:
        """Add the operation of this call; its constant operands count as held in memory."""
        function = function or self.function
        name = self.build.name(self.node, function)
        return self.build.emit(
            name, kind, function, reads, layout, cost, self.constants() if held is None else held
        )


def read_elements(view: View, layout: Layout) -> Read:
    """The read of an operation that takes the view element by element."""
    return Read(view, need_of_elements(view, layout))


def _flat(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple)):
            found.extend(_flat(value))
        else:
            found.append(value)
    return found
