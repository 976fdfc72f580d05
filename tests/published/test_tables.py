"""Component tables of published chips sum to what their papers print; peaks follow from geometry and time.

Pure sums over the shipped descriptions, no engine. "Within 1 %" is the bar unless a test says why not.
"""

from pathlib import Path

import pytest
import yaml

from xbarsim.components.prices import survey_area_um2, survey_energy_pj
from xbarsim.shipped import shipped
from xbarsim.spec.chip import Part
from xbarsim.spec.graph import ChipGraph
from xbarsim.spec.load import load_chip

POINTS = yaml.safe_load((Path(__file__).parent.parent / "data" / "published_points.yaml").read_text())
MODES = {
    "analog_fabric": ("fws_base", "fws_large", "pws_base", "pws_large"),
    "hermes64": ("one_phase", "four_phase"),
    "ibm34": ("dense", "balanced", "speech"),
    "jia65": ("low_voltage", "high_voltage"),
    "mtj-gxnor": ("two_operations", "one_operation"),
    "neurram": (
        *(f"out{bits + 2}b_in{bits}b" for bits in range(1, 9)),
        "out7b_in5b_one_phase",
        "out8b_in6b_one_phase",
    ),
}
CHIPS = sorted(file.stem for file in shipped("architectures").glob("*.yaml"))
SETTINGS = [(chip, mode) for chip in CHIPS for mode in MODES.get(chip, (None,))]


def load(name, mode=None):
    return load_chip(name, [f"mode={mode}"] if mode else [])


def area_um2(part: Part) -> float:
    """Silicon of one instance with all it holds."""
    own = part.spec.area_um2 if part.spec is not None else 0.0
    return own + sum(child.count * area_um2(child) for child in part.children)


def mvm_ps(chip) -> int:
    """One product of one array without overlap: reads one after another, then the converter's readout."""
    array = chip.arrays()[0]
    scope = chip.parent(array)
    dac, adc = scope.child("dac").spec, scope.child("adc").spec
    reads = dac.slices(chip.header.precision.activations) * array.spec.phases
    drive_ps = dac.drive(array.spec.rows).portion_ps
    convert_ps = 0 if adc.concurrent else adc.convert(array.spec.columns, adc.count).portion_ps
    return reads * (array.spec.read(drive_ps, 0).portion_ps + convert_ps) + adc.readout_ps


def weights(chip) -> int:
    """Weights that fit all arrays of the chip."""
    part = chip.arrays()[0]
    return chip.totals[part.path] * part.spec.weight_rows * part.spec.weight_columns


# --- HERMES -----------------------------------------------------------------------------------------


def test_hermes_hop_is_what_the_serial_output_leaves_of_the_layer():
    """2016 x 224 on 8 cores: product, 224 outputs in series, 7 hops; the same in both modes."""
    for mode, latency_ns in (("one_phase", 1131), ("four_phase", 1518)):
        chip = load("hermes64", mode)
        link, ldpu = chip.root.connect[0].channel, chip.parts["core.ldpu"].spec
        serial_ps = ldpu.compute(224).portion_ps
        assert serial_ps == link.carry(224 * 8).portion_ps == 560_000
        hop_ps = 2 * 2_500 + link.latency_ps  # one clock on the link, one in the adder, and the wire's
        assert mvm_ps(chip) + serial_ps + 7 * hop_ps == pytest.approx(latency_ns * 1_000, abs=1_000)


def test_hermes_area_adds_up_to_the_die():
    chip = load("hermes64")
    assert area_um2(chip.parts["core"]) / 1e6 == pytest.approx(1.392)
    assert area_um2(chip.root) / 1e6 == pytest.approx(144)


def test_hermes_network_is_a_mesh_with_fewer_links_than_the_chip():
    assert ChipGraph(load("hermes64")).links["connect0"] == 2 * (8 * 7 + 8 * 7) < 418


# --- NeuRRAM ----------------------------------------------------------------------------------------


def test_neurram_writes_a_cell_in_the_published_time():
    chip = load("neurram")
    cell, writer = chip.cells["rram_neurram"], chip.parts["core.pulse_generator"].spec
    time_ps = writer.program(1_000, cell.write_pulses, cell.write_pulse_ps, cell.verify_ps)
    assert time_ps / 1_000 == pytest.approx(56e6, rel=0.001)
    assert area_um2(chip.root) / 1e6 == pytest.approx(159)


# --- every chip -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "mode"), SETTINGS)
def test_every_number_of_a_shipped_chip_has_a_source(name, mode):
    chip = load(name, mode)
    assert chip.numbers
    assert [row.key for row in chip.numbers if not row.source.strip()] == []


@pytest.mark.parametrize(("name", "mode"), SETTINGS)
def test_what_is_calibrated_was_published(name, mode):
    header = load(name, mode).header
    published = {row.figure for row in header.reported}
    told = {figure for figures in header.calibrated.values() for figure in figures}
    elsewhere = ("same as ", "of two chips: ")  # `reported` is of this chip alone; `compare` shows ratios
    assert {figure for figure in told if not figure.startswith(elsewhere)} <= published


@pytest.mark.parametrize("name", CHIPS)
def test_every_chip_says_where_editors_find_its_schema(name):
    first = (shipped("architectures") / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert name == "tutorial" or first == "# yaml-language-server: $schema=xbarsim.schema.json"


@pytest.mark.parametrize(("name", "mode"), SETTINGS)
def test_modes_of_reported_figures_exist(name, mode):
    modes = {row.mode for row in load(name, mode).header.reported if row.mode}
    assert modes <= set(MODES.get(name, ()))


# --- the ADC survey model ---------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "nm", "rate_hz", "energy_pj", "area"), POINTS["adc_survey_model"]["points"])
def test_adc_survey_model_gives_its_known_points(bits, nm, rate_hz, energy_pj, area):
    assert survey_energy_pj(bits, rate_hz, nm) == pytest.approx(energy_pj, rel=0.015)
    if area is not None:
        assert survey_area_um2(bits, rate_hz, nm) == pytest.approx(area, rel=0.001)
