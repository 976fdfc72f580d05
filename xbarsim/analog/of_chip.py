"""What a chip's description says of its numerics: the technology of its cells, the bits of its converters.

It gives no ranges: those are assumed (architectures/common/converter_range.yaml), and the assumptions told.
"""

from __future__ import annotations

from typing import Any

import yaml

from xbarsim.analog.periphery import Converter, Periphery
from xbarsim.devices.load import shipped_technologies
from xbarsim.devices.technology import Technology
from xbarsim.mapping.floor import Floor
from xbarsim.shipped import shipped
from xbarsim.spec.chip import Chip, Part


def cells_of(chip: Chip) -> Technology:
    """The technology of the array's cells. Raises: ValueError if the chip only says how they are written."""
    if Floor(chip).digital:
        raise ValueError(
            f"{chip.name}: its elements are digital, so nothing is analog on it: a product is what its words give "
            "exactly. Quantise the network (xbarsim.quantised), or take another chip"
        )
    name: str = Floor(chip).array.cell  # type: ignore[attr-defined]
    cell = chip.cells[name]
    if isinstance(cell, Technology):
        return cell
    raise ValueError(
        f"{chip.name}: cells.{name} has no kind: what conductances do is not described. Let it include one of "
        f"common/cells/ ({', '.join(shipped_technologies())}), or choose: "
        'Numerics.of(chip, cells=load_technology("pcm")), or cells=None for cells that keep any weight'
    )


def periphery_of(chip: Chip) -> tuple[Periphery, tuple[str, ...]]:
    """DAC and ADC of the array, and what is assumed of them. Raises: ValueError for an ADC that gives no bits.

    In units of products in which the largest input of a vector, and the largest weight of an array, are 1.
    """
    floor, values = Floor(chip), _assumed()
    dac, adc = floor.beside("dac"), floor.beside("adc")
    bits, told = chip.header.precision.activations, list[str]()
    source = Converter(values["input_bound"])
    if dac is not None and dac.spec is not None:
        source = Converter(values["input_bound"], _resolution(bits))
        told.append(_of_inputs(dac, bits))
    drain = Converter()
    if adc is not None and adc.spec is not None:
        drain = Converter(values["output_bound"], _resolution(_bits(chip, adc)))
        told.append(_of_outputs(adc, values["output_bound"]))
    told.append("noise of the read-out is not described: there is none but that of the cells")
    return Periphery(source, drain, "abs_max", "iterative"), tuple(told)


def _of_inputs(dac: Part, bits: int) -> str:
    slices: int = dac.spec.slices(bits)  # type: ignore[union-attr]
    cut = f", not in its {slices} slices" if slices > 1 else ""
    return (
        f"{dac.path}: the largest input of each vector is put at the end of its range; inputs go through it whole, "
        f"with the {bits} bits of precision.activations{cut}"
    )


def _of_outputs(adc: Part, bound: float) -> str:
    return (
        f"{adc.path}: its range is not described; assumed is ±{bound:g} times the largest input and weight of an "
        "array; vectors that reach it are done again with halved inputs; "
        "its bits count for a whole product, the sign included"
    )


def _bits(chip: Chip, adc: Part) -> int:
    bits = getattr(adc.spec, "bits", None)
    if bits is None:
        raise ValueError(
            f"{chip.name}: {adc.path} ({adc.spec.kind}) gives no bits; give a Periphery: "  # type: ignore[union-attr]
            "Numerics.of(chip, periphery=...)"
        )
    return int(bits)


def _resolution(bits: int) -> float:
    """Steps of a converter that is symmetric around zero: 2^bits - 2; two for a single bit."""
    return 1 / max(2, int(2**bits) - 2)


def _assumed() -> Any:
    path = shipped("architectures") / "common" / "converter_range.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))
