"""A network is saved as it runs, and run by a C++ program that is linked to TensorFlow's C API."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from isograd.probes.building import build, watch

X = np.array([0.5, -1, 2], np.float32)
SIGNATURE = [tf.TensorSpec([3], tf.float32, name="x")]


class Network(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable([[2.0, -1.0, 0.5], [0.25, 1.0, -0.5]])
        self.bias = tf.Variable([0.1, -0.2])

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return tf.tanh(tf.linalg.matvec(self.weight, x) + self.bias)


def save(mode: Any, folder: str) -> str:
    """Saves what this mode runs, and says by what."""
    network = mode.make(Network)
    if mode.name == "session":
        save_graph(mode.graph, network, folder)
        return "v1.saved_model"
    if mode.name == "eager":
        tf.saved_model.save(network, folder)
        return "tf.saved_model.save, which finds variables, and no graph"
    network.step = tf.function(network, SIGNATURE, jit_compile=mode.name == "xla")
    tf.saved_model.save(network, folder, signatures=network.step)
    return "tf.saved_model.save of the tf.function"


def save_graph(graph: tf.Graph, network: Network, folder: str) -> None:
    v1 = tf.compat.v1
    with graph.as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [3], name=NAMES[0])
        y = tf.identity(network(x), name=NAMES[1])
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, folder, {"x": x}, {"y": y})


NAMES = ("serving_default_x", "StatefulPartitionedCall")
"""What tf.saved_model.save calls input and output, as `saved_model_cli show` tells."""

PROGRAM = """
#include "tensorflow/c/c_api.h"

#include <cstdio>
#include <cstdlib>

TF_Status* status = TF_NewStatus();

void check() {
  if (TF_GetCode(status) == TF_OK) return;
  std::puts(TF_Message(status));
  std::exit(1);
}

TF_Output find(TF_Graph* graph, const char* name) {
  TF_Operation* operation = TF_GraphOperationByName(graph, name);
  if (operation) return {operation, 0};
  std::printf("no operation of it is called %s", name);
  std::exit(1);
}

int main(int count, char** words) {  // the folder, input, output, and the numbers that go in
  TF_Graph* graph = TF_NewGraph();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(
      TF_NewSessionOptions(), nullptr, words[1], tags, 1, graph, nullptr, status);
  check();
  TF_Output input = find(graph, words[2]), output = find(graph, words[3]);

  int64_t size = count - 4;
  TF_Tensor* x = TF_AllocateTensor(TF_FLOAT, &size, 1, size * sizeof(float));
  float* numbers = static_cast<float*>(TF_TensorData(x));
  for (int i = 0; i < size; ++i) numbers[i] = std::atof(words[4 + i]);

  TF_Tensor* y = nullptr;
  TF_SessionRun(
      session, nullptr, &input, &x, 1, &output, &y, 1, nullptr, 0, nullptr, status);
  check();
  const float* found = static_cast<const float*>(TF_TensorData(y));
  for (int64_t i = 0; i < TF_TensorElementCount(y); ++i) std::printf("%.9g ", found[i]);
  std::puts("");
  std::fflush(stdout);
  std::getchar();  // it is looked at, and may then end
}
"""


def flags() -> list[str]:
    """For the compiler and the linker: the headers, and the two libraries with the C API."""
    libraries = tf.sysconfig.get_lib()
    found = [*tf.sysconfig.get_compile_flags(), *tf.sysconfig.get_link_flags()]
    return [*found, "-l:libtensorflow_cc.so.2", f"-Wl,-rpath,{libraries}"]


def observe(mode: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        network, program = Path(folder) / "network", Path(folder) / "program"
        how = save(mode, str(network))
        compiler = build(PROGRAM, program, flags())
        found = watch(program, [network, *NAMES, *X])
    right = mode.run(mode.make(Network), X)(X).tolist()
    through = "TF_LoadSessionFromSavedModel"
    return {"how": how, "through": through, "compiler": compiler, "right": right, **found}
