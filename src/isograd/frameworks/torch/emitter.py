"""PyTorch source of a graph: one file with one ``nn.Module``."""

from __future__ import annotations

import re

from isograd.frameworks.classes import ClassBody
from isograd.frameworks.dialect import Body, Dialect, Layer, Site
from isograd.frameworks.emission import emit_source
from isograd.frameworks.formatting import Bracket, call, statement
from isograd.frameworks.frame import called, constructed, describe_inputs
from isograd.frameworks.marked import mark_source
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.torch.exact import EXACT
from isograd.frameworks.torch.expressions import BORROW, EXPRESSIONS, permute, restore
from isograd.frameworks.torch.layers import LAYERS, POSITIONAL
from isograd.frameworks.torch.recurrent import UNPACK
from isograd.ir.graph import Graph
from isograd.ir.layout import assign_logical, with_outer

_LOADING = """
    from safetensors.torch import load_file

    model = {name}()
    model.load_state_dict(load_file("weights.safetensors"))
"""


def emit(graph: Graph, *, idiomatic: bool = False, input_layout: str | None = None) -> Emitted:
    """The graph as an ``nn.Module``, and how its tensors correspond to the module's.

    ``idiomatic`` changes nothing here: PyTorch's own layers are the definition. ``input_layout`` is
    how images are handed in and out: channels-first by default, or ``channels-last``. Raises
    `UsageError` when the graph holds an op or shares parameters in a way that one layer cannot
    express.
    """
    layout = with_outer(assign_logical(graph), graph, input_layout)
    return emit_source(graph, layout, DIALECT, idiomatic=idiomatic)


def mark(graph: Graph) -> Emitted:
    """Like `emit`, as source whose lines say which node they compute; see
    `isograd.frameworks.marked`."""
    return mark_source(graph, DIALECT, assign_logical)


def _frame(body: Body) -> str:
    name = body.network.name
    parts = [
        f'"""{name}: a network in PyTorch.',
        "",
        "Its weights are loaded like this:",
        _LOADING.format(name=name),
        *describe_inputs(body.shapes),
        '"""',
        "",
        *_imports(body),
        "",
        "",
        *_exact(body),
        "\n\n\n".join(map(_class, body.classes)),
    ]
    return "\n".join(parts) + "\n"


def _class(body: ClassBody) -> str:
    arguments = ("self", *(f"{name}: {_kind(name)}" for name in body.arguments))
    result = "Tensor" if body.outputs == 1 else "tuple[Tensor, ...]"
    inputs = ("self", *(f"{x}: Tensor" for x in body.inputs))
    lines = [
        f"class {body.name}(nn.Module):",
        *statement("def __init__", Bracket("(", arguments, ") -> None:"), 4),
        "        super().__init__()",
        *constructed(body),
        *_anchor(body),
        "",
        *statement("def forward", Bracket("(", inputs, f") -> {result}:"), 4),
        *_read(body),
        *body.forward,
    ]
    return "\n".join(lines)


def _anchor(body: ClassBody) -> list[str]:
    """An empty buffer that goes where the module goes, if constants need to know."""
    anchor = "        self._module = nn.Buffer(torch.empty(0), persistent=False)"
    return [anchor] if _read(body) else []


def _read(body: ClassBody) -> list[str]:
    """The lines that read the module's precision and device, where its constants need them."""
    text = "\n".join(body.forward)
    needed = (name for name in ("dtype", "device") if re.search(rf"[=(]{name}[,)]", text))
    return [f"        {name} = self._module.{name}" for name in needed]


def _kind(argument: str) -> str:
    """The type of a constructor's argument."""
    return "float" if argument.rstrip("_0123456789") in ("p", "eps", "momentum") else "int"


def _imports(body: Body) -> list[str]:
    anchors = [line for one in body.classes for line in _anchor(one)]
    text = "\n".join((body.text, *_exact(body), *anchors))
    lines = ["from collections.abc import Callable", ""] if "Callable[" in text else []
    lines += ["import torch"] if re.search(r"\btorch\.", text) else []
    if re.search(r"(?<!\.)\bF\.", text):
        lines.append("import torch.nn.functional as F")
    return [*lines, "from torch import Tensor, nn"]


def _exact(body: Body) -> list[str]:
    """The exact forms that the body calls by their names."""
    return called(EXACT, body.text)


def _freeze(attribute: str, layer: Layer, site: Site) -> tuple[str, ...]:
    names = (layer.parameters[role][0] for role in site.node.parameters if role in site.frozen)
    paths = (f"{attribute}.{name}" if name else attribute for name in names)
    return tuple(f"self.{path}.requires_grad_(False)" for path in paths)


DIALECT = Dialect(
    name="PyTorch",
    layers=LAYERS,
    expressions=EXPRESSIONS,
    transpose=permute,
    split=lambda x, count, axis: call(f"{x}.chunk", count, axis),
    freeze=_freeze,
    frame=_frame,
    reserved=frozenset({*EXACT, "F", "Tensor", "dtype", "device"}),
    size=lambda x, axis: f"{x}.shape[{axis}]",
    borrow=BORROW,
    restore=restore,
    invoke=lambda module, arguments, _: call(module, *arguments),
    positional=POSITIONAL,
    unpack=UNPACK,
)
"""How PyTorch writes things."""
