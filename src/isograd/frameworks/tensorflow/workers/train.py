"""Trains the network in model.py with several workers, in TensorFlow.

    python train.py --engine mirrored --workers 2 --out trained

or, for processes on one or several hosts, once for each worker, with its own ``index``:

    export TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]},
                       "task": {"type": "worker", "index": 0}}'
    python train.py --engine multiworker --out trained

What is trained, and how, is in job.json, beside this file. Every worker takes its share of each
batch; gradients are averaged, so that N workers do what one would do with the whole batch. A
training that was cut off goes on from its last checkpoint in ``--out``.
"""

import argparse
import importlib
import json
import os
from collections.abc import Callable
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rules import RULES, SLOTS
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

HERE = Path(__file__).parent


def parser() -> argparse.ArgumentParser:
    """What `measure.py` takes as well."""
    found = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    found.add_argument("--engine", choices=["multiworker", "mirrored"], default="multiworker")
    found.add_argument("--workers", type=int, default=1, help="replicas of --engine mirrored")
    found.add_argument("--out", type=Path, required=True, help="folder of the results")
    found.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    found.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    found.add_argument("--sync-batchnorm", action="store_true", help="statistics of all workers")
    found.add_argument("--no-dropout", action="store_true")
    return found


class Trainer:
    """One process' part of a training."""

    def __init__(self, options: argparse.Namespace, strategy: tf.distribute.Strategy) -> None:
        self.job: dict[str, Any] = json.loads((HERE / "job.json").read_text())
        self.strategy = strategy
        self.workers = strategy.num_replicas_in_sync
        self.here = options.workers if options.engine == "mirrored" else 1
        self.first = _task_index() == 0
        self.dtype = tf.as_dtype(options.dtype)
        keras.config.set_floatx(options.dtype)
        keras.config.set_dtype_policy(options.dtype)
        self._load_data()
        with strategy.scope():
            self.model = self._network(options)
            self.parameters = [self._variable(name) for name in self.job["trainable"]]
            self.slots = {
                slot: [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.parameters]
                for slot in SLOTS[self.job["optimizer"]["name"]]
            }
            self.number = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self.rule = RULES[self.job["optimizer"]["name"]]
        self.loss = LOSSES[self.job["loss"]]
        self.step = tf.function(self._step, reduce_retracing=True)

    def _network(self, options: argparse.Namespace) -> keras.Model:
        module = importlib.import_module("model")
        if options.sync_batchnorm:
            from synchronised import synchronise

            synchronise(module)
        network = getattr(module, self.job["class"])()
        network(self.inputs[:1])  # a first call makes the variables
        self.dropouts = [
            layer for layer in network._flatten_layers() if isinstance(layer, keras.layers.Dropout)
        ]
        for layer in self.dropouts if options.no_dropout else ():
            layer.rate = 0.0
        return network

    def _variable(self, name: str) -> tf.Variable:
        return attrgetter(name)(self.model).value

    def _load_data(self) -> None:
        data = load_file(HERE / "data.safetensors")
        inputs, targets = (
            array.astype(self.dtype.name) if array.dtype.kind == "f" else array
            for array in (data["inputs"], data["targets"])
        )
        self.inputs, self.targets = tf.constant(inputs), tf.constant(targets)
        self.order = tf.constant(data["order"])

    def load(self, weights: dict[str, np.ndarray]) -> None:
        """Sets the network's weights; the optimizer starts anew."""
        for name in self.job["tensors"]:
            self._assign(self._variable(name), weights[name])
        for variable in [self.number, *chain(*self.slots.values())]:
            self._assign(variable, np.zeros(variable.shape))

    def _assign(self, variable: tf.Variable, value: np.ndarray) -> None:
        variable.assign(tf.constant(value, variable.dtype))

    def _step(self, batch: tf.Tensor, reduced: bool = True) -> tf.Tensor:
        """One training step on the examples of a batch. Returns the loss of each replica, weighted
        so that the mean over all of them is the loss of the batch: shares need not be of one size.
        Without ``reduced``, every replica goes its own way."""
        whole = tf.shape(batch)[0]

        def replica() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            rows = batch[context.replica_id_in_sync_group :: self.workers]
            weight = tf.cast(tf.size(rows), self.dtype) / tf.cast(whole, self.dtype)
            with tf.GradientTape() as tape:
                outputs = self.model(tf.gather(self.inputs, rows), training=True)
                loss = self.loss(outputs, tf.gather(self.targets, rows)) * weight
            gradients = tape.gradient(loss, self.parameters, unconnected_gradients="zero")
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            if reduced:
                gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
            context.merge_call(self._update, args=(gradients,))
            return loss

        return self.strategy.run(replica)

    def _update(self, strategy: tf.distribute.Strategy, gradients: list[tf.Tensor]) -> None:
        """Moves the variables on all devices by gradients that are the same everywhere."""
        number = self.number.assign_add(1.0, read_value=True)
        settings = self.job["optimizer"]
        for index, (variable, gradient) in enumerate(zip(self.parameters, gradients, strict=True)):
            slots = [slot[index] for slot in self.slots.values()]
            strategy.extended.update(
                variable,
                lambda variable, *more: self.rule(settings, variable, *more),
                args=(gradient, number, *slots),
            )

    def train(self, out: Path, weights: Path, checkpoint_every: int) -> None:
        """All steps, from the last checkpoint on."""
        self.load(load_file(weights))
        first = self.resume(out)
        if self.first:
            _append(out / "starts.jsonl", {"from": first, "workers": self.workers})
        for number in range(first, len(self.order)):
            self._seed_dropout(number)
            loss = self.total(self.step(self.order[number]))
            if self.first:
                _append(out / "losses.jsonl", {"step": number, "loss": float(loss)})
                if checkpoint_every and (number + 1) % checkpoint_every == 0:
                    self.save(out / "checkpoint.safetensors", number + 1)
        if self.first:
            self.save(out / "final.safetensors", len(self.order))

    @tf.function
    def total(self, values: tf.Tensor) -> tf.Tensor:
        """The sum over all replicas."""
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None)

    def _seed_dropout(self, number: int) -> None:
        """Drawn anew for each step, so that a training that is resumed drops the same values."""
        for layer in self.dropouts:
            layer.seed_generator.state.assign([number, _task_index()])

    def _state(self) -> dict[str, tf.Variable]:
        state = {f"model/{name}": self._variable(name) for name in self.job["tensors"]}
        for slot, variables in self.slots.items():
            names = (f"optimizer/{slot}/{name}" for name in self.job["trainable"])
            state |= dict(zip(names, variables, strict=True))
        return {**state, "optimizer/step": self.number}

    def save(self, path: Path, step: int) -> None:
        """Weights and the optimizer's state; complete, or not there at all."""
        unfinished = path.with_suffix(".unfinished")
        arrays = {name: np.array(variable.numpy()) for name, variable in self._state().items()}
        save_file(arrays, unfinished, {"step": str(step)})
        unfinished.replace(path)

    def resume(self, out: Path) -> int:
        """Goes on where the last checkpoint was written. Returns how many steps are done."""
        path = out / "checkpoint.safetensors"
        if not path.exists():
            return 0
        arrays = load_file(path)
        for name, variable in self._state().items():
            self._assign(variable, arrays[name])
        with safe_open(path, "np") as file:
            return int(file.metadata()["step"])


