"""How compiled code reads the tables: as plain memory, so that a call passes one address and counts no references.

The tables stay numpy arrays in Python; the kernel gets an array with the address of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy import int64
from numpy.typing import NDArray

Ints = NDArray[int64]  # in compiled code: memory that is indexed like a flat array, with no bounds
_POINTER = types.CPointer(types.int64)


def _table(typing: Any, addresses: Any, number: Any) -> Any:
    """How compiled code gets at a table."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ints = ir.IntType(64).as_pointer()
        at = builder.inttoptr(arguments[0], ints.as_pointer())
        address = builder.load(builder.gep(at, [arguments[1]]))
        # No table moves while compiled code runs, so the address may be kept over whatever is written meanwhile.
        address.set_metadata("invariant.load", builder.module.add_metadata([]))
        return address

    return _POINTER(types.int64, types.int64), generate


# table(addresses, number): the memory of a table, by its number in the array of addresses, given by its address.
table: Callable[[int, int], Ints] = intrinsic(_table)  # type: ignore[assignment]
