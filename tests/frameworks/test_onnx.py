"""ONNX files: what they compute, what is trained in them, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from isograd.errors import UsageError
from isograd.frameworks.torch.importer import import_live
from isograd.frameworks.torch.onnx import module, operators
from isograd.frameworks.torch.onnx.loading import open_model
from isograd.ir import ops as ir
from isograd.ir.imported import Imported
from isograd.models import load
from isograd.run.pair import prove_twin
from isograd.training import Recipe

ACME = helper.make_opsetid("com.acme", 1)

RECIPE = Recipe(loss="mean_squared_error", batch_size=4)


def write(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray] | None = None,
    shape: Sequence[int | str] = ("N", 3, 6, 6),
    version: int = 17,
) -> Path:
    """A model of one input ``x``; its last node makes the output."""
    graph = helper.make_graph(
        list(nodes),
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version), ACME])
    onnx.save(onnx.shape_inference.infer_shapes(model), str(path))
    return path


def read(path: Path) -> Imported:
    return import_live(open_model(path), {})


def node(kind: str, inputs: str, output: str = "y", **attributes) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(" "), [output], **attributes)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("f4")


WEIGHT, BIAS = random(4, 3, 3, 3), random(4)


class Exported(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(4 * 9, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.max_pool2d(self.norm(self.conv(x)).relu(), 2)
        return self.fc(self.drop(x.flatten(1))).softmax(-1)


@pytest.fixture
def exported(tmp_path) -> Path:
    path = tmp_path / "net.onnx"
    torch.manual_seed(0)
    torch.onnx.export(
        Exported(),
        (torch.randn(2, 3, 6, 6),),
        str(path),
        dynamo=False,
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        input_names=["image"],
        dynamic_axes={"image": {0: "batch"}},
    )
    return path


def test_an_exported_network_keeps_its_names_and_its_open_batch(exported):
    found = load(str(exported))
    assert found.graph.inputs["image"].shape == ("batch", 3, 6, 6)
    assert {"conv.weight", "norm.weight", "fc.bias"} <= set(found.graph.trainable)
    assert "norm.running_mean" in found.graph.parameters
    assert "norm.running_mean" not in found.graph.trainable
    kinds = [type(node.op) for node in found.graph.nodes]
    assert {ir.Conv, ir.BatchNorm, ir.MaxPool, ir.Dropout, ir.Linear} <= set(kinds)


def test_its_twin_is_proven_against_the_file_itself(exported):
    proof = prove_twin(load(str(exported)), "tensorflow", RECIPE, recorded=(1, 10))
    assert proof.verdict == "equivalent"


FORMS = {
    "automatic padding": [node("Conv", "x w b", auto_pad="SAME_UPPER", strides=[2, 2])],
    "automatic padding in front": [node("Conv", "x w b", auto_pad="SAME_LOWER", strides=[2, 2])],
    "uneven padding": [node("Conv", "x w b", pads=[1, 0, 0, 2])],
    "pooling": [node("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 1, 1])],
    "pooling that counts": [
        node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    ],
    "a dilated pooling": [node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 2])],
    "activations": [
        node("HardSigmoid", "x", "a"),
        node("LeakyRelu", "a", "c", alpha=0.3),
        node("Elu", "c", "d", alpha=0.7),
        node("HardSwish", "d"),
    ],
    "a shape that is computed": [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n"),
        node("Unsqueeze", "n first", "n1"),
        node("Concat", "n1 rest", "t", axis=0),
        node("Reshape", "x t"),
    ],
    "a shape that is counted": [
        node("Shape", "x", "s"),
        node("Expand", "scale s", "e"),
        node("Mul", "e x"),
    ],
    "reductions": [node("ReduceMean", "x", "m", axes=[2, 3], keepdims=0), node("Exp", "m")],
    "slices": [node("Slice", "x begin end axes")],
    "splits": [
        helper.make_node("Split", ["x"], ["p", "q"], axis=2),
        node("Sub", "p q"),
    ],
    "normalisation of instances": [node("InstanceNormalization", "x gamma beta")],
    "resizing": [
        node("Resize", "x  scales", mode="nearest", nearest_mode="floor",
             coordinate_transformation_mode="asymmetric")
    ],
    "linear resizing": [node("Resize", "x  scales", mode="linear")],
    "gathering": [node("Gather", "x picked", axis=2)],
    "clipping": [node("Clip", "x low high")],
    "a product": [node("Reshape", "x flat", "f"), node("Gemm", "f g h", transB=1)],
    "a product that is scaled": [
        node("Reshape", "x flat", "f"), node("Gemm", "f gt h", alpha=0.5, beta=2.0)
    ],
    "padding": [node("Pad", "x pads", mode="reflect")],
    "where": [node("Greater", "x scale", "c"), node("Where", "c x scale")],
}  # fmt: skip

CONSTANTS: dict[str, np.ndarray] = {
    "w": WEIGHT,
    "b": BIAS,
    "zero": np.array(0),
    "first": np.array([0]),
    "rest": np.array([-1]),
    "scale": np.array(0.5, "f4"),
    "begin": np.array([1, 0]),
    "end": np.array([5, -1]),
    "axes": np.array([2, 3]),
    "gamma": random(3),
    "beta": random(3),
    "scales": np.array([1, 1, 2, 2], "f4"),
    "picked": np.array([4, 0, 2]),
    "low": np.array(-0.3, "f4"),
    "high": np.array(0.6, "f4"),
    "flat": np.array([0, -1]),
    "g": random(5, 108),
    "gt": random(108, 5),
    "h": random(5),
    "pads": np.array([0, 0, 1, 2, 0, 0, 0, 1]),
}


@pytest.mark.parametrize("nodes", FORMS.values(), ids=FORMS)
def test_a_form_is_what_onnx_says(tmp_path, nodes):
    """Importing holds it against ONNX's own evaluator."""
    used = {name for one in nodes for name in one.input}
    constants = {name: array for name, array in CONSTANTS.items() if name in used}
    found = read(write(tmp_path / "a.onnx", nodes, constants))
    assert found.graph.inputs["x"].shape == ("N", 3, 6, 6)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_gates_are_put_in_pytorchs_order(tmp_path, kind, gates, direction):
    both = 2 if direction == "bidirectional" else 1
    options = {"linear_before_reset": 1} if kind == "GRU" else {}
    layer = node(kind, "x w r b", hidden_size=4, direction=direction, **options)
    constants = {
        "w": random(both, gates * 4, 3),
        "r": random(both, gates * 4, 4),
        "b": random(both, gates * 8),
    }
    found = read(write(tmp_path / "a.onnx", [layer], constants, (5, "N", 3)))
    assert sum(getattr(ir, kind) is type(node.op) for node in found.graph.nodes) == both