def _task_index() -> int:
    return int(json.loads(os.environ.get("TF_CONFIG", "{}")).get("task", {}).get("index", 0))


def _append(path: Path, record: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")


LOSSES: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "cross_entropy": lambda logits, targets: tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    ),
    "binary_cross_entropy": lambda logits, targets: tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    ),
    "mean_squared_error": lambda outputs, targets: tf.reduce_mean(
        tf.math.squared_difference(outputs, targets)
    ),
}


def open_strategy(options: argparse.Namespace) -> tf.distribute.Strategy:
    """All replicas, one thread each. Nothing of TensorFlow may have run before."""
    replicas = options.workers if options.engine == "mirrored" else 1
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(replicas)
    if options.engine == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if options.device == "cuda":
        return tf.distribute.MirroredStrategy([f"/gpu:{index}" for index in range(replicas)])
    (processor,) = tf.config.list_physical_devices("CPU")
    virtual = [tf.config.LogicalDeviceConfiguration() for _ in range(replicas)]
    tf.config.set_logical_device_configuration(processor, virtual)
    return tf.distribute.MirroredStrategy([f"/cpu:{index}" for index in range(replicas)])


def main() -> None:
    arguments = parser()
    arguments.add_argument(
        "--weights", type=Path, nargs="+", default=[HERE / "weights.safetensors"]
    )
    arguments.add_argument("--checkpoint-every", type=int, default=0, metavar="STEPS")
    options = arguments.parse_args()
    trainer = Trainer(options, open_strategy(options))
    for weights in options.weights:
        out = options.out if len(options.weights) == 1 else options.out / weights.stem
        trainer.train(out, weights, options.checkpoint_every)


if __name__ == "__main__":
    main()
