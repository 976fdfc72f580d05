"""Crossbar array: stores weights in cells, multiplies an input vector in place."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from xbarsim.spec.component import Action, Service, Spec, component
from xbarsim.spec.quantity import Bits, Count, Duration, Energy, MeanCount, Power
from xbarsim.spec.roles import Array


class Weight(Spec):
    """How a weight is written into cells."""

    bits: Bits = Field(description="bits of one stored weight")
    bits_per_cell: Bits = Field(description="bits that one cell (or one differential pair) holds")
    encoding: Literal["offset", "differential"] = Field(
        description="offset: one cell per slice and a fixed offset; differential: a cell for each sign"
    )
    along: Literal["columns", "rows", "cell"] = Field(
        "columns",
        description="where the second cell of a pair stands: next bit line, next word line, same unit cell",
    )
    devices: Count = Field(1, description="devices in one unit cell, for counting writes")

    @property
    def slices(self) -> int:
        """Bit slices: neighbouring columns that hold the bits of one weight."""
        return -(-self.bits // self.bits_per_cell)

    def _pair(self, along: str) -> int:
        return 2 if self.encoding == "differential" and self.along == along else 1

    @property
    def columns(self) -> int:
        return self.slices * self._pair("columns")

    @property
    def rows(self) -> int:
        return self._pair("rows")


@component("crossbar")
class Crossbar(Array):
    """A crossbar array of memory cells: all word lines driven at once, all bit lines read."""

    ENERGY_KEYS = ("energy", "energy_per_cell", "energy_per_line", "read_power")
    ACTION_KEYS: ClassVar = {
        "cell read": "energy_per_cell",
        "line read": "energy_per_line",
        "line readied": "setup_energy_per_line",
        "powered read": "read_power",
    }

    rows: Count = Field(description="word lines")
    columns: Count = Field(description="bit lines (unit-cell columns)")
    cell: str = Field(description="name of the cell technology under `cells`")
    weight: Weight = Field(description="how weights are written into cells")
    settle_ps: Duration = Field(description="from the end of driving to the settled column result, per read")
    read_phases: Count = Field(1, description="reads for one input slice, e.g. 4 to keep polarities apart")
    row_groups: Count = Field(
        1,
        description="groups of word lines that are read one after another, e.g. 2 where pairs share a unit cell",
    )
    active_share: MeanCount | None = Field(
        None,
        description="mean share of inputs that are not 0, where cells of the others rest (gated) and do not count "
        "as read; none: all cells in use are read",
    )
    energy_pj: Energy | None = Field(None, description="one read of the whole array")
    energy_per_cell_pj: Energy | None = Field(None, description="one read of one cell in use")
    read_power_uw: Power | None = Field(
        None, description="power of the whole array while it is read, driving and settling, beyond idle_power"
    )
    energy_per_line_pj: Energy | None = Field(
        None, description="one read, for each word line in use: switching it on and off"
    )
    setup_energy_per_line_pj: Energy | None = Field(
        None, description="readying a word line in use, once for the reads before a conversion"
    )

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        if self.weight.columns > self.columns:
            wrong.append(
                (
                    "weight",
                    f"one weight takes {self.weight.columns} columns",
                    f"at most the {self.columns} columns of the array",
                )
            )
        if self.weight.rows > self.rows:
            wrong.append(
                ("weight", f"one weight takes {self.weight.rows} rows", f"at most the {self.rows} rows")
            )
        if self.rows % self.row_groups:
            wrong.append(
                ("row_groups", f"{self.row_groups} groups", f"take a number by which {self.rows} rows divide")
            )
        if self.weight.bits_per_cell > self.weight.bits:
            wrong.append(
                (
                    "weight.bits_per_cell",
                    f"{self.weight.bits_per_cell} bits in a cell",
                    f"at most the {self.weight.bits} bits of a weight",
                )
            )
        if self.active_share is not None and not 0 < self.active_share <= 1:
            wrong.append(("active_share", f"{self.active_share:g}", "allowed: above 0, up to 1"))
        return wrong

    def storing(self, weight_bits: int) -> Crossbar:
        """With more or fewer bit slices. Raises: ValueError if a weight is wider or higher than the array."""
        bits = {"bits": weight_bits, "bits_per_cell": min(weight_bits, self.weight.bits_per_cell)}
        weight = self.weight.model_copy(update=bits)
        if weight.columns > self.columns:
            raise ValueError(
                f"a weight of {weight_bits} bits takes {weight.columns} of {self.columns} columns"
            )
        return self.model_copy(update={"weight": weight})

    @property
    def phases(self) -> int:
        return self.read_phases * self.row_groups

    def in_one_read(self, in_use: int) -> int:
        return -(-in_use // self.row_groups)

    @property
    def weight_rows(self) -> int:
        return self.rows // self.weight.rows

    @property
    def weight_columns(self) -> int:
        return self.columns // self.weight.columns

    @property
    def cells_per_weight(self) -> int:
        return self.weight.columns * self.weight.rows

    def columns_of(self, weights: int) -> int:
        return weights * self.weight.columns

    def read(self, drive_ps: int, cells: int, lines: int = 0) -> Service:
        """One read: the lines are driven, then the columns settle. Energy per array, cell and word line in use."""
        read_ps, actions = drive_ps + self.settle_ps, []
        if self.energy_pj is not None:
            actions.append(Action("read", 1, self.energy_pj))
        if self.energy_per_cell_pj is not None:
            share = 1.0 if self.active_share is None else self.active_share
            actions.append(Action("cell read", round(cells * share), self.energy_per_cell_pj))
        if self.energy_per_line_pj is not None:
            actions.append(Action("line read", lines, self.energy_per_line_pj))
        if self.read_power_uw is not None:
            actions.append(Action("powered read", 1, self.read_power_uw * read_ps * 1e-6))
        if not actions:
            actions.append(Action("read", 1, 0.0))
        return Service(read_ps, tuple(actions))

    def ready(self, lines: int) -> tuple[Action, ...]:
        if self.setup_energy_per_line_pj is None:
            return ()
        return (Action("line readied", lines, self.setup_energy_per_line_pj),)
