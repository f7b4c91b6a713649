"""PyTorch source of a graph: one file with one ``nn.Module``."""

from __future__ import annotations

import re

from isograd.frameworks.emission import Body, Dialect, Layer, Site, emit_source
from isograd.frameworks.formatting import Bracket, statement
from isograd.frameworks.frame import describe_inputs
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.torch.expressions import BORROW, EXPRESSIONS, permute, restore
from isograd.frameworks.torch.layers import LAYERS
from isograd.ir.graph import Graph
from isograd.ir.layout import assign_logical

_LOADING = """
    from safetensors.torch import load_file

    model = {name}()
    model.load_state_dict(load_file("weights.safetensors"))
"""


def emit(graph: Graph, *, idiomatic: bool = False) -> Emitted:
    """The graph as an ``nn.Module``, and how its tensors correspond to the module's.

    ``idiomatic`` changes nothing here: PyTorch's own layers are the definition. Raises `UsageError`
    when the graph holds an op or shares parameters in a way that one layer cannot express.
    """
    return emit_source(graph, assign_logical(graph), DIALECT, idiomatic=idiomatic)


def _frame(body: Body) -> str:
    parts = [
        f'"""{body.class_name}: a network in PyTorch.',
        "",
        "Its weights are loaded like this:",
        _LOADING.format(name=body.class_name),
        *describe_inputs(body.shapes),
        '"""',
        "",
        *_imports(body),
        "",
        "",
        f"class {body.class_name}(nn.Module):",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *body.construction,
        "",
        *statement("def forward", _signature(body), 4),
        *body.forward,
    ]
    return "\n".join(parts) + "\n"


def _signature(body: Body) -> Bracket:
    result = "Tensor" if body.outputs == 1 else "tuple[Tensor, ...]"
    return Bracket("(", ("self", *(f"{x}: Tensor" for x in body.inputs)), f") -> {result}:")


def _imports(body: Body) -> list[str]:
    text = "\n".join((*body.construction, *body.forward))
    lines = ["import torch"] if re.search(r"\btorch\.", text) else []
    if re.search(r"(?<!\.)\bF\.", text):
        lines.append("import torch.nn.functional as F")
    return [*lines, "from torch import Tensor, nn"]


def _freeze(attribute: str, layer: Layer, site: Site) -> tuple[str, ...]:
    names = (layer.parameters[role][0] for role in site.node.parameters if role in site.frozen)
    return tuple(f"self.{attribute}.{name}.requires_grad_(False)" for name in names)


DIALECT = Dialect(
    name="PyTorch",
    layers=LAYERS,
    expressions=EXPRESSIONS,
    transpose=permute,
    freeze=_freeze,
    frame=_frame,
    reserved=frozenset({"F", "Tensor"}),
    size=lambda x, axis: f"{x}.shape[{axis}]",
    borrow=BORROW,
    restore=restore,
)
"""How PyTorch writes things."""
