"""A network is saved as it runs, and loaded in a process that cannot import its class."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.watching import shortened

X = np.array([0.5, 2.0], np.float32)
SIGNATURE = [tf.TensorSpec([2], tf.float32)]


class Network(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable([2.0, -1.0])

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.tanh(x * self.weight))


def save_module(mode: Any, folder: str) -> None:
    network = Network()
    if mode.name != "eager":
        compiled = mode.name == "xla"
        network.step = tf.function(network, input_signature=SIGNATURE, jit_compile=compiled)
    tf.saved_model.save(network, folder)


def save_graph(mode: Any, folder: str) -> None:
    v1 = tf.compat.v1
    with mode.graph.as_default():
        network = Network()
        x = v1.placeholder(tf.float32, [2])
        value = network(x)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            v1.saved_model.simple_save(session, folder, {"x": x}, {"value": value})


LOADED_OBJECT = """
network = tf.saved_model.load('network')
with tf.GradientTape() as tape:
    value = network.step(tf.constant([0.5, 2.0]))
print(value.numpy(), *tape.gradient(value, network.weight).numpy())
"""

LOADED_GRAPH = """
v1 = tf.compat.v1
with tf.Graph().as_default() as graph, v1.Session() as session:
    meta = v1.saved_model.load(session, ['serve'], 'network')
    signature = meta.signature_def['serving_default']
    x, value = signature.inputs['x'].name, signature.outputs['value'].name
    weight = graph.get_collection(v1.GraphKeys.TRAINABLE_VARIABLES)[0]
    gradient = tf.gradients(graph.get_tensor_by_name(value), weight)
    print(*(number for array in session.run([value, *gradient], {x: [0.5, 2.0]})
            for number in array.reshape(-1)))
"""

HIDDEN = "import sys; sys.modules['isograd'] = None  # the class is not there\n"


def observe(mode: Any) -> dict[str, Any]:
    network = Network()
    with tf.GradientTape() as tape:
        value = network(tf.constant(X))
    right = [value.numpy(), *tape.gradient(value, network.weight).numpy()]
    save, program = save_module, LOADED_OBJECT
    if mode.name == "session":
        save, program = save_graph, LOADED_GRAPH
    with tempfile.TemporaryDirectory() as folder:
        save(mode, f"{folder}/network")
        done = subprocess.run(
            [sys.executable, "-c", f"{HIDDEN}import tensorflow as tf\n{program}"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
    said = done.stdout.split() if done.returncode == 0 else []
    return {
        "how": "v1.saved_model" if mode.name == "session" else "tf.saved_model.save",
        "loaded by": "v1.saved_model.load" if mode.name == "session" else "tf.saved_model.load",
        "value and gradient": [float(word) for word in said],
        "right": [float(number) for number in right],
        "error": shortened(done.stderr.strip().splitlines()[-1]) if done.returncode else "",
    }
