"""CIFAR-10 from binary files that are written here, byte by byte as they are published."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from xbarsim.data import cifar10
from xbarsim.errors import DataError

BATCHES = [f"data_batch_{number}.bin" for number in range(1, 6)]


def record(label: int, red: int = 0, green: int = 0, blue: int = 0) -> bytes:
    return bytes([label]) + bytes([red] * 1024 + [green] * 1024 + [blue] * 1024)


def error(folder: Path, part: str) -> str:
    with pytest.raises(DataError) as caught:
        cifar10(folder, part)
    return str(caught.value).replace(str(folder), "FOLDER")


@pytest.mark.parametrize("below", ["", "cifar-10-batches-bin", "cifar10"])
def test_colours_and_labels(below, tmp_path):
    (tmp_path / below).mkdir(exist_ok=True)
    first = bytes([3]) + bytes(range(256)) * 12
    (tmp_path / below / "test_batch.bin").write_bytes(first + record(9, red=255, green=51))
    found = cifar10(tmp_path)
    assert found.labels.tolist() == [3, 9]
    assert found.images.shape == (2, 3, 32, 32)
    assert found.images[0, 0, 1, 0] == np.float32(32 / 255)  # pixels lie row by row
    assert [float(plane.min()) for plane in found.images[1]] == pytest.approx([1.0, 0.2, 0.0])


def test_five_batches_are_one_set_in_order(tmp_path):
    for number, name in enumerate(BATCHES):
        (tmp_path / name).write_bytes(record(number) + record(9 - number))
    assert cifar10(tmp_path, "train").labels.tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]


def test_all_missing_files_are_told_at_once(tmp_path):
    (tmp_path / BATCHES[0]).write_bytes(record(0))
    assert error(tmp_path, "train") == (
        "cifar10: no file data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin in 'FOLDER', nor in "
        "cifar-10-batches-bin, cifar10, cifar10/cifar-10-batches-bin of it; unpack the published 'CIFAR-10 binary "
        "version' there"
    )


class Trap:
    def __reduce__(self):
        return pytest.fail, ("a pickled file was read",)


def test_the_pickled_version_is_refused_unread(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps(Trap()))
    assert error(tmp_path, "test") == (
        "cifar10: no file test_batch.bin in 'FOLDER', nor in cifar-10-batches-bin, cifar10, "
        "cifar10/cifar-10-batches-bin of it. 'FOLDER/cifar-10-batches-py/test_batch' is of the python version: it is "
        "pickled, and reading it could run any code, so it is not read; get the 'CIFAR-10 binary version' "
        "(cifar-10-binary.tar.gz)"
    )


@pytest.mark.parametrize("content", [b"", record(1)[:-1], record(1) + b"0"])
def test_a_file_that_is_cut_off(content, tmp_path):
    (tmp_path / "test_batch.bin").write_bytes(content)
    assert error(tmp_path, "test") == (
        f"FOLDER/test_batch.bin: {len(content)} bytes are no whole number of images of 3073 bytes: cut off, or not of "
        "the binary version; get it anew"
    )


def test_a_label_of_no_class(tmp_path):
    (tmp_path / "test_batch.bin").write_bytes(record(1) + record(10))
    assert error(tmp_path, "test") == (
        "FOLDER/test_batch.bin: a label 10; allowed: 0 to 9; it is not of CIFAR-10's binary version, or damaged"
    )
