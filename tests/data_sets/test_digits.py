"""The digits that scikit-learn carries, and how they are divided."""

import sys
from pathlib import Path

import numpy as np
import pytest

from xbarsim.data import digits
from xbarsim.errors import DataError

STORED = Path(__file__).parent.parent / "data" / "analog" / "digits_test.npz"


def test_the_division_is_the_fixed_one():
    """Of another installation, whose 450 test images are stored: order, pixels and labels."""
    test = digits("test")
    with np.load(STORED) as stored:
        assert np.array_equal(test.images.reshape(450, 64), stored["images"].astype(np.float32) / 16)
        assert np.array_equal(test.labels, stored["labels"])


def test_no_image_is_in_both_parts_and_all_are_in_one():
    from sklearn.datasets import load_digits

    parts = np.concatenate([digits("train").images, digits("test").images]).reshape(-1, 64) * 16
    everything = load_digits().data
    assert len(digits("train")) == 1_347
    assert np.array_equal(parts[np.lexsort(parts.T)], everything[np.lexsort(everything.T)])


def test_shapes_and_types():
    train = digits("train")
    assert (train.images.shape, train.images.dtype) == ((1_347, 1, 8, 8), np.float32)
    assert (train.labels.shape, train.labels.dtype) == ((1_347,), np.int64)
    assert (train.images.min(), train.images.max()) == (0, 1)


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError) as caught:
        digits()
    text = str(caught.value)
    assert text.startswith("digits: scikit-learn, which carries these images, cannot be imported (")
    assert text.endswith("; install it by: pip install 'xbarsim[data]'")


def test_another_part():
    with pytest.raises(ValueError, match="part is 'validation'; allowed: 'train', 'test'"):
        digits("validation")
