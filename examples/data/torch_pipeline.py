"""Two ways to feed a network in PyTorch: one that keeps up, and one that does not."""

import time

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler


class Digits(Dataset):
    """1,797 handwritten digits, 28 x 28, in memory."""

    def __init__(self):
        images, labels = load_digits(return_X_y=True)
        images = np.kron(images.reshape(-1, 8, 8) / 16, np.ones((3, 3)))
        self.images = torch.tensor(np.pad(images, ((0, 0), (2, 2), (2, 2))), dtype=torch.float32)
        self.labels = torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, rows):
        return self.images[rows], self.labels[rows]


class DistantDigits(Digits):
    """Each image takes two milliseconds, as if it came over a network."""

    def __getitem__(self, index):
        time.sleep(0.002)
        return super().__getitem__(index)


def loader():
    """A whole batch in one read."""
    digits = Digits()
    batches = BatchSampler(RandomSampler(digits), batch_size=64, drop_last=False)
    return DataLoader(digits, batch_size=None, sampler=batches)


def slow_loader():
    """Image by image, in the process that trains."""
    return DataLoader(DistantDigits(), batch_size=64, shuffle=True)
