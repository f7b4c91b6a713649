"""``digits``: 1,797 real handwritten digits that come with scikit-learn, resized to 28 x 28."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from isograd.data.dataset import Dataset

SIZE = 28


def load(data_dir: Path | None) -> Dataset:
    """Images [N, 28, 28] in [0, 1], bilinear from 8 x 8 with the corner pixels kept in place; a
    fixed stratified split, four fifths of them for training.
    """
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8) / 16.0
    images = zoom(images, (1, SIZE / 8, SIZE / 8), order=1).astype(np.float32)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels.astype(np.int64), test_size=0.2, random_state=0, stratify=labels
    )
    return Dataset(
        name="digits",
        source="scikit-learn's handwritten digits (UCI, E. Alpaydin and C. Kaynak 1998), "
        "resized from 8x8 to 28x28",
        train_inputs=train_x,
        train_targets=train_y,
        test_inputs=test_x,
        test_targets=test_y,
        classes=10,
    )
