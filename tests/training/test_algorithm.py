"""Files of algorithms: what is shipped, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.devices.load import load_technology
from xbarsim.devices.pulsed import load_pulsed_device
from xbarsim.errors import DeviceError, SpecError
from xbarsim.spec.loader import load_located
from xbarsim.training.algorithm import (
    ALGORITHMS,
    AgadAlgorithm,
    TransferAlgorithm,
    load_algorithm,
    shipped_algorithms,
)
from xbarsim.training.by_algorithm import rules_for
from xbarsim.training.tiki_taka import agad, chopped_ttv2, ttv2
from xbarsim.training.trains import Pulsing


@pytest.mark.parametrize("name", shipped_algorithms())
def test_shipped_algorithms(name: str) -> None:
    algorithm = load_algorithm(name)
    assert algorithm.kind == name and algorithm.source
    tree = load_located(shipped_algorithms()[name]).tree
    words = {"kind", "source", "loss", "optimiser"}
    assert [key for key, value in tree.items() if key not in words and "source" not in value] == []


def test_every_algorithm_is_shipped() -> None:
    assert set(shipped_algorithms()) == set(ALGORITHMS)


def test_settings_are_those_of_the_rules() -> None:
    train = (2, Pulsing(5), 200.0)
    wanted = {"ttv2": ttv2(*train), "chopped_ttv2": chopped_ttv2(*train, 0.2), "agad": agad(*train, 0.2, 0.5)}
    for name, transfer in wanted.items():
        algorithm = load_algorithm(name)
        assert isinstance(algorithm, TransferAlgorithm) and algorithm.transfer() == transfer
    other = load_algorithm(
        "agad", ["beta=1", "lines=outputs", "referred=true", "pulses=spread", "gamma_0=50"]
    )
    assert isinstance(other, AgadAlgorithm)
    given = {
        "share": 1.0,
        "lines": "outputs",
        "referred": True,
        "gain": 50.0,
        "pulsing": Pulsing(5, kind="spread"),
    }
    assert {key: getattr(other.transfer(), key) for key in given} == given


def test_rate_falls_from_the_first_to_the_last_epoch() -> None:
    algorithm = load_algorithm("ttv2", ["learning_rate=0.4", "falls_to=0.25"])
    assert [algorithm.rate(epoch, 3) for epoch in range(3)] == pytest.approx([0.4, 0.2, 0.1])
    assert algorithm.rate(0, 1) == 0.4


def test_all_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "kind: agad\nlearning_rate: 0\nepochs: 10\nbatch: 2.5\ntransfer_every: 2\nlongest_train: 5\n"
        "chopper_probabilty: 0.1\nbeta: 1.5\npulses: random\n"
    )
    with pytest.raises(SpecError) as told:
        load_algorithm(file)
    assert str(told.value).splitlines() == [
        "mine.yaml:1 chopper_probability: missing; allowed: a number, or 'ideal', 'unknown' or 'included'; every "
        "algorithm of this kind needs it (rho: of a chopper to turn after a read)",
        "mine.yaml:4 batch: 2.5; allowed: a whole number from 1",
        "mine.yaml:7 chopper_probabilty: unknown key; did you mean 'chopper_probability'?",
        "mine.yaml:9 pulses: 'random'; allowed: 'stochastic', 'spread' or 'rounded'",
    ]


def test_numbers_out_of_range() -> None:
    with pytest.raises(SpecError) as told:
        load_algorithm("agad", ["beta=1.5", "learning_rate=0", "momentum=1", "chopper_probability=0"])
    assert sorted(str(told.value).splitlines()) == [
        "--set beta: 1.5; allowed: above 0, up to 1",
        "--set chopper_probability: 0.0; allowed: above 0, up to 1",
        "--set learning_rate: 0.0; allowed: above 0",
        "--set momentum: 1.0; allowed: from 0, below 1",
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("agod", "agod: no file and no shipped training algorithm of this name; did you mean 'agad'?"),
        ("no.yaml", "no.yaml: does not exist; check the path"),
    ],
)
def test_no_such_algorithm(name: str, told: str) -> None:
    with pytest.raises(SpecError) as error:
        load_algorithm(name)
    assert str(error.value) == told


def test_devices_that_do_not_fit() -> None:
    soft, algorithm = load_pulsed_device("soft_bounds"), load_algorithm("agad")
    with pytest.raises(DeviceError) as told:
        rules_for(algorithm, {"fast": soft})
    assert str(told.value) == (
        "agad: array 'slow' has no device; allowed: a pulsed device; the arrays of agad are 'fast', 'slow'"
    )
    with pytest.raises(
        DeviceError, match="devices: 'fats' is no array; the arrays of agad are 'fast', 'slow'"
    ):
        rules_for(algorithm, {"fats": soft, "slow": soft})
    with pytest.raises(
        DeviceError, match="array 'junctions' has a device of pcm; allowed: mtj or ideal_cell"
    ):
        rules_for(load_algorithm("gxnor"), {"junctions": load_technology("pcm")})
