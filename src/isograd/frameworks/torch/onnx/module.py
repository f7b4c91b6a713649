"""An ONNX graph as a PyTorch module, operator by operator.

ONNX does not say what is trained. Here floating-point initializers with axes are parameters, but
for the statistics of batch normalisations; numbers without axes, and ``Constant`` nodes, are
constants. A batch normalisation learns its statistics with the momentum of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor, nn

from isograd.errors import UsageError
from isograd.frameworks.torch.onnx.operators import OPERATORS
from isograd.frameworks.torch.onnx.values import Value, number, tensor

NUMBERS: dict[str, range] = {
    "Clip": range(1, 3),
    "Dropout": range(1, 3),
    "OneHot": range(1, 3),
    "Pad": range(1, 4),
    "Resize": range(1, 4),
}
"""Operators, and which of their inputs are numbers rather than tensors."""

RECURRENT: dict[str, tuple[Any, tuple[int, ...]]] = {
    "LSTM": (nn.LSTM, (0, 2, 3, 1)),
    "GRU": (nn.GRU, (1, 0, 2)),
    "RNN": (nn.RNN, (0,)),
}
"""Operator to PyTorch's layer, and the place of each of its gates in ONNX's order: i, o, f, c for
LSTM, z, r, h for GRU."""


class OnnxModule(nn.Module):
    """A model that `onnx.load` gave.

    Raises `UsageError` for operators that are not known here.
    """

    def __init__(self, model: onnx.ModelProto, where: str) -> None:
        super().__init__()
        self.onnx_file = where
        self.onnx_outputs = [value.name for value in model.graph.output]
        self._nodes = _without_identities(model.graph.node, self.onnx_outputs)
        self._constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        given = [value.name for value in model.graph.input]
        self.onnx_inputs = [name for name in given if name not in self._constants]
        self._places: dict[str, str] = {}
        self._layers: dict[int, str] = {}
        self._check()
        self._own()

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        values: dict[str, Value] = dict(zip(self.onnx_inputs, inputs, strict=True))
        values |= self._constants
        values |= {name: self.get_tensor(place) for name, place in self._places.items()}
        for index, node in enumerate(self._nodes):
            given = [values[name] if name else None for name in node.input]
            try:
                made = self._run(index, node, given)
            except (KeyError, ValueError) as error:
                raise UsageError(
                    f"{node.op_type} (node {node.name or node.output[0]!r}) needs {error}, which "
                    "is not supported.",
                    where=self.onnx_file,
                    hint="Export the network in another way, or add a form (see CONTRIBUTING.md).",
                ) from None
            results = made if isinstance(made, tuple) else (made,)
            values |= dict(zip(node.output, results, strict=False))
        found = tuple(tensor(values[name]) for name in self.onnx_outputs)
        return found if len(found) > 1 else found[0]

    def get_tensor(self, place: str) -> Tensor:
        """A parameter or buffer, by its path."""
        path, _, name = place.rpartition(".")
        found: Tensor = getattr(self.get_submodule(path), name)
        return found

    # Making ---------------------------------------------------------------------------------------

    def _check(self) -> None:
        special = {"Constant", "BatchNormalization", "Dropout", *RECURRENT}
        for node in self._nodes:
            own = node.domain in ("", "ai.onnx")
            if not own or node.op_type not in {*special, *OPERATORS}:
                raise UsageError(
                    f"ONNX's operator {node.op_type}{'' if own else f' of domain {node.domain}'} "
                    f"(node {node.name or node.output[0]!r}) is not supported yet.",
                    where=self.onnx_file,
                    hint="Export the network without it, or add a form (see CONTRIBUTING.md).",
                )

    def _own(self) -> None:
        """Initializers that are tensors become parameters and buffers."""
        statistics = set()
        for index, node in enumerate(self._nodes):
            if node.op_type == "BatchNormalization":
                statistics |= {*node.input[3:5]}
            if node.op_type in RECURRENT:
                self._layers[index] = self._recurrent(index, node)
        wanted = dict.fromkeys(self._tensors())
        for name in wanted:
            array = self._constants.get(name)
            if array is None or array.dtype.kind != "f" or not array.ndim:
                continue
            held = torch.from_numpy(np.array(self._constants.pop(name)))
            self._places[name] = self._hold(name, held, trained=name not in statistics)

    def _tensors(self) -> Iterator[str]:
        """Names that are read as tensors, in the order in which they are."""
        for index, node in enumerate(self._nodes):
            numbers = NUMBERS.get(node.op_type, range(0))
            if index not in self._layers:
                yield from (name for i, name in enumerate(node.input) if i not in numbers)

    def _hold(self, name: str, held: Tensor, *, trained: bool) -> str:
        """The path at which a tensor is held: its name, as far as that can be one."""
        parts = [p for p in re.split(r"[./]", re.sub(r"[^\w./]", "_", name)) if p]
        owner: nn.Module = self
        path = []
        for part in parts[:-1]:
            part = part if isinstance(getattr(owner, part, nn.Module()), nn.Module) else f"{part}_"
            if not hasattr(owner, part):
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
            path.append(part)
        last = (
            parts[-1] if parts and not hasattr(owner, parts[-1]) else f"tensor{len(self._places)}"
        )
        if trained:
            owner.register_parameter(last, nn.Parameter(held))
        else:
            owner.register_buffer(last, held)
        return ".".join([*path, last])

    def _recurrent(self, index: int, node: onnx.NodeProto) -> str:
        """PyTorch's layer with the node's weights."""
        attributes = attributes_of(node)
        make, gates = RECURRENT[node.op_type]
        directions = {"forward": 1, "bidirectional": 2}.get(attributes.get("direction", "forward"))
        usual = not {"activations", "clip", "input_forget"} & attributes.keys() or (
            _has_usual_activations(node.op_type, attributes)
        )
        reset = node.op_type != "GRU" or attributes.get("linear_before_reset")
        names = [*node.input[1:4], ""][:3]  # the biases may be left out
        weights = [self._constants.get(name) for name in names]
        if directions is None or not usual or not reset or weights[0] is None or weights[1] is None:
            raise UsageError(
                f"{node.op_type} (node {node.name!r}) has a form that PyTorch's layer lacks.",
                where=self.onnx_file,
                hint="Supported: forward or bidirectional, usual activations, linear_before_reset.",
            )
        hidden = attributes["hidden_size"]
        bias = weights[2] is not None
        layer = make(weights[0].shape[2], hidden, bias=bias, bidirectional=directions == 2)
        for direction in range(directions):
            suffix = "l0_reverse" if direction else "l0"
            parts = {"weight_ih": weights[0][direction], "weight_hh": weights[1][direction]}
            if weights[2] is not None:
                both = np.split(weights[2][direction], 2)
                parts |= {"bias_ih": both[0], "bias_hh": both[1]}
            for role, array in parts.items():
                blocks = np.split(array, len(gates))
                ordered = np.concatenate([blocks[gate] for gate in gates])
                getattr(layer, f"{role}_{suffix}").data = torch.from_numpy(ordered)
        name = re.sub(r"\W", "_", node.name.strip("/")) or f"{node.op_type.lower()}{index}"
        name = name if name.isidentifier() and not hasattr(self, name) else f"recurrent{index}"
        self.add_module(name, layer)
        return name

    # Calling --------------------------------------------------------------------------------------

    def _run(self, index: int, node: onnx.NodeProto, given: list[Value]) -> Value:
        attributes = attributes_of(node)
        if node.op_type == "Constant":
            return np.asarray(next(iter(attributes.values())))
        if node.op_type == "BatchNormalization":
            return self._batch_norm(attributes, given)
        if node.op_type == "Dropout":
            ratio = (
                given[1]
                if len(given) > 1 and given[1] is not None
                else attributes.get("ratio", 0.5)
            )
            return F.dropout(tensor(given[0]), float(number(ratio)), self.training)
        if index in self._layers:
            return self._run_recurrent(self.get_submodule(self._layers[index]), given)
        if node.op_type == "Split":
            attributes["outputs"] = len(node.output)
        return OPERATORS[node.op_type](attributes, *given)

    def _batch_norm(self, attributes: dict[str, Any], given: list[Value]) -> Tensor:
        x, weight, bias, mean, variance = map(tensor, given)
        momentum = 1 - attributes.get("momentum", 0.9)
        eps = attributes.get("epsilon", 1e-5)
        momentum = round(momentum, 7)  # ONNX holds it in float32
        return F.batch_norm(x, mean, variance, weight, bias, self.training, momentum, eps)

    def _run_recurrent(self, layer: nn.Module, given: list[Value]) -> tuple[Tensor, ...]:
        """Y of [T, directions, N, H], and the last states."""
        if len(given) > 4 and given[4] is not None:
            raise ValueError("sequences of several lengths")
        states = [tensor(one) for one in given[5:7] if one is not None]
        start = (tuple(states) if isinstance(layer, nn.LSTM) else states[0]) if states else None
        outputs, last = layer(tensor(given[0]), start)
        directions = 2 if layer.bidirectional else 1
        apart = outputs.unflatten(-1, (directions, -1)).transpose(1, 2)
        return (apart, *(last if isinstance(last, tuple) else (last,)))


def _without_identities(
    nodes: Iterable[onnx.NodeProto], outputs: list[str]
) -> list[onnx.NodeProto]:
    """Other names of a value are no values of their own."""
    names: dict[str, str] = {}
    kept = []
    for node in nodes:
        inputs = [names.get(name, name) for name in node.input]
        if node.op_type == "Identity" and node.output[0] not in outputs:
            names[node.output[0]] = inputs[0]
            continue
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        del copy.input[:]
        copy.input.extend(inputs)
        kept.append(copy)
    return kept


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values: text, numbers, lists of them, arrays."""
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, onnx.TensorProto):
            value = numpy_helper.to_array(value)
        elif isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, float):
            value = float(f"{value:.8g}")  # ONNX holds attributes in float32
        found[attribute.name] = value
    return found


def _has_usual_activations(kind: str, attributes: dict[str, Any]) -> bool:
    usual = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[kind]
    names = [
        n.decode() if isinstance(n, bytes) else n for n in attributes.get("activations", usual)
    ]
    plain = "clip" not in attributes and not attributes.get("input_forget")
    return plain and names == usual * (len(names) // len(usual))
