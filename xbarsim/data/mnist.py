"""MNIST: 28x28 handwritten digits, in the IDX files that they are published as."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from xbarsim.data.examples import Examples, Part, check_part
from xbarsim.data.folder import data_folder, find
from xbarsim.errors import DataError

Bytes = NDArray[np.uint8]
_BELOW = ("mnist", "MNIST", "MNIST/raw", "mnist/raw")
_PREFIX = {"train": "train", "test": "t10k"}
_SHAPE = (28, 28)
_CLASSES = 10
_UNSIGNED_BYTE = 8  # the type of an IDX file's values, its third byte; the fourth is the number of dimensions


def mnist(folder: str | Path | None = None, part: Part = "test") -> Examples:
    """60,000 images to train on or 10,000 to test, (n, 1, 28, 28), of the published files, plain or gzipped.

    folder: where they are, or the environment variable XBARSIM_DATA; 'mnist' and 'MNIST/raw' in it are looked at, too.
    Source: LeCun, Cortes and Burges, The MNIST database of handwritten digits (1998).
    Raises: DataError if a file is missing, of another kind, cut off, or does not belong to the other.
    """
    check_part(part)
    where = data_folder(folder, "mnist")
    images_file = _file(where, f"{_PREFIX[part]}-images", 3)
    labels_file = _file(where, f"{_PREFIX[part]}-labels", 1)
    images, labels = read_idx(images_file, 3), read_idx(labels_file, 1)
    if images.shape[1:] != _SHAPE:
        found = "x".join(map(str, images.shape[1:]))
        raise DataError(f"{images_file}: images of {found} pixels; allowed: 28x28")
    if len(images) != len(labels):
        raise DataError(f"{images_file}: {len(images)} images, but {len(labels)} labels in {labels_file}")
    if labels.size and labels.max() >= _CLASSES:
        raise DataError(f"{labels_file}: a label {labels.max()}; allowed: 0 to {_CLASSES - 1}")
    return Examples(images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int64))


def _file(folder: Path, stem: str, dimensions: int) -> Path:
    plain = [f"{stem}{mark}idx{dimensions}-ubyte" for mark in "-."]
    names = [*plain, *(f"{name}.gz" for name in plain)]
    path = find(folder, _BELOW, names)
    if path is None:
        raise DataError(
            f"mnist: no file {', '.join(names)} in '{folder}', nor in {', '.join(_BELOW)} of it; "
            f"put the four published files there (train-images, train-labels, t10k-images, t10k-labels)"
        )
    return path


def read_idx(path: Path, dimensions: int) -> Bytes:
    """The array of an IDX file of bytes: two zero bytes, type, number of dimensions, sizes (big-endian), values.

    Raises: DataError.
    """
    content = _content(path)
    head = 4 + 4 * dimensions
    expected = bytes((0, 0, _UNSIGNED_BYTE, dimensions))
    if content[:4] != expected:
        raise DataError(
            f"{path}: begins with the bytes {content[:4].hex() or 'none'}; allowed: {expected.hex()}, "
            f"an IDX file of bytes with {dimensions} dimension{'s' if dimensions > 1 else ''}"
        )
    if len(content) < head:
        raise DataError(f"{path}: cut off: {len(content)} bytes, where its head has {head}; get it anew")
    sizes = np.frombuffer(content[4:head], dtype=">u4").tolist()
    wanted = head + prod(sizes)
    if len(content) != wanted:
        how = "cut off" if len(content) < wanted else "too long"
        raise DataError(f"{path}: {how}: {len(content)} bytes, where its head says {wanted}; get it anew")
    return np.frombuffer(content, dtype=np.uint8, offset=head).reshape(sizes)


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be unpacked ({error}); get it anew") from error
