"""Which element of which operation every element of a tensor is.

A `View` carries an index tensor of the tensor's own shape: position * width + feature of the
operation behind it, -1 for an element that no input of the network reaches (padding). Shape
operations run on that index tensor as they would on the data, so that whatever they do is known
exactly; an operation that computes starts a new, canonical index.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from xbarsim.workload.capture.needs import NEVER, Extent, Fit, fit_need
from xbarsim.workload.graph import Same


@dataclass(frozen=True)
class View:
    """A tensor of the network, as elements of the result of one operation."""

    source: str
    extent: Extent
    index: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.index.shape)

    @property
    def elements(self) -> int:
        return self.index.numel()

    @property
    def positions(self) -> Tensor:
        """Position of every element, -1 where there is none."""
        return torch.div(self.index, self.extent.width, rounding_mode="floor")

    def seen_as(self, index: Tensor) -> View:
        return replace(self, index=index)


@dataclass(frozen=True)
class Layout:
    """Extent and index of a result that is about to become an operation."""

    extent: Extent
    index: Tensor

    @property
    def positions(self) -> Tensor:
        return torch.div(self.index, self.extent.width, rounding_mode="floor")


Roles = tuple[bool, ...]  # of each dimension: does it run over positions (else over features)?


def canonical(shape: Sequence[int], roles: Roles) -> Layout:
    """Positions and features each in raster order of their own dimensions."""
    outer = [d for d, is_position in enumerate(roles) if is_position]
    inner = [d for d, is_position in enumerate(roles) if not is_position]
    order = outer + inner
    back = [order.index(d) for d in range(len(shape))]
    index = torch.arange(math.prod(shape)).reshape([shape[d] for d in order]).permute(back)
    positions = math.prod(shape[d] for d in outer)
    width = math.prod(shape[d] for d in inner)
    return Layout(Extent(positions, width, _grid([shape[d] for d in outer])), index)


def _grid(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(size for size in sizes if size > 1) or (1,)


def channels_first(shape: Sequence[int]) -> Layout:
    """(N, C, …): every pixel of the map is a position of C features."""
    layout = canonical(shape, tuple(d != 1 for d in range(len(shape))))
    return Layout(replace(layout.extent, grid=tuple(shape[2:]) or (1,)), layout.index)


def channels_last(shape: Sequence[int]) -> Layout:
    """(…, C): every row is a position of C features."""
    return canonical(shape, tuple(d < len(shape) - 1 for d in range(len(shape))))


def _varies(values: Tensor, valid: Tensor, dim: int) -> bool:
    high = torch.where(valid, values, -1).amax(dim)
    low = torch.where(valid, values, NEVER).amin(dim)
    return bool((high > low)[high >= 0].any())


def roles_of(view: View) -> list[bool | None]:
    """Of each dimension: True position, False feature (or both at once), None neither."""
    valid, positions = view.index >= 0, view.positions
    features = view.index - positions * view.extent.width
    roles: list[bool | None] = []
    for dim, size in enumerate(view.shape):
        if size == 1:
            roles.append(None)
        elif _varies(features, valid, dim):
            roles.append(False)
        else:
            roles.append(True if _varies(positions, valid, dim) else None)
    return roles


def settle_roles(known: Sequence[Sequence[bool | None]]) -> Roles:
    """One role per dimension out of what each of several views of the same rank says.

    A dimension of which nobody knows is a feature if it is the last or all after it are
    positions (channels-first), else a position.
    """
    settled: list[bool] = []
    for dim in reversed(range(len(known[0]))):
        said = [roles[dim] for roles in known if roles[dim] is not None]
        settled.insert(0, bool(said[0]) if said else not all(settled))
    return tuple(settled)


def in_source_order(view: View) -> Layout | None:
    """The layout in which an operation takes the view's elements just as they lie, if it can.

    None where elements repeat or are missing, or positions contribute unequally.
    """
    flat = view.index.reshape(-1)
    total = view.extent.positions * view.extent.width
    if flat.numel() > total or int(flat.min()) < 0:
        return None
    counts = torch.bincount(flat, minlength=total)
    if int(counts.max()) > 1:
        return None
    if flat.numel() == total:
        return Layout(view.extent, view.index)
    return _ranked(view, counts)


def _ranked(view: View, counts: Tensor) -> Layout | None:
    per_position = counts.reshape(view.extent.positions, view.extent.width).sum(1)
    taken = per_position[per_position > 0]
    if int(taken.min()) != int(taken.max()):
        return None
    rank = counts.cumsum(0) - 1
    positions = taken.numel()
    grid = view.extent.grid
    if positions != view.extent.positions:
        sizes = [size for size, role in zip(view.shape, roles_of(view), strict=True) if role]
        grid = _grid(sizes) if math.prod(sizes) == positions else (positions,)
    return Layout(Extent(positions, int(taken[0]), grid), rank[view.index])


@dataclass(frozen=True)
class Reach:
    """Source positions read by each element of a tensor: from first to last.

    Where nothing is read, first is NEVER and last is -1.
    """

    first: Tensor
    last: Tensor

    @classmethod
    def of(cls, view: View) -> Reach:
        positions = view.positions
        return cls(torch.where(positions < 0, NEVER, positions), positions)

    def over(self, dims: Sequence[int], keepdim: bool = True) -> Reach:
        """What a result reads that runs over all elements along these dimensions."""
        if not dims or not self.first.dim():
            return self
        dims = list(dims)
        return Reach(self.first.amin(dims, keepdim), self.last.amax(dims, keepdim))

    def expand(self, shape: Sequence[int]) -> Reach:
        return Reach(self.first.expand(shape), self.last.expand(shape))


def need_of(reach: Reach, read: Extent, positions: Tensor, result: Extent) -> Fit:
    """Need of a result, given for each of its elements its position and what it reads."""
    at = positions.expand_as(reach.first).reshape(-1)
    first = torch.full((result.positions,), NEVER)
    last = torch.full((result.positions,), -1)
    first.scatter_reduce_(0, at, reach.first.reshape(-1), "amin")
    last.scatter_reduce_(0, at, reach.last.reshape(-1), "amax")
    return fit_need(first.numpy(), last.numpy(), read, result)


def need_of_elements(view: View, layout: Layout) -> Fit:
    """Need of a result each of whose elements reads the view's element at the same place."""
    if view.index is layout.index:
        return Fit(Same(), True)
    shown = view.seen_as(view.index.expand(layout.index.shape))
    return need_of(Reach.of(shown), view.extent, layout.positions, layout.extent)
