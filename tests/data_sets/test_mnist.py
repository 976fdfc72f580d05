"""MNIST from IDX files that are written here, byte by byte as they are published."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from xbarsim.data import mnist
from xbarsim.errors import DataError

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
THREE = "allowed: 00000803, an IDX file of bytes with 3 dimensions"
PIXELS = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 256


def images(count: int = 3, side: int = 28, magic: int = 0x803) -> bytes:
    return struct.pack(">4I", magic, count, side, side) + bytes(PIXELS[:count, :side, :side].astype(np.uint8))


def labels(*classes: int) -> bytes:
    return struct.pack(">2I", 0x801, len(classes)) + bytes(classes)


def put(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def error(folder: Path, files: dict[str, bytes]) -> str:
    with pytest.raises(DataError) as caught:
        mnist(put(folder, files), "test")
    return str(caught.value).replace(str(folder), "FOLDER")


@pytest.mark.parametrize("below", ["", "mnist/", "MNIST/raw/"])
@pytest.mark.parametrize("zipped", [False, True])
def test_pixels_and_labels(below, zipped, tmp_path):
    files = {IMAGES: images(), LABELS: labels(7, 2, 9)}
    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}
    found = mnist(put(tmp_path, {below + name: body for name, body in (packed if zipped else files).items()}))
    assert found.images.shape == (3, 1, 28, 28)
    assert np.array_equal(found.images[:, 0], (PIXELS / 255).astype(np.float32))
    assert found.labels.tolist() == [7, 2, 9]


def test_the_part_that_is_trained_on_has_files_of_its_own(tmp_path):
    files = {IMAGES: images(), LABELS: labels(7, 2, 9)}
    files |= {"train-images.idx3-ubyte": images(1), "train-labels.idx1-ubyte": labels(4)}
    assert mnist(put(tmp_path, files), "train").labels.tolist() == [4]


def test_the_folder_may_come_from_the_environment(tmp_path, monkeypatch):
    put(tmp_path, {IMAGES: images(1), LABELS: labels(7)})
    monkeypatch.setenv("XBARSIM_DATA", str(tmp_path))
    assert len(mnist()) == 1


def test_no_folder(monkeypatch):
    monkeypatch.delenv("XBARSIM_DATA", raising=False)
    with pytest.raises(DataError) as caught:
        mnist()
    assert str(caught.value) == (
        "mnist: no folder is given, and nothing is downloaded; set the environment variable XBARSIM_DATA, "
        "or pass data_folder"
    )


def test_a_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("XBARSIM_DATA", str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"mnist: XBARSIM_DATA is '.*none', which is no folder"):
        mnist()


def test_a_missing_file_is_told_with_all_names_that_were_tried(tmp_path):
    assert error(tmp_path, {IMAGES: images()}) == (
        "mnist: no file t10k-labels-idx1-ubyte, t10k-labels.idx1-ubyte, t10k-labels-idx1-ubyte.gz, "
        "t10k-labels.idx1-ubyte.gz in 'FOLDER', nor in mnist, MNIST, MNIST/raw, mnist/raw of it; put the four "
        "published files there (train-images, train-labels, t10k-images, t10k-labels)"
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (images(magic=0x801), f"begins with the bytes 00000801; {THREE}"),
        (b"<html>", f"begins with the bytes 3c68746d; {THREE}"),
        (b"", f"begins with the bytes none; {THREE}"),
        (images()[:-1], "cut off: 2367 bytes, where its head says 2368; get it anew"),
        (images()[:10], "cut off: 10 bytes, where its head has 16; get it anew"),
        (images() + b"0", "too long: 2369 bytes, where its head says 2368; get it anew"),
        (images(side=14), "images of 14x14 pixels; allowed: 28x28"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_images(content, text, tmp_path):
    assert error(tmp_path, {IMAGES: content, LABELS: labels(7, 2, 9)}) == f"FOLDER/{IMAGES}: {text}"


def test_other_counts_of_images_and_labels(tmp_path):
    expected = f"FOLDER/{IMAGES}: 3 images, but 2 labels in FOLDER/{LABELS}"
    assert error(tmp_path, {IMAGES: images(), LABELS: labels(7, 2)}) == expected


def test_a_label_of_no_class(tmp_path):
    expected = f"FOLDER/{LABELS}: a label 10; allowed: 0 to 9"
    assert error(tmp_path, {IMAGES: images(), LABELS: labels(7, 2, 10)}) == expected


@pytest.mark.parametrize(
    "damaged", [gzip.compress(images(), mtime=0)[:-9], b"no archive", gzip.compress(images(), mtime=0)[:40]]
)
def test_a_damaged_archive(damaged, tmp_path):
    text = error(tmp_path, {f"{IMAGES}.gz": damaged, LABELS: labels(7)})
    assert text.startswith(f"FOLDER/{IMAGES}.gz: cannot be unpacked (")
    assert text.endswith("); get it anew")
