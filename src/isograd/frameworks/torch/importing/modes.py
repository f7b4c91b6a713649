"""Whether a network computes the same in training and in evaluation."""

from __future__ import annotations

import inspect
import sys

from torch import nn

from isograd.errors import UsageError
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Dropout

Step = tuple[object, tuple[str, ...], tuple[tuple[str, str], ...]]
"""What a node computes: op, inputs, parameters."""


def check_modes(training: Graph, evaluation: Graph) -> None:
    """Raises `UsageError`, with the first line that differs, when the graphs of the two modes
    differ in more than dropout.
    """
    first, second = _steps(training), _steps(evaluation)
    for (node, step), (_, other) in zip(first, second, strict=False):
        if step != other:
            raise _different(node)
    if len(first) != len(second):
        longer = max(first, second, key=len)
        raise _different(longer[min(len(first), len(second))][0])
    if _outputs(training) != _outputs(evaluation):
        raise _different(None)


def mode_matters(module: nn.Module) -> bool:
    """Whether code of the user's may look at the mode: the word ``training`` stands in a file that
    defines one of the modules. PyTorch's own modules look at it as dropout and batch normalisation
    do. What this overlooks, a proof in evaluation mode still finds.
    """
    classes = {type(part) for part in module.modules()}
    own = {cls for cls in classes if not cls.__module__.startswith("torch.nn.")}
    return any(_may_read_mode(cls) for cls in own)


def _may_read_mode(cls: type) -> bool:
    try:
        return "training" in inspect.getsource(sys.modules[cls.__module__])
    except (OSError, TypeError, KeyError):
        return True


def _different(node: Node | None) -> UsageError:
    return UsageError(
        "The network computes something else in evaluation mode than in training mode, and not "
        "only by dropout and batch normalisation.",
        where=node.source if node else None,
        hint="Give isograd the part that both modes share.",
    )


def _steps(graph: Graph) -> list[tuple[Node, Step]]:
    """All nodes that the outputs need but dropouts, with values numbered in order instead of
    named."""
    names = {name: name for name in graph.inputs}
    found: list[tuple[Node, Step]] = []
    for node in graph.needed:
        inputs = tuple(names[name] for name in node.inputs)
        if isinstance(node.op, Dropout):
            names[node.name] = inputs[0]
            continue
        names[node.name] = f"#{len(found)}"
        found.append((node, (node.op, inputs, tuple(sorted(node.parameters.items())))))
    return found


def _outputs(graph: Graph) -> list[str]:
    names = {name: name for name in graph.inputs}
    count = 0
    for node in graph.needed:
        if isinstance(node.op, Dropout):
            names[node.name] = names[node.inputs[0]]
        else:
            names[node.name] = f"#{count}"
            count += 1
    return [names[name] for name in graph.outputs]
