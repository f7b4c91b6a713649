"""The MNIST training of the common tutorials, in each framework, as a worker for the benchmark.

PyTorch: torchvision's MNIST hands out one PIL image at a time, which ``ToTensor`` and ``Normalize``
turn into a tensor; ``DataLoader`` with its defaults collates them; the loop is eager. torchvision
itself is not needed for that and is not used here. Keras: ``fit`` with its defaults on arrays.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isograd.measure.worker import serve

LEARNING_RATE = 1e-3

MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's training images, as the tutorials have them."""


class TorchTutorial:
    """784-128-10, Adam, cross entropy."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64], batch: int) -> None:
        import torch
        from PIL import Image
        from torch import nn
        from torch.utils.data import DataLoader, Dataset

        class Digits(Dataset):  # type: ignore[type-arg]
            def __len__(self) -> int:
                return len(labels)

            def __getitem__(self, index: int) -> tuple[Any, int]:
                image = Image.fromarray(images[index])
                tensor = torch.from_numpy(np.array(image, np.uint8, copy=True))
                tensor = tensor.view(image.size[1], image.size[0], 1).permute(2, 0, 1).contiguous()
                tensor = tensor.to(torch.float32).div(255)
                return tensor.sub(MEAN).div(DEVIATION), int(labels[index])

        self.model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        self.loader = DataLoader(Digits(), batch_size=batch, shuffle=True)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)

    def epoch(self) -> None:
        for images, labels in self.loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(images), labels)
            loss.backward()
            self.optimizer.step()

    def accuracy(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        import torch

        with torch.no_grad():
            scaled = (torch.from_numpy(images).float().div(255) - MEAN) / DEVIATION
            return float((self.model(scaled).argmax(1).numpy() == labels).mean())


class KerasTutorial:
    """The same network with a softmax at its end, compiled with strings."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64], batch: int) -> None:
        import keras

        self.images, self.labels, self.batch = images / 255.0, labels, batch
        self.model = keras.Sequential(
            [
                keras.layers.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        self.model.compile(
            optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )

    def epoch(self) -> None:
        self.model.fit(self.images, self.labels, epochs=1, batch_size=self.batch)

    def accuracy(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        return float((self.model.predict(images / 255.0, verbose=0).argmax(1) == labels).mean())


class TutorialWorker:
    """Serves one tutorial."""

    def start(self, name: str, *arguments: Any) -> None:
        self.tutorial = {"torch": TorchTutorial, "tensorflow": KerasTutorial}[name](*arguments)

    def epoch(self) -> float:
        """Seconds of one epoch."""
        begin = perf_counter()
        self.tutorial.epoch()
        return perf_counter() - begin

    def accuracy(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        return self.tutorial.accuracy(images, labels)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), TutorialWorker())
