"""Which unit does an operation that is no product with weights, and why none does where none can."""

from __future__ import annotations

from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Part
from xbarsim.workload.graph import Op, OpKind

COMPUTED = (OpKind.ELEMENTWISE, OpKind.NORMALISATION, OpKind.SOFTMAX, OpKind.POOLING)


def unit_for(floor: Floor, op: Op) -> Part | None:
    """The unit in the tiles that can do an operation, else one outside them."""
    if op.kind is OpKind.PRODUCT:
        return floor.beside("matrix_unit") or floor.elsewhere("matrix_unit")
    if op.kind not in COMPUTED:
        return None

    def able(part: Part) -> bool:
        return part.spec is None or part.spec.can(op.function, str(op.kind))  # type: ignore[attr-defined]

    return floor.beside("vector_unit", able) or floor.elsewhere("vector_unit", able)


def in_the_tiles(floor: Floor, part: Part) -> bool:
    tile = floor.tile_part.path
    return part.path == tile or part.path.startswith(f"{tile}.")


def why_none(floor: Floor, op: Op) -> str:
    """What is missing for an operation that no unit can do, and what would mend it."""
    if op.kind is OpKind.PRODUCT:
        return "a product of activations needs a 'matrix_unit'; the chip has none. Add one to the tile or beside it"
    units = [
        f"{part.path} ({', '.join(part.spec.operations)})"  # type: ignore[union-attr]
        for part in floor.chip.root.walk()
        if part.role == "vector_unit" and part.spec is not None
    ]
    have = "; ".join(units) or "none"
    return (
        f"'{op.function}' ({op.kind}) needs a vector unit that can do it; there: {have}. "
        f"Add '{op.function}' to the `operations` of one"
    )


def by_reason(missing: dict[str, str]) -> str:
    """Operations that cannot be done, those of one reason on one line. missing: operation -> why."""
    grouped: dict[str, list[str]] = {}
    for name, why in missing.items():
        grouped.setdefault(why, []).append(name)
    return "\n  ".join(_and_more(names, why) for why, names in grouped.items())


def _and_more(names: list[str], why: str) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}: {why}"
