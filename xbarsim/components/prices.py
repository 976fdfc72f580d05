"""Named pricing models: the ADC survey regression, and tables of digital operations, memories and wires.

The numbers stand in architectures/common/ with their sources; here are only the formulas.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, exp, log
from typing import Any

import yaml

from xbarsim.shipped import shipped
from xbarsim.spec.component import model
from xbarsim.units import ENERGY_PER_BIT_LENGTH, NODE, exact, split


@lru_cache(maxsize=4)
def _common(file: str) -> Any:
    return yaml.safe_load((shipped("architectures") / "common" / file).read_text(encoding="utf-8"))


_SURVEY_SOURCE = "Andrulis ADC regression over Murmann's survey (architectures/common/adc_survey.yaml)"
_SURVEY_VALIDITY = "valid for 4 to 16 bits, 7 nm to 1200 nm, 1 kHz to 100 GHz"


def _inside(**values: float) -> None:
    for name, (low, high) in _common("adc_survey.yaml")["limits"].items():
        if name in values and not low <= values[name] <= high:
            raise ValueError(f"{name} = {values[name]:g} is outside {low:g} to {high:g}")


@model("adc.andrulis", "energy", ("bits", "rate_hz", "technology_nm"), _SURVEY_SOURCE, _SURVEY_VALIDITY)
def survey_energy_pj(bits: float, rate_hz: float, technology_nm: float) -> float:
    """Energy of one conversion, pJ: the Schreier figure of merit that the survey's frontier allows.

    FOM[dB] = min(a + b ln f, c + d ceil(bits)); SNDR = 6.02 bits + 1.76;
    E[pJ] = 10^(-(FOM - SNDR)/10) / 2 * exp(e + f ln(nm) + g ln(bits) + h).
    """
    _inside(bits=bits, rate_hz=rate_hz, technology_nm=technology_nm)
    c = _common("adc_survey.yaml")["coefficients"]
    by_rate = c["fom_intercept_db"] + c["fom_per_ln_hz_db"] * log(rate_hz)
    by_bits = c["fom_limit_intercept_db"] + c["fom_limit_per_bit_db"] * ceil(bits)
    sndr_db = 6.02 * bits + 1.76
    correction_ln = (
        c["energy_intercept_ln"]
        + c["energy_per_ln_nm"] * log(technology_nm)
        + c["energy_per_ln_bits"] * log(bits)
        + c["energy_residual_ln"]
    )
    return float(10 ** (-(min(by_rate, by_bits) - sndr_db) / 10) / 2 * exp(correction_ln))


@model("adc.andrulis", "area", ("bits", "rate_hz", "technology_nm"), _SURVEY_SOURCE, _SURVEY_VALIDITY)
def survey_area_um2(bits: float, rate_hz: float, technology_nm: float) -> float:
    """Area of one converter, um2: exp(a + b ln(nm) + c ln f + d ln E)."""
    c = _common("adc_survey.yaml")["coefficients"]
    energy_pj = survey_energy_pj(bits, rate_hz, technology_nm)
    return float(
        exp(
            c["area_intercept_ln"]
            + c["area_per_ln_nm"] * log(technology_nm)
            + c["area_per_ln_hz"] * log(rate_hz)
            + c["area_per_ln_pj"] * log(energy_pj)
        )
    )


def _price(entry: str, technology_nm: float) -> float:
    """A table entry in pJ (or pJ/bit), if it holds for the technology."""
    known = _common("prices.yaml")["entries"]
    if entry not in known:
        raise ValueError(f"no entry '{entry}'; allowed: {', '.join(sorted(known))}")
    row = known[entry]
    _same_technology(entry, row, technology_nm)
    parts = split(row["energy"])
    assert parts is not None
    return float(parts[0])


def _same_technology(entry: str, row: dict[str, Any], technology_nm: float) -> None:
    if row["technology"] != "any" and abs(float(exact(row["technology"], NODE)) - technology_nm) > 1e-9:
        raise ValueError(
            f"'{entry}' holds at {row['technology']} and is not scaled to {technology_nm:g} nm; "
            f"add 'technology: {row['technology']}' to take it as it is"
        )


def _register_tables() -> None:
    """One model per table entry: `{model: table.int8_add}`."""
    for entry, row in _common("prices.yaml")["entries"].items():
        validity = f"holds at {row['technology']}, not scaled"

        def price(technology_nm: float, entry: str = entry) -> float:
            return _price(entry, technology_nm)

        covers = "energy per bit" if row["energy"].endswith("/bit") else "energy"
        model(f"table.{entry}", covers, ("technology_nm",), f"{row['source']} ({row['status']})", validity)(
            price
        )
    for entry, row in _common("prices.yaml")["wires"].items():

        def wire(
            length_um: float, technology_nm: float, entry: str = entry, row: dict[str, Any] = row
        ) -> float:
            _same_technology(entry, row, technology_nm)
            return float(exact(row["energy"], ENERGY_PER_BIT_LENGTH)) * length_um / 1e3

        model(
            f"wire.{entry}",
            "energy per bit",
            ("length_um", "technology_nm"),
            f"{row['source']} ({row['status']})",
            f"holds at {row['technology']}, not scaled",
        )(wire)


_register_tables()