def test_the_last_cell_state_of_an_lstm_can_be_read(tmp_path):
    layer = helper.make_node("LSTM", ["x", "w", "r"], ["outputs", "hidden", "c"], hidden_size=4)
    constants = {"w": random(1, 16, 3), "r": random(1, 16, 4)}
    nodes = [layer, node("Sigmoid", "c")]
    found = read(write(tmp_path / "a.onnx", nodes, constants, (5, "N", 3)))
    assert ir.CellState in [type(node.op) for node in found.graph.nodes]


def test_a_wrong_form_is_found_by_onnxs_own_evaluator(tmp_path, monkeypatch):
    monkeypatch.setitem(operators.OPERATORS, "Elu", lambda attributes, x: torch.relu(x))
    path = write(tmp_path / "a.onnx", [node("Elu", "x")])
    with pytest.raises(UsageError, match="not what ONNX's own evaluator gives"):
        read(path)


def test_wrong_gates_are_found_too(tmp_path, monkeypatch):
    make, _ = module.RECURRENT["LSTM"]
    monkeypatch.setitem(module.RECURRENT, "LSTM", (make, (0, 1, 2, 3)))
    constants = {"w": random(1, 16, 3), "r": random(1, 16, 4), "b": random(1, 32)}
    layer = node("LSTM", "x w r b", hidden_size=4)
    path = write(tmp_path / "a.onnx", [layer], constants, (5, "N", 3))
    with pytest.raises(UsageError, match="not what ONNX's own evaluator gives"):
        read(path)


def test_numbers_without_axes_are_constants(tmp_path):
    nodes = [node("Mul", "x s", "m"), node("Conv", "m w b")]
    constants = {"s": np.array(0.5, "f4"), "w": WEIGHT, "b": BIAS}
    found = read(write(tmp_path / "a.onnx", nodes, constants))
    assert sorted(found.graph.parameters) == ["b", "w"]


@pytest.mark.parametrize(
    ("nodes", "options", "words"),
    [
        ([node("Det", "x")], {}, "operator Det"),
        ([node("Relu", "x")], {"version": 11}, "version 11; from 13 on"),
        ([helper.make_node("Relu", ["x"], ["y"], domain="com.acme")], {}, "no ONNX model|com.acme"),
        ([node("DepthToSpace", "x", blocksize=1)], {}, "DepthToSpace.* mode DCR"),
    ],
    ids=["operator", "version", "domain", "form"],
)
def test_what_is_not_supported_is_refused_by_name(tmp_path, nodes, options, words):
    path = write(tmp_path / "a.onnx", nodes, **options)
    with pytest.raises(UsageError, match=words) as found:
        read(path)
    assert "a.onnx" in str(found.value)


@pytest.mark.parametrize("content", [b"hello", b"", b"\x08\x07\x12\x07"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="no ONNX model"):
        open_model(path)


def test_tensors_outside_of_the_models_folder_are_refused(tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(WEIGHT.tobytes())
    folder = tmp_path / "model"
    folder.mkdir()
    path = write(folder / "a.onnx", [node("Conv", "x w b")], {"w": WEIGHT, "b": BIAS})
    model = onnx.load(str(path))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UsageError, match="no ONNX model that can be read"):
        open_model(path)
