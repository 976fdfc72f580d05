"""Magnetic synapses: gated reads, 18.3 TOPS/W out of the simulation, errors bit by bit, writes line by line."""

from __future__ import annotations

import pytest

import xbarsim as xs
from xbarsim.components.columns import ColumnPulses
from xbarsim.components.ternary import SignedSerialDac
from xbarsim.errors import MappingError, SpecError
from xbarsim.workload.inline import read_inline

PUBLISHED = 18.3  # TOPS/W feed-forward: Greenberg-Toledo et al., abstract


def converted_and_read_pj(result: xs.Result) -> float:
    return sum(row.energy_pj for row in result.energy if row.component in ("tile.array", "tile.adc"))


@pytest.mark.parametrize(("mode", "operations"), [("two_operations", 2), ("one_operation", 1)])
def test_feed_forward_efficiency(mode: str, operations: int) -> None:
    """Of a product that fills an array: the sum over the ledger, with an operation a synapse or two."""
    result = xs.simulate(xs.load_chip("mtj-gxnor", [f"mode={mode}"]), read_inline("product 64x64"))
    tops_per_w = operations * 64 * 64 * result.requests / converted_and_read_pj(result)
    assert tops_per_w == pytest.approx(PUBLISHED, rel=1e-3)


def test_gated_cells_are_not_read() -> None:
    """Two thirds of 64 x 64 cells, and a share of the energy with them; without gating all."""
    work = read_inline("product 64x64")
    counts = {}
    for share in (0.25, 0.6667, 1):
        result = xs.simulate(xs.load_chip("mtj-gxnor", [f"tile.array.active_share={share}"]), work)
        row = next(row for row in result.energy if row.action == "cell read")
        counts[share] = row.count / result.requests
        assert row.energy_pj == pytest.approx(row.count * 0.14048)
    assert counts == {0.25: 1024, 0.6667: 2731, 1: 4096}


def test_share_out_of_range() -> None:
    with pytest.raises(SpecError) as told:
        xs.load_chip("mtj-gxnor", ["tile.array.active_share=1.5"])
    assert str(told.value) == "--set tile.array.active_share: 1.5; allowed: above 0, up to 1"


def test_ternary_network_runs() -> None:
    """Its five blocks, all conversions, every law; the latency does not depend on how wide the arrays are read."""
    result = xs.simulate(xs.load_chip("mtj-gxnor"), xs.load_workload("tnn_digits"))
    assert all(law.holds for law in result.laws) and result.macs_per_request == 64 * 128 + 128 * 64 + 64 * 10
    conversions = next(row for row in result.energy if row.action == "conversion")
    assert conversions.count == result.requests * (128 + 2 * 64 + 10)


def test_errors_go_bit_by_bit() -> None:
    """Seven magnitude bits: seven pulses and seven conversions; a ternary number: one."""
    dac = SignedSerialDac(
        kind="dac.signed_serial", area="unknown", idle_power="unknown", pulse="10 ns", energy="1 fJ"
    )
    assert [dac.slices(bits) for bits in (1, 2, 8)] == [1, 1, 7]
    assert dac.feed(8).reads == len(dac.feed(8).conversions) == 1
    driven = dac.drive(64)
    assert (driven.portion_ps, driven.actions[0].count) == (10_000, 64)


def trainer() -> ColumnPulses:
    return ColumnPulses(
        kind="trainer.columns", area="unknown", idle_power="unknown", setup="1 ns", write_voltage="2 V",
        error_precision=8, line_energy="3 fJ", timer_energy="0.5 fJ",
    )  # fmt: skip


def test_lines_are_written_one_after_another() -> None:
    """M10: time by the number of lines, whatever number of cells is on them."""
    found = {(lines, cells): trainer().line_by_line(lines, cells) for lines in (1, 64) for cells in (10, 64)}
    assert [service.portion_ps for service in found.values()] == [1_000, 1_000, 64_000, 64_000]
    assert [(a.name, a.count, a.energy_pj) for a in found[64, 10].actions] == [
        ("line selected", 64, 0.003), ("timer started", 640, 0.0005)
    ]  # fmt: skip
    assert trainer().pulse_energy_pj(500.0) == pytest.approx(2.0)  # (2 V)^2 x 500 uS x 1 ns


def test_outer_products_are_refused() -> None:
    with pytest.raises(
        MappingError, match=r"cannot drive all 128 lines at once.*gxnor, mixed_precision, hybrid"
    ):
        trainer().parallel(5, 128)
