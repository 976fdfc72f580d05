"""Results of run, serve, generate and lifetime are saved, shown and drawn in one way."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import xbarsim as xs
from tests.llm_chips import llm_tree
from xbarsim.cli import main
from xbarsim.report.kinds import figures_of
from xbarsim.report.page import render_page
from xbarsim.report.run_folder import save_run
from xbarsim.report.tables import to_text

COMMANDS = {
    "infer": ["run", "llm.yaml", "moe_small_decode", "-n", "2"],
    "serve": ["serve", "llm.yaml", "moe_small_decode", "-a", "poisson 20 kHz", "-n", "40"],
    "generate": ["generate", "llm.yaml", "moe_small", "-n", "2", "--tokens", "4"],
    "lifetime": [
        "lifetime", "pcm-selfcorrect", "cnn_digits", "-a", "constant 100 Hz", "-p", "every 1 min", "--ages",
        "1 min, 1 h", "--networks", "2", "--samples", "20", "--windows", "2", "--requests", "50", "--seed", "7",
    ],
}  # fmt: skip


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as leaving:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert (leaving.value.code, err) == (0, "")
    return out


@pytest.mark.parametrize(("scenario", "command"), COMMANDS.items())
def test_saved_shown_and_drawn(
    scenario: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("llm.yaml").write_text(yaml.safe_dump(llm_tree(70, "on_chip", False), sort_keys=False))
    tables, _, saved = printed(capsys, *command, "-o", "out").rpartition("Saved in out: ")
    assert saved == "page.html, result.json\n"
    assert printed(capsys, "show", "out") == tables
    assert printed(capsys, *command, "--json").strip() == Path("out/result.json").read_text().strip()

    result = xs.load_result("out")
    assert result.scenario == scenario
    assert f" · {scenario}\n" in to_text(result)
    page = Path("out/page.html").read_text()
    assert page == render_page(result)
    html = result._repr_html_()
    for figure in figures_of(result):
        assert figure.label in tables and figure.label in page and figure.label in html
    save_run(result, "again")
    for name in ("page.html", "result.json"):
        assert Path("again", name).read_bytes() == Path("out", name).read_bytes()

    assert result.energy_pj == pytest.approx(result.static_pj + result.dynamic_pj)
    assert result.mean_power_w == pytest.approx(result.energy_pj / result.elapsed_ps)
    assert result.unknowns and result.area_mm2 >= 0


def test_where_a_life_comes_from_is_told_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seed, version of the code, digests of chip, network and weights: in the result and on its page."""
    printed(capsys, *COMMANDS["lifetime"], "-o", str(tmp_path / "out"))
    told = xs.load_result(tmp_path / "out").provenance
    chip, work = xs.load_chip("pcm-selfcorrect"), xs.load_workload("cnn_digits")
    assert told["seed"] == 7
    assert told["versions"]["xbarsim"] == xs.__version__
    assert told["spec_sha256"] == chip.sha256
    assert told["scenario"]["policies"] == ["every 60 s, at once, upkeep first"]
    page = (tmp_path / "out" / "page.html").read_text()
    for value in (chip.sha256, told["workload_sha256"], told["numerics"]["weights_sha256"]):
        assert len(value) == 64 and value in page
    other = xs.simulate(chip, work, xs.Lifetime(xs.Constant(1.0), ages_s=(1.0,), networks=1, samples=5))
    assert other.provenance["workload_sha256"] == told["workload_sha256"]
