"""CIFAR-10: 32x32 colour images in ten classes, in the binary files that they are published as."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from xbarsim.data.examples import Examples, Part, check_part
from xbarsim.data.folder import data_folder, find
from xbarsim.errors import DataError

_BELOW = ("cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin")
_PICKLED = ("cifar-10-batches-py", "cifar10/cifar-10-batches-py", *_BELOW)
_FILES = {"train": tuple(f"data_batch_{n}.bin" for n in range(1, 6)), "test": ("test_batch.bin",)}
_SHAPE = (3, 32, 32)
_CLASSES = 10
_RECORD = 1 + 3 * 32 * 32  # a label, then the red, the green and the blue pixels


def cifar10(folder: str | Path | None = None, part: Part = "test") -> Examples:
    """50,000 images to train on or 10,000 to test, (n, 3, 32, 32), of the published binary version.

    folder: where the files are, or the environment variable XBARSIM_DATA; 'cifar-10-batches-bin' and 'cifar10' in it
        are looked at, too.
    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009).
    Raises: DataError if a file is missing or cut off, or if only the pickled version is there.
    """
    check_part(part)
    where = data_folder(folder, "cifar10")
    found = {name: find(where, _BELOW, [name]) for name in _FILES[part]}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise _missing(where, missing)
    records = np.concatenate([_records(path) for path in found.values() if path is not None])
    images = records[:, 1:].reshape(-1, *_SHAPE).astype(np.float32) / np.float32(255)
    return Examples(images, records[:, 0].astype(np.int64))


def _missing(folder: Path, names: list[str]) -> DataError:
    tried = f"cifar10: no file {', '.join(names)} in '{folder}', nor in {', '.join(_BELOW)} of it"
    pickled = find(folder, _PICKLED, [name.removesuffix(".bin") for name in names])
    if pickled is None:
        return DataError(f"{tried}; unpack the published 'CIFAR-10 binary version' there")
    return DataError(
        f"{tried}. '{pickled}' is of the python version: it is pickled, and reading it could run any code, so it is "
        f"not read; get the 'CIFAR-10 binary version' (cifar-10-binary.tar.gz)"
    )


def _records(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Labels and pixels: (images, 3073). Raises: DataError."""
    content = np.fromfile(path, dtype=np.uint8)
    if not content.size or content.size % _RECORD:
        raise DataError(
            f"{path}: {content.size} bytes are no whole number of images of {_RECORD} bytes: cut off, or not of "
            f"the binary version; get it anew"
        )
    records = content.reshape(-1, _RECORD)
    if records[:, 0].max() >= _CLASSES:
        raise DataError(
            f"{path}: a label {records[:, 0].max()}; allowed: 0 to {_CLASSES - 1}; "
            f"it is not of CIFAR-10's binary version, or damaged"
        )
    return records
