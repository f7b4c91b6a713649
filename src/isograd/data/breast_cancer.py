"""``breast-cancer``: 569 real cases with 30 measurements each, from scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from isograd.data.dataset import Dataset


def load(data_dir: Path | None) -> Dataset:
    """Features [N, 30], standardised with the training split's mean and deviation; targets [N, 1],
    1 for benign; a fixed stratified split, four fifths of it for training.
    """
    features, labels = load_breast_cancer(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, labels, test_size=0.2, random_state=0, stratify=labels
    )
    mean, deviation = train_x.mean(axis=0), train_x.std(axis=0)
    return Dataset(
        name="breast-cancer",
        source="Breast Cancer Wisconsin (Diagnostic), UCI, W. Wolberg et al. 1995, "
        "as scikit-learn has it",
        train_inputs=((train_x - mean) / deviation).astype(np.float32),
        train_targets=train_y.astype(np.float32).reshape(-1, 1),
        test_inputs=((test_x - mean) / deviation).astype(np.float32),
        test_targets=test_y.astype(np.float32).reshape(-1, 1),
        classes=2,
    )
