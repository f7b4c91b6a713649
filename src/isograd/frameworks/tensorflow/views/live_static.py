"""What all static views of a network that depends on data share: tracing it, and its refusal."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import keras
import tensorflow as tf
from tensorflow.python.framework.func_graph import FuncGraph

from isograd.frameworks.tensorflow.views.execution import key, whole_tracebacks
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.gradients import watched_gradients
from isograd.frameworks.tensorflow.views.graphs import Reader
from isograd.frameworks.tensorflow.views.live import LiveNetwork
from isograd.frameworks.tensorflow.views.locating import complete
from isograd.frameworks.tensorflow.views.modules import Modules
from isograd.references import is_user_file
from isograd.views import Operation, View
from isograd.views.decisions import shown

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass
class Traced:
    """A graph of the network, or what there was of it when the error came."""

    graph: Any
    operations: list[Operation]
    error: Exception | None = None


def trace(network: LiveNetwork, function: Any, inputs: Sequence[tf.Tensor]) -> Traced:
    """Traces a ``tf.function`` for inputs like these, of any batch size."""
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in inputs]
    return follow(network, lambda: function.get_concrete_function(*specs).graph, inputs)


def follow(network: LiveNetwork, make: Callable[[], Any], inputs: Sequence[tf.Tensor]) -> Traced:
    """The graph that is made, or the part of it that there was when making it failed."""
    error, graph = None, None
    with Modules(network.model) as modules, watched_gradients() as gradients, whole_tracebacks():
        try:
            graph = make()
        except Exception as raised:
            error, graph = raised, _unfinished(raised)
    if graph is None:
        return Traced(None, [], error)
    labels = _labels(network, graph, list(inputs))
    reader = Reader(network.locator, gradients, labels)
    operations = reader.read(graph, graph.get_operations())
    complete(operations)
    modules.place(operations)
    return Traced(graph, operations, error)


def _unfinished(error: Exception) -> Any:
    """The largest of the graphs that were being made when the error came."""
    frames = (frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__))
    graphs = [names.get("func_graph") for names in frames]
    found = [graph for graph in graphs if isinstance(graph, FuncGraph)]
    return max(found, key=lambda graph: len(graph.get_operations()), default=None)


def _labels(network: LiveNetwork, graph: Any, inputs: list[tf.Tensor]) -> dict[str | int, str]:
    held = network.labels(inputs)
    captures = list(getattr(graph, "captures", ()))
    names = {key(inner): held.get(key(outer), "") for outer, inner in captures}
    captured = {id(inner) for _, inner in captures}
    arguments = [one for one in getattr(graph, "inputs", ()) if id(one) not in captured]
    pairs = zip(arguments, network.specs, strict=False)
    found = {name: text for name, text in names.items() if text}
    return found | {key(tensor): spec.name for tensor, spec in pairs}


def refuse(view: View, traced: Traced, network: LiveNetwork, demand: str) -> View:
    """Makes the view partial: it ends in the line that is refused, with what is demanded there."""
    assert traced.error is not None
    end_at_failure(view, traced.operations, traced.error, network.locator)
    failed, event = view.operations[-1], view.events[-1]
    failed.source = failed.source or line_in(str(traced.error))
    event.source, event.text = failed.source, demand
    return view


def line_in(text: str) -> str | None:
    """The user's line in a message that quotes frames, the innermost last: AutoGraph raises a new
    error, whose own frames are the library's."""
    frames = [(file, int(line)) for file, line in _FRAME.findall(text) if is_user_file(file)]
    return shown(frames[-1]) if frames else None


@contextmanager
def decorated(network: keras.Model) -> Iterator[list[str]]:
    """With ``@tf.function`` on the ``call`` of each of the user's own classes, which it names."""
    kinds = dict.fromkeys(type(layer) for layer in network._flatten_layers())
    own = [kind for kind in kinds if "call" in vars(kind) and _is_users(kind.call)]
    with ExitStack() as stack:
        for kind in own:
            stack.enter_context(mock.patch.object(kind, "call", tf.function(kind.call)))
        yield [kind.__name__ for kind in own]


def _is_users(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and is_user_file(code.co_filename)
