"""Operations a joule of an array of magnetic synapses, feed-forward and update, with the counting of operations a
choice.

What the published 18.3 and 3 TOPS/W count is not told in what could be read: one operation a synapse or two, converters
in or out. So both are asked for, and `calibrated` says which two parameters it fitted to which two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt


@dataclass(frozen=True)
class Operating:
    """Where the array is operated.

    read_volt, write_volt; read_ns: length of a read. synapse_usiemens: mean of G1 + G2 of a synapse. active: share of
    synapses whose activation does not rest. pulse_ns: mean length of a pulse on each junction in an update, over all
    synapses, those that get none included. rows, columns; row_pj: converter and drivers of a row in a read.
    operations: of a synapse in a read or an update, 1 or 2 (multiply and add). with_converters: whether row_pj counts.
    """

    read_volt: float
    write_volt: float
    read_ns: float
    synapse_usiemens: float
    active: float
    pulse_ns: float
    rows: int
    columns: int
    row_pj: float
    operations: int = 2
    with_converters: bool = True

    @property
    def read_pj(self) -> float:
        """Of one synapse, with its share of the row's converter."""
        cell = self.read_volt**2 * self.synapse_usiemens * self.active * self.read_ns * 1e-3
        return cell + self._converters_pj

    @property
    def _converters_pj(self) -> float:
        return self.row_pj / self.columns if self.with_converters else 0.0

    @property
    def write_pj(self) -> float:
        """Of one synapse in an update."""
        return self.write_volt**2 * self.synapse_usiemens * self.pulse_ns * 1e-3

    @property
    def read_tops_per_w(self) -> float:
        return self.operations / self.read_pj

    @property
    def write_tops_per_w(self) -> float:
        return self.operations / self.write_pj


def calibrated(operating: Operating, read_tops_per_w: float, write_tops_per_w: float) -> Operating:
    """The same at the two voltages that give these efficiencies: two parameters fitted to two numbers.

    Raises: ValueError where the converters alone take more than a read may.
    """
    left = operating.operations / read_tops_per_w - operating._converters_pj
    if left <= 0:
        raise ValueError(
            f"row_pj {operating.row_pj:g} over {operating.columns} columns is {operating._converters_pj:.3g} pJ a "
            f"synapse; allowed: below {operating.operations / read_tops_per_w:.3g} pJ for {read_tops_per_w:g} TOPS/W; "
            f"lower row_pj, or leave converters out (with_converters=False)"
        )
    read = operating.synapse_usiemens * operating.active * operating.read_ns * 1e-3
    write = operating.synapse_usiemens * operating.pulse_ns * 1e-3
    volt = sqrt(operating.operations / write_tops_per_w / write)
    return replace(operating, read_volt=sqrt(left / read), write_volt=volt)
