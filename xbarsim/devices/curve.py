"""A number that depends on how high a cell stands."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats
from xbarsim.spec.component import Spec
from xbarsim.spec.quantity import Coefficient


class Curve(Spec):
    """By x = conductance / highest: a straight line in ln x or a power of x, bounded; above `polynomial_from`
    a polynomial of x."""

    source: str | None = Field(None, description="where its numbers come from")
    offset: Coefficient = Field(0.0, description="value of the line at x = 1")
    slope: Coefficient = Field(0.0, description="of the line, per ln x")
    factor: Coefficient | None = Field(None, description="of x^power, in place of the line")
    power: Coefficient | None = Field(None, description="exponent of x")
    least: Coefficient | None = Field(None, description="lower bound of line or power")
    most: Coefficient | None = Field(None, description="upper bound of line or power")
    polynomial: tuple[Coefficient, ...] = Field((), description="coefficients of 1, x, x^2, ...")
    polynomial_from: Coefficient | None = Field(None, description="x from which the polynomial holds")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = []
        if (self.factor is None) != (self.power is None):
            wrong.append(("factor", "factor or power stands alone", "give factor and power together"))
        if bool(self.polynomial) != (self.polynomial_from is not None):
            found = "polynomial or polynomial_from stands alone"
            wrong.append(("polynomial", found, "give polynomial and polynomial_from together"))
        return wrong

    def at(self, x: Floats) -> Floats:
        """Its values; x below 1e-7 counts as 1e-7, where the logarithm would run away."""
        x = np.maximum(x, 1e-7)
        if self.factor is not None and self.power is not None:
            low = self.factor * x**self.power
        else:
            low = self.offset + self.slope * np.log(x)
        if self.least is not None or self.most is not None:
            low = np.clip(low, self.least, self.most)
        if self.polynomial_from is None:
            return low
        return np.where(x < self.polynomial_from, low, polynomial(self.polynomial, x))


def polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Sum of coefficients[i] x^i."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value *= x
        value += coefficient
    return value
