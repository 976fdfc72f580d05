"""The command `serve` from its options to the page, and the result from disk and in a notebook."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import xbarsim as xs
from xbarsim.cli import main
from xbarsim.report.page import render_page
from xbarsim.report.tables import to_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("serve") / "run"
    with pytest.raises(SystemExit) as leaving:
        main(
            ["serve", "hermes64", "mlp_digits", "-a", "poisson 500 kHz", "-n", "800", "--limit", "4",
             "--queue-limit", "20", "--batch", "timeout 2 1 us", "--curve", "-o", str(out)]
        )  # fmt: skip
    assert leaving.value.code == 0
    return out


def test_a_run_folder_is_read_back_as_it_was(folder: Path) -> None:
    result = xs.load_result(folder)
    assert isinstance(result, xs.ServeResult)
    served = result.networks[0]
    assert (served.arrivals, served.batching) == ("poisson 500000 Hz", "timeout 2 1e-06 s")
    assert (served.admission_limit, served.queue_limit, served.completed) == (4, 20, 800)
    assert [point.load for point in result.curve] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    assert result.saturation is not None and result.saturation.per_s > 500_000
    xs.save_result(result, folder.parent / "again")
    assert (folder.parent / "again" / "result.json").read_bytes() == (folder / "result.json").read_bytes()


def test_a_saved_run_is_shown_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["show", str(folder)])
    shown = capsys.readouterr().out
    assert "mlp_digits on IBM HERMES 64-core · serve" in shown
    for title in ("Latency", "Networks", "Queues", "Energy per request", "Saturation", "Latency by load"):
        assert f"\n{title} ·" in shown


def test_the_page_and_the_notebook_show_it(folder: Path) -> None:
    result = xs.load_result(folder)
    assert isinstance(result, xs.ServeResult)
    page = (folder / "page.html").read_text()
    assert page == render_page(result)
    for anchor in ("latency", "networks", "queues", "load", "saturation", "energy", "stations", "laws"):
        assert f'<section id="{anchor}">' in page
    assert page.count("<svg") == 2 and "mathdefault" not in page
    html = result._repr_html_()
    assert "Mean latency" in html and "mlp_digits" in html


def test_two_networks_are_told_apart() -> None:
    chip, work = xs.load_chip("hermes64"), xs.load_workload("mlp_digits")
    first = xs.Resident(work, xs.Poisson(2e5), 0.5)
    result = xs.simulate(chip, [first, xs.Resident(work, xs.Constant(1e5))], xs.Serve(requests=200))
    text = to_text(result)
    assert "mlp_digits + mlp_digits #2 on IBM HERMES 64-core · serve" in text
    assert "mlp_digits #2: mean latency" in text
    assert "OK" not in text and "BROKEN" not in text
    assert render_page(result).count("<svg") == 1
    with pytest.raises(ValueError, match="2 networks were served; ask one of `networks`"):
        _ = result.latency_ns


def test_latency_is_that_of_infer_where_nobody_is_in_the_way() -> None:
    chip, work = xs.load_chip("hermes64"), xs.load_workload("mlp_digits")
    alone = xs.simulate(chip, work, xs.Infer(requests=1))
    result = xs.simulate(chip, work, xs.Serve(xs.Constant(1e3), requests=300))
    assert result.latency_ns.mean == result.latency_ns.p95 == alone.latency.alone_ns
    assert xs.saturation(chip, work).per_s == pytest.approx(
        xs.simulate(chip, work, xs.Infer(requests=60)).throughput.per_s, rel=2e-3
    )


def test_one_network_may_be_held_to_a_share(capsys: pytest.CaptureFixture[str]) -> None:
    arrays = []
    for more in ([], ["--share", "0.5"]):
        with pytest.raises(SystemExit):
            main(["serve", "hermes64", "lenet_digits", "-a", "constant 1 kHz", "-n", "60", "--json", *more])
        arrays.append(json.loads(capsys.readouterr().out)["result"]["networks"][0]["arrays"])
    assert arrays[0] > 32 >= arrays[1]
