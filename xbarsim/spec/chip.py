"""Chip: the validated, frozen description of a whole chip, as the rest of xbarsim reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xbarsim.spec.component import ComponentSpec
from xbarsim.spec.header import Header
from xbarsim.spec.roles import Cell, Channel, Router

if TYPE_CHECKING:
    from xbarsim.spec.graph import ChipGraph


@dataclass(frozen=True)
class Part:
    """One component of the description; it stands for `count` instances in each of its parent's."""

    name: str
    path: str  # "tile.ima.adc"; "" for the chip itself
    spec: ComponentSpec | None  # None: ideal
    role: str
    children: tuple[Part, ...] = ()
    connect: tuple[Connection, ...] = ()

    @property
    def count(self) -> int:
        return self.spec.count if self.spec is not None else 1

    @property
    def ideal(self) -> bool:
        return self.spec is None

    def child(self, name: str) -> Part | None:
        return next((part for part in self.children if part.name == name), None)

    def walk(self) -> Iterator[Part]:
        yield self
        for part in self.children:
            yield from part.walk()


@dataclass(frozen=True)
class Connection:
    """An entry of `connect`: a topology over members, or an edge pattern between instances.

    topology: "edge" for patterns; scope: path of the composite it stands in.
    """

    topology: str
    scope: str
    members: tuple[str, ...]
    channel: Channel | None  # None: ideal
    router: Router | None = None
    pattern: str = ""
    rows: int | None = None
    columns: int | None = None
    concentration: int = 1
    hub: str | None = None
    arity: int = 2
    label: str = ""


@dataclass(frozen=True)
class NumberSource:
    """Where one number of the description comes from."""

    key: str
    value: str
    source: str
    where: str
    status: str  # given, model, calibrated, ideal, unknown, included


@dataclass(frozen=True)
class Chip:
    """A chip as its YAML describes it. Built by `load_chip`; every value is checked and frozen.

    called, assignments: what `load_chip` was given.
    """

    header: Header
    root: Part
    cells: Mapping[str, Cell]
    numbers: tuple[NumberSource, ...]
    roundings: Mapping[str, float] = field(default_factory=dict)  # key -> relative error, if above 1e-6
    sha256: str = ""
    path: str = ""
    called: str = ""
    assignments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.header.name

    @cached_property
    def parts(self) -> dict[str, Part]:
        return {part.path: part for part in self.root.walk()}

    @cached_property
    def totals(self) -> dict[str, int]:
        """Instances of each part on the whole chip."""
        totals: dict[str, int] = {}

        def visit(part: Part, above: int) -> None:
            totals[part.path] = above * part.count
            for child in part.children:
                visit(child, totals[part.path])

        visit(self.root, 1)
        return totals

    @cached_property
    def graph(self) -> ChipGraph:
        """Its network, built when it is first asked for."""
        from xbarsim.spec.graph import ChipGraph

        return ChipGraph(self)

    @property
    def unsourced(self) -> tuple[NumberSource, ...]:
        """Numbers that nothing says the source of, neither they nor what stands around them."""
        return tuple(row for row in self.numbers if not row.source.strip())

    def storing(self, weight_bits: int) -> Chip:
        """The same chip with weights of another width in its arrays (more or fewer bit slices)."""

        def changed(part: Part) -> Part:
            children = tuple(changed(child) for child in part.children)
            weight = getattr(part.spec, "weight", None)
            if part.spec is None or weight is None:
                return replace(part, children=children)
            stored = weight.model_copy(
                update={"bits": weight_bits, "bits_per_cell": min(weight_bits, weight.bits_per_cell)}
            )
            return replace(part, spec=part.spec.model_copy(update={"weight": stored}), children=children)

        return replace(self, root=changed(self.root))

    def arrays(self) -> list[Part]:
        return [part for part in self.root.walk() if part.role == "array"]

    def parent(self, part: Part) -> Part | None:
        if not part.path:
            return None
        return self.parts[part.path.rpartition(".")[0]]

    def model_of(self, key: str) -> str:
        """What priced a number, for the ledger: 'given', 'model adc.andrulis', 'unknown', ..."""
        row = self._by_key.get(key)
        if row is None:
            return "given"
        return f"model {row.source}" if row.status == "model" else row.status

    @cached_property
    def _by_key(self) -> dict[str, NumberSource]:
        return {row.key: row for row in self.numbers}

    def as_dict(self) -> dict[str, Any]:
        """A plain tree, for printing, diffing and saving."""

        def show(part: Part) -> Any:
            if part.spec is None:
                return "ideal"
            own = part.spec.model_dump(exclude_none=True, mode="json")
            return own | {child.name: show(child) for child in part.children}

        return {"chip": self.header.model_dump(exclude_none=True, mode="json"), "components": show(self.root)}
