"""8x8 digits: 1,797 images of the UCI set that scikit-learn carries."""

from __future__ import annotations

import numpy as np

from xbarsim.data.examples import Examples, Part, check_part
from xbarsim.errors import DataError

SEED = 0
TEST_SHARE = 0.25
SPLIT = f"train_test_split(test_size={TEST_SHARE}, random_state={SEED}, stratify=labels) of scikit-learn"
_BRIGHTEST = 16


def digits(part: Part = "test") -> Examples:
    """1,347 images to train on or 450 to test, (n, 1, 8, 8), divided at random by the fixed SPLIT.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998),
    CC BY 4.0.
    Raises: DataError without scikit-learn.
    """
    check_part(part)
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise DataError(
            f"digits: scikit-learn, which carries these images, cannot be imported ({error}); "
            f"install it by: pip install 'xbarsim[data]'"
        ) from error
    pixels, labels = load_digits(return_X_y=True)
    halves = train_test_split(pixels, labels, test_size=TEST_SHARE, random_state=SEED, stratify=labels)
    chosen, classes = (halves[0], halves[2]) if part == "train" else (halves[1], halves[3])
    images = (chosen / _BRIGHTEST).astype(np.float32).reshape(-1, 1, 8, 8)
    return Examples(images, classes.astype(np.int64))
