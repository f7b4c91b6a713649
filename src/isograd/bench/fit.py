"""Whether a network, a data set and a loss belong together, asked before any worker starts."""

from __future__ import annotations

from math import prod

from isograd.data import HOMES, Dataset
from isograd.errors import UsageError
from isograd.ir.graph import Graph
from isograd.ir.ops import TensorType
from isograd.ir.sizes import symbols
from isograd.models import Model
from isograd.training import LOSSES, Loss, Recipe


def check_loss(graph: Graph, recipe: Recipe) -> None:
    """Raises `UsageError` when the outputs of ``graph`` cannot go into the loss, or that
    loss would train nothing."""
    kinds = [graph.type_of(name).dtype for name in graph.outputs]
    if "float" not in kinds:
        raise UsageError(f"The model {graph.name!r} has no floating-point output to train.")
    for name in graph.outputs:
        shape = graph.type_of(name).shape
        if set(symbols(*shape[:1])) & set(symbols(*shape[1:])):
            raise UsageError(
                f"Output {name!r} has the shape {list(shape)}: the batch's size is on an inner "
                "axis, so that its rows are no examples.",
                hint="No loss here takes that; let the network return what it is computed from.",
            )
    used = {name for node in graph.needed for name in node.parameters.values()}
    if used.isdisjoint(graph.trainable):
        raise UsageError(f"No output of the model {graph.name!r} depends on a trained parameter.")
    if len(kinds) > 1 and recipe.loss.integer_targets:
        raise UsageError(
            f"The model {graph.name!r} has {len(kinds)} outputs; {recipe.loss.name} takes one.",
            hint="Choose --loss mean_squared_error, which takes all of them.",
        )


def usual_data(model: Model) -> str:
    """The data set that the model is usually trained with.

    Raises `UsageError` where none is known.
    """
    if model.data is None:
        raise UsageError(
            f"Which data set belongs to {model.reference!r} is not known.",
            hint=f"Give --data: {', '.join(HOMES)}.",
        )
    return model.data


def check_fit(graph: Graph, dataset: Dataset, recipe: Recipe) -> None:
    """Raises `UsageError`, with the option to change, when ``graph`` cannot be trained on
    ``dataset`` as ``recipe`` says."""
    for kind, names in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if len(names) != 1:
            raise UsageError(
                f"The model {graph.name!r} has {len(names)} {kind}: {', '.join(names)}. What is "
                "trained on a data set has one.",
                hint="`isograd prove` without --data and `isograd convert` take any number.",
            )
    _check_inputs(graph, dataset)
    _check_targets(graph, dataset, recipe.loss)
    if recipe.batch_size > len(dataset.train_targets):
        raise UsageError(
            f"A batch of {recipe.batch_size} is larger than the data set "
            f"({len(dataset.train_targets)} examples).",
            hint="Choose a smaller --batch-size.",
        )


def _check_inputs(graph: Graph, dataset: Dataset) -> None:
    (kind,) = graph.inputs.values()
    have = dataset.train_inputs.shape[1:]
    if prod(size for size in kind.shape[1:] if isinstance(size, int)) != prod(have):
        raise UsageError(
            f"The data set {dataset.name!r} has examples of shape {list(have)}, "
            f"the model {graph.name!r} takes {list(kind.shape[1:])}.",
            hint="Choose another --data.",
        )


def _check_targets(graph: Graph, dataset: Dataset, loss: Loss) -> None:
    outputs = graph.type_of(graph.outputs[0])
    if _takes(loss, outputs, dataset):
        return
    wanted = "targets of the outputs' shape"
    if loss.integer_targets:
        wanted = "one class for each example, and one output for each class"
    fitting = [
        name
        for name, other in LOSSES.items()
        if other.ignored is None and _takes(other, outputs, dataset)
    ]
    raise UsageError(
        f"The loss {loss.name!r} needs {wanted}; the model {graph.name!r} has outputs of shape "
        f"{list(outputs.shape[1:])}, the data set {dataset.name!r} {_described(dataset)}.",
        hint=f"Say --loss {' or '.join(fitting)}." if fitting else "Choose another --data.",
    )


def _takes(loss: Loss, outputs: TensorType, dataset: Dataset) -> bool:
    """Whether such outputs and the data set's targets go into it."""
    targets = dataset.train_targets
    if loss.integer_targets:
        return targets.ndim == 1 and _classes(outputs) >= (dataset.classes or 1)
    return outputs.shape[1:] == targets.shape[1:]


def _classes(outputs: TensorType) -> int:
    last = outputs.shape[-1]
    return last if len(outputs.shape) == 2 and isinstance(last, int) else 0


def _described(dataset: Dataset) -> str:
    if dataset.train_targets.ndim == 1:
        return f"has {dataset.classes} classes"
    return f"has targets of shape {list(dataset.train_targets.shape[1:])}"
