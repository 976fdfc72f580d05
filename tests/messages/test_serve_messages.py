"""What is wrong with a run under load is told at once, and nothing is run."""

from __future__ import annotations

import pytest

from xbarsim.cli import main
from xbarsim.scenario.arrivals import Poisson, Saturated
from xbarsim.scenario.batching import Fixed
from xbarsim.scenario.precision import Precision
from xbarsim.scenario.serve_spec import Resident, Serve, shares_of

ONE, TWO = ["serve", "hermes64", "mlp_digits"], ["serve", "hermes64", "mlp_digits", "lenet_digits"]
P = ["-a", "poisson 1 kHz"]
CASES = {
    "nothing asked": (
        ONE,
        "--arrivals: missing; write it like 'poisson 2000 Hz'\n"
        "--requests: missing; give --requests 10000, or --precision 'p99 5 %'\n",
    ),
    "all wrong at once": (
        [*ONE, "-a", "poison 1 kHz", "--batch", "fixed", "--precision", "p99"],
        "--arrivals: 'poison' is no kind of arrivals; allowed: one of 'poisson 2000 Hz', 'constant 1 kHz', "
        "'onoff 5 kHz 1 ms 9 ms', 'saturated', 'trace:FILE'; did you mean 'poisson'?\n"
        "--batch: 'fixed' is not written like 'fixed 8'; allowed: one of 'none', 'fixed 8', 'timeout 8 1 ms'\n"
        "--precision: 'p99' is no figure and percentage; write it like 'p99 5 %'\n",
    ),
    "no such figure": (
        [*ONE, *P, "--precision", "q99 5 %"],
        "--precision: Precision.figure is 'q99'; allowed: 'mean', or 'p' and a percentage above 0 and below 100; "
        "write it like 'p99 5 %'\n",
    ),
    "too many options": (
        [*TWO, *P, *P, *P, "-n", "9", "--share", "0.5"],
        "--arrivals: given 3 times for 2 networks; allowed: once for all, or 2 times, in their order\n"
        "--share: given once for 2 networks; allowed: one for each, or none\n",
    ),
    "no room for a batch": (
        [*ONE, *P, "-n", "9", "--batch", "fixed 8", "--limit", "4"],
        "--limit: Serve.admission_limit is 4; allowed: a whole number from 8\n",
    ),
    "no room in the queue for a batch": (
        [*ONE, *P, "-n", "9", "--batch", "fixed 8", "--queue-limit", "4"],
        "--limit: Serve.queue_limit is 4; allowed: a whole number from 7\n",
    ),
    "shares beyond the chip": (
        [*TWO, *P, "-n", "9", "--share", "0.7", "--share", "0.6"],
        "--share: Resident.share: shares add up to 1.3; allowed: at most 1 in all\n",
    ),
    "no share": (
        [*TWO, *P, "-n", "9", "--share", "0", "--share", "0.6"],
        "--share: Resident.share is 0.0; allowed: a number above 0, up to 1\n",
    ),
    "a curve of a full chip": (
        [*ONE, "-a", "saturated", "-n", "9", "--curve"],
        "--curve: Serve.curve: a load curve needs arrivals whose rate can be set: Poisson, Constant, OnOff; "
        "not a recorded stream, nor Saturated\n",
    ),
    "a curve of two": (
        [*TWO, *P, "-n", "9", "--curve"],
        "--curve: given with 2 networks; allowed: with one network\n",
    ),
    "precision of a full chip": (
        [*ONE, "-a", "saturated", "--precision", "p99 5 %"],
        "--precision: saturated arrivals have no latency to be precise about; give --requests\n",
    ),
}


@pytest.mark.parametrize(("arguments", "told"), CASES.values(), ids=CASES.keys())
def test_wrong_options_are_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert capsys.readouterr().err == told


def test_wrong_values_in_python_are_told() -> None:
    for make, told in (
        (
            lambda: Serve(Poisson(1.0)),
            "Serve: give one of requests and precision, which say when the run ends",
        ),
        (
            lambda: Serve(Poisson(1.0), 5, Precision()),
            "Serve: give one of requests and precision, which say when the run ends",
        ),
        (lambda: Serve(Poisson(1.0), 0), "Serve.requests is 0; allowed: a whole number from 1"),
        (lambda: Serve(Poisson(1.0), 5, seed=-1), "Serve.seed is -1; allowed: a whole number from 0"),
        (
            lambda: Serve(Poisson(1.0), 5, batching=Fixed(4), admission_limit=3),
            "Serve.admission_limit is 3; allowed: a whole number from 4",
        ),
        (
            lambda: Serve(Saturated(), 5, queue_limit=3),
            "Serve.queue_limit: Saturated arrivals never queue; leave it out",
        ),
        (
            lambda: Serve(Poisson(1.0), 5, curve=(0.5, 1.0)),
            "Serve.curve is (0.5, 1.0); allowed: loads above 0 and below 1",
        ),
        (
            lambda: Resident(None, Poisson(1.0), 1.5),
            "Resident.share is 1.5; allowed: a number above 0, up to 1",
        ),
        (
            lambda: shares_of([1.0, None]),
            "Resident.share: shares add up to 1; allowed: at most 1 in all",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            make()
        assert str(caught.value) == told
