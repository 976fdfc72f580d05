"""What a comparison hangs on: prices exactly, other keys by running, and what was fitted told apart."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.errors import SpecError
from xbarsim.report import compare_views as views
from xbarsim.report.compare_page import render_comparison
from xbarsim.report.compare_sensitivity import fitted_words, price_effects
from xbarsim.study.compare import Comparison
from xbarsim.study.vary import WITHOUT_FIT, Vary, read_vary

FACTOR = "accelerator.array.energy.factor"
CHIPS = ("zcu104-pot", "zcu104-uniform")


def compared(vary: Sequence[Vary] = (), settings: Sequence[Sequence[str]] = ((), ())) -> Comparison:
    chips = [xs.load_chip(name, given) for name, given in zip(CHIPS, settings, strict=True)]
    return xs.compare(chips, [xs.load_workload("mlp_digits")], vary=vary)


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compared([Vary(FACTOR, ("14", "17"), "zcu104-uniform"), Vary("accelerator.array.rows", ("8",))])


def ratio(found: Comparison) -> float:
    return found.differences[0].energy_ratio() or 0.0


def test_a_dearer_part_moves_the_ratio_as_if_it_were_run(found: Comparison) -> None:
    """Ten per cent on the factor of the multiplier's price, by arithmetic and by simulation."""
    in_reference, in_other, in_both = price_effects(found.differences[0], "pe_array")
    assert in_other == pytest.approx(ratio(compared(settings=((), (f"{FACTOR}={15.85 * 1.1}",)))), rel=1e-9)
    assert in_reference == pytest.approx(ratio(compared(settings=((f"{FACTOR}={14 * 1.1}",), ()))), rel=1e-9)
    both = ratio(compared(settings=((f"{FACTOR}={14 * 1.1}",), (f"{FACTOR}={15.85 * 1.1}",))))
    assert in_both == pytest.approx(both, rel=1e-9)


def test_what_one_chip_has_not_is_not_made_dearer() -> None:
    chips = [xs.load_chip(name) for name in ("zcu104-pot", "hermes64")]
    told = xs.compare(chips, [xs.load_workload("mlp_digits")]).differences[0]
    assert price_effects(told, "crossbar")[0] is None and price_effects(told, "crossbar")[2] is None
    assert price_effects(told, "pe_array")[1:] == (None, None)


def test_the_fit_is_undone_beside(found: Comparison) -> None:
    """Without its one fitted number the ratio is what the same factor for both elements gives."""
    without = next(one for one in found.variations if one.label == WITHOUT_FIT)
    by_hand = next(one for one in found.variations if one.value == "14")
    assert without.entries == by_hand.entries
    assert without.entries[0] is found.entries[0]
    words = fitted_words(found)
    assert words[0].startswith(
        "ZCU104, uniform weights: 1 number fitted: accelerator.array.energy (to: of two chips: at least 1.4"
    )
    assert words[1].startswith(f"without the fit ({FACTOR}=14: the factor of zcu104-pot")


@pytest.mark.parametrize("setting", [f"{FACTOR}=17", "accelerator.array.energy=2 pJ"])
def test_what_is_set_by_hand_is_no_fit_to_be_undone(setting: str) -> None:
    assert compared(settings=((), (setting,))).variations == ()


def test_a_varied_chip_is_the_chip_loaded_so(found: Comparison) -> None:
    labels = [(one.label, one.value) for one in found.variations[1:]]
    assert labels == [
        (f"zcu104-uniform:{FACTOR}", "14"),
        (f"zcu104-uniform:{FACTOR}", "17"),
        ("accelerator.array.rows", "8"),
    ]
    rows = ["accelerator.array.rows=8"]
    assert found.variations[-1].entries == compared(settings=(rows, rows)).entries


def test_what_was_set_before_stays_set() -> None:
    set_before = compared(
        [Vary(FACTOR, ("17",))], (("accelerator.array.rows=8",), ("accelerator.array.rows=8",))
    )
    both = compared(settings=[["accelerator.array.rows=8", f"{FACTOR}=17"]] * 2)
    assert set_before.variations[-1].entries == both.entries


@pytest.mark.parametrize(
    ("text", "key", "values", "chips"),
    [
        ("core.adc.bits=6,8", "core.adc.bits", ("6", "8"), ""),
        ("hermes*:core.adc.bits = 6", "core.adc.bits", ("6",), "hermes*"),
        ("a.operations=[x, y],[x]", "a.operations", ("[x, y]", "[x]"), ""),
        (
            "a.energy={model: pe.mac, weights: 4},1 pJ",
            "a.energy",
            ("{model: pe.mac, weights: 4}", "1 pJ"),
            "",
        ),
    ],
)
def test_values_are_parted_outside_of_brackets(
    text: str, key: str, values: tuple[str, ...], chips: str
) -> None:
    assert read_vary(text) == Vary(key, values, chips)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rows", "--vary rows: no '='; write it like 'core.adc.bits=6,8'"),
        ("=3", "--vary =3: no key"),
        ("a.b=1,,2", "--vary a.b=1,,2: a value is missing"),
        ("mega:a.b=1", "--vary mega:a.b: 'mega' is none of the chips; allowed: one of zcu104-pot, zcu104-uniform"),
        ("accelerator.aray.rows=3", "no chip has this key; did you mean 'accelerator.array.rows'?"),
        ("zcu104-pot:accelerator.aray.rows=3", "'aray' is not in 'accelerator'; did you mean 'array'?"),
        ("accelerator.array.rows=4,0", "--vary accelerator.array.rows: 0 is out of range; allowed: a whole"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_is_told(text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        compared([read_vary(text)])
    assert said in str(caught.value)


def test_the_page_and_other_programs_are_told(found: Comparison) -> None:
    page = render_comparison(found)
    assert '<section id="fitted">' in page and '<section id="sensitivity">' in page
    assert page.count("<svg") == 4
    told = json.loads(views.as_json(found))
    assert [one["to"] for one in told["varied"][1:]] == ["14", "17", "8"]
    assert [list(entry["fitted"]) for entry in told["entries"]] == [[], ["accelerator.array.energy"]]


def test_the_command_sets_what_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(
            [
                "compare",
                *CHIPS,
                "-w",
                "mlp_digits",
                "--set",
                "*uniform:accelerator.array.energy.factor=14",
                "-f",
                "json",
            ]
        )
    assert leaving.value.code == 0
    energy = [entry["figures"]["energy_pj"] for entry in json.loads(capsys.readouterr().out)["entries"]]
    assert energy[1] / energy[0] == pytest.approx(1.17, abs=0.02)
    with pytest.raises(SystemExit) as leaving:
        main(["compare", *CHIPS, "-w", "mlp_digits", "--set", "isaac:tile.count=3"])
    assert leaving.value.code == 2
    assert (
        "--set tile.count=3: 'isaac' is none of the chips; allowed: one of zcu104-pot"
        in capsys.readouterr().err
    )
