"""Sums over the rows that every kind of result has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xbarsim.scenario.result import AreaRow, EnergyRow, SourceRow


class Totals:
    """What a result tells by its rows of energy, area and sources; of the whole run."""

    if TYPE_CHECKING:  # fields of the result, which is the dataclass
        elapsed_ps: int
        energy: tuple[EnergyRow, ...]
        area: tuple[AreaRow, ...]
        sources: tuple[SourceRow, ...]

    @property
    def energy_pj(self) -> float:
        """Of all requests of the run."""
        return sum(row.energy_pj for row in self.energy)

    @property
    def static_pj(self) -> float:
        """Of that, power of states in which no work is done."""
        return sum(row.energy_pj for row in self.energy if row.static)

    @property
    def dynamic_pj(self) -> float:
        """Of that, what was done."""
        return sum(row.energy_pj for row in self.energy if not row.static)

    @property
    def mean_power_w(self) -> float:
        """Picojoules over picoseconds are watts."""
        return self.energy_pj / self.elapsed_ps if self.elapsed_ps else 0.0

    @property
    def area_mm2(self) -> float:
        return sum(row.area_um2 for row in self.area) / 1e6

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Keys of the chip's description that are unknown."""
        return tuple(row.key for row in self.sources if row.status == "unknown")

    def _repr_html_(self) -> str:
        """How a notebook shows it. The report room draws it; it is looked up only when asked."""
        from importlib import import_module

        return str(import_module("xbarsim.report.notebook").result_html(self))
