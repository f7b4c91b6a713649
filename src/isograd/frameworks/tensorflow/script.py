"""A short training loop in Keras for an emitted network: where a user starts from."""

from __future__ import annotations

from isograd.frameworks.protocol import Emitted
from isograd.frameworks.sample import ROWS, Sample, samples, targets
from isograd.ir.graph import Graph
from isograd.training import Recipe

_LOSSES = {
    "cross_entropy": "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "binary_cross_entropy": "keras.losses.BinaryCrossentropy(from_logits=True)",
    "mean_squared_error": "keras.losses.MeanSquaredError()",
    "token_cross_entropy": (
        "keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)"
    ),
}

_OPTIMIZERS = {
    "sgd": "keras.optimizers.SGD({rate})",
    "adam": "keras.optimizers.Adam({rate})",
    "adamw": "keras.optimizers.AdamW({rate})",
    "rmsprop": "keras.optimizers.RMSprop({rate})",
}

_SCRIPT = '''"""Trains {name}. The data is random: put your own in its place."""

from operator import attrgetter
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import load_file

from model import {name}


def main():
    random = np.random.default_rng(0)
    x = {inputs}
    y = {targets}
    model = {name}()
    model.predict(x, verbose=0)  # a first call makes the variables
    weights = load_file(Path(__file__).with_name("weights.safetensors"))
    for name, array in weights.items():
        attrgetter(name)(model).assign(array)
    model.compile(optimizer={optimizer}, loss={loss})
    model.fit(x, y, batch_size=16, epochs=3, verbose=2)


if __name__ == "__main__":
    main()
'''


def training_script(graph: Graph, emitted: Emitted, recipe: Recipe) -> str:
    """The source of ``train.py``, which stands beside the emitted ``model.py``."""
    optimizer = recipe.optimizer.to_dict()
    loss = _LOSSES[recipe.loss.name]
    return _SCRIPT.format(
        name=emitted.class_name,
        inputs=_one_or("[{}]", samples(graph, emitted)),
        targets=_one_or("({})", targets(graph, emitted, recipe)),
        optimizer=_OPTIMIZERS[str(optimizer["name"])].format(rate=optimizer["learning_rate"]),
        loss=loss if len(graph.outputs) == 1 else f"({', '.join([loss] * len(graph.outputs))})",
    )


def _one_or(several: str, found: list[Sample]) -> str:
    """A single array by itself."""
    drawn = [_drawn(sample) for sample in found]
    return drawn[0] if len(drawn) == 1 else several.format(", ".join(drawn))


def _drawn(sample: Sample) -> str:
    shape = (ROWS, *sample.shape)
    if sample.dtype == "float":
        return f'random.standard_normal({shape}).astype("float32")'
    drawn = f"random.integers({sample.below}, size={shape})"
    return f'{drawn}.astype("bool")' if sample.dtype == "bool" else drawn
