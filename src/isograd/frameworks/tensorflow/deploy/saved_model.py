"""A SavedModel: graph and variables, without the Python that made them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import tensorflow as tf

from isograd.deploy.artefact import Artefact, Order
from isograd.frameworks.tensorflow.deploy.network import Network, network

FOLDER = "saved_model"


def build(order: Order) -> Artefact:
    """Written by tf.saved_model.save. ``keras.Model.export`` would write every variable twice:
    once as the model's, once as the archive's own."""
    with tempfile.TemporaryDirectory() as scratch:
        made = network(order, Path(scratch))
        tf.saved_model.save(_module(made), str(order.folder / FOLDER))
    written = sorted(path for path in (order.folder / FOLDER).rglob("*") if path.is_file())
    return Artefact(
        files=tuple(str(path.relative_to(order.folder)) for path in written),
        loader="saved_model",
        emitted=made.emitted,
        options={"folder": FOLDER},
    )


def _module(made: Network) -> tf.Module:
    """``serve`` and the variables that it reads, and nothing else."""
    module = tf.Module()
    module.serve = made.function
    module.state = [variable.value for variable in made.model.variables]
    return module
