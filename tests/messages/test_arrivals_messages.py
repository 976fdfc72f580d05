"""What is said of request streams that are none: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xbarsim.errors import SpecError
from xbarsim.scenario.arrivals import Constant, OnOff, Poisson, Recorded
from xbarsim.scenario.arrivals_text import arrivals_from_text, read_arrivals

FORMS = (
    "allowed: one of 'poisson 2000 Hz', 'constant 1 kHz', 'onoff 5 kHz 1 ms 9 ms', 'saturated', 'trace:FILE'"
)
TEXTS = {
    "": f"--arrivals: empty; {FORMS}",
    "poison 3 Hz": f"--arrivals: 'poison' is no kind of arrivals; {FORMS}; did you mean 'poisson'?",
    "weekly": f"--arrivals: 'weekly' is no kind of arrivals; {FORMS}",
    "poisson": f"--arrivals: 'poisson' is not written like 'poisson 2000 Hz'; {FORMS}",
    "poisson 3": f"--arrivals: '3' has no unit; {FORMS}; write it like 'poisson 2000 Hz'",
    "constant 3 ms": (
        f"--arrivals: '3 ms' is a duration, not a frequency; {FORMS}; write it like 'constant 1 kHz'"
    ),
    "onoff 5 kHz 1 ms": (
        f"--arrivals: 'onoff 5 kHz 1 ms' is not written like 'onoff 5 kHz 1 ms 9 ms'; {FORMS}"
    ),
    "saturated 3 Hz": f"--arrivals: 'saturated 3 Hz' is not written like 'saturated'; {FORMS}",
    "poisson -3 Hz": "--arrivals: Poisson.rate_hz is -3.0; allowed: a number from 1e-06 to 1e+12",
    "trace:": f"--arrivals: no file after 'trace:'; {FORMS}",
    "trace:none.csv": "none.csv: no such file; check the path",
}
HOW = "write it like '12.5 us', or the unit once in a first line 'time [us]'"
FILES = {
    "": f"a.csv:1: no arrival times; allowed: one a line; {HOW}",
    "time [us]\n# none\n": f"a.csv:1: no arrival times; allowed: one a line; {HOW}",
    "time [parsec]\n5\n": "a.csv:1: 'parsec' is no unit of time; write it like 'time [us]'",
    "5 us\n6\n": f"a.csv:2: '6' has no unit; {HOW}",
    "time [us]\n5\nabc\n": (
        "a.csv:3: 'abc' is not a number with a unit; allowed: duration; write it like '1.25 ns'"
    ),
    "-1 ns\n": "a.csv:1: '-1 ns' is negative; allowed: times from 0",
    "5 us\n\n4 us\n": (
        "a.csv:3: '4 us' comes after '5 us' in line 1; allowed: times that never fall; sort the lines"
    ),
    "5 us, resnet18\n": "a.csv:1: '5 us, resnet18' has several columns; allowed: one arrival time a line",
    "5 Hz\n6 furlong\n": (
        "a.csv:1: '5 Hz' is a frequency, not a duration; write it like '1.25 ns'\n"
        "a.csv:2: 'furlong' in '6 furlong' is no known unit; write it like '1.25 ns'"
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_words_that_are_no_stream(text: str) -> None:
    with pytest.raises(SpecError) as error:
        arrivals_from_text(text)
    assert str(error.value) == TEXTS[text]


@pytest.mark.parametrize("content", FILES)
def test_files_that_are_no_trace(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(SpecError) as error:
        read_arrivals(path)
    assert str(error.value) == FILES[content]


def test_of_many_problems_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x\n" * 1_000)
    with pytest.raises(SpecError) as error:
        read_arrivals(path)
    lines = str(error.value).splitlines()
    assert (len(lines), lines[-1]) == (21, "a.csv:21: and 980 more problems from here on")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match=r"^a\.csv: is no text file \(UTF-8\); check the path$"):
        read_arrivals(path)
    with pytest.raises(SpecError, match="cannot be read; check the path"):
        read_arrivals(Path(os.fspath(tmp_path)))


RATE, PERIOD = "allowed: a number from 1e-06 to 1e+12", "allowed: a number from 1e-09 to 1e+09"
WHOLE = "allowed: whole picoseconds from 0, never falling"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Poisson(0), f"Poisson.rate_hz is 0; {RATE}"),
        (lambda: Poisson(True), f"Poisson.rate_hz is True; {RATE}"),
        (lambda: Constant(float("nan")), f"Constant.rate_hz is nan; {RATE}"),
        (lambda: Constant("1 kHz"), f"Constant.rate_hz is '1 kHz'; {RATE}"),
        (lambda: OnOff(1e3, 0.0, 1.0), f"OnOff.on_s is 0.0; {PERIOD}"),
        (lambda: OnOff(1e3, 1.0, float("inf")), f"OnOff.off_s is inf; {PERIOD}"),
        (lambda: Recorded([]), "Recorded.recorded_ps is empty; allowed: one arrival time or more"),
        (lambda: Recorded([0.5]), f"Recorded.recorded_ps is a list; {WHOLE}"),
        (lambda: Recorded([-1]), f"Recorded.recorded_ps[0] is -1, below 0; {WHOLE}"),
        (lambda: Recorded([3, 2]), f"Recorded.recorded_ps[1] is 2, below 3; {WHOLE}"),
    ],
)
def test_streams_that_cannot_be(make, text: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == text
