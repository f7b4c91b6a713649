"""Training scripts: a network with its recipe, and the native objects where there are some."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from isograd.errors import UsageError
from isograd.frameworks import MODES, installed, part
from isograd.frameworks.importing import framework_of, made_by
from isograd.frameworks.protocol import Emitted
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec, parse_input
from isograd.ir.mapping import Array
from isograd.ir.sizes import symbols
from isograd.models import Model, load
from isograd.reference_text import parse_reference
from isograd.training import Recipe, TrainSpec


@dataclass(frozen=True)
class Script:
    """A model and how it is trained. ``training`` is None for a network alone; `Model.original`
    then trains with the recipe, and else with the user's own loss and optimizer."""

    model: Model
    recipe: Recipe
    training: TrainSpec | None = None


def load_script(
    script: object, inputs: Sequence[str | InputSpec] = (), *, trust: bool = False
) -> Script:
    """What ``script`` is or names: a `TrainSpec`, a compiled Keras model, or a network, whose
    recipe is then the usual one. Runs the user's code in this process.

    Parameters in the recipe are named as in the model's graph. Raises what `isograd.load` raises.
    """
    named, found = str(script), script
    if isinstance(script, str):
        reference = parse_reference(script)
        found = made_by(reference) if reference.kind == "python" else script
    if isinstance(found, TrainSpec):
        return _trained(found, inputs, trust, named if isinstance(script, str) else "")
    if framework_of(found) == "tensorflow" and getattr(found, "compiled", False):
        return _trained(TrainSpec(found), inputs, trust, named if isinstance(script, str) else "")
    model = load(found, inputs, trust=trust, here=True)
    if model.imported is None:
        return Script(_written(model), Recipe(model.loss))
    if isinstance(script, str):
        model = replace(model, reference=script)
    return Script(model, Recipe(model.loss))


def _written(model: Model) -> Model:
    """A graph as a network of the first framework that is installed: its emitted source, made by
    the class in it. The file stays as long as the process' temporary files do."""
    framework = next(name for name in MODES if installed(name))
    emitted: Emitted = part(framework, "emitter").emit(model.graph)
    path = Path(tempfile.mkdtemp(prefix="isograd-")) / "model.py"
    path.write_text(emitted.source, encoding="utf-8")
    specs = [InputSpec(name, kind.shape, kind.dtype) for name, kind in model.graph.inputs.items()]
    found = load(f"{path}:{emitted.class_name}", specs, here=True)
    return replace(found, reference=model.reference, data=model.data, loss=model.loss)


def _trained(
    training: TrainSpec, inputs: Sequence[str | InputSpec], trust: bool, name: str
) -> Script:
    framework = framework_of(training.model)
    made = training.model if framework else training.model()
    framework = framework or framework_of(made)
    if framework is None:
        raise UsageError(
            f"The model of this TrainSpec is a {type(made).__name__}.",
            hint="Give it an nn.Module or a keras.Model, or what makes one.",
        )
    training = replace(training, model=made)
    model = load(made, inputs or training.inputs or _inputs(training), trust=trust)
    original, imported = model.original, model.imported
    assert original is not None
    assert imported is not None
    recipe: Recipe = part(framework, "recipe").read(training)
    original = replace(original, training=training)
    model = replace(model, original=original, reference=name or model.reference)
    return Script(model, _in_terms_of(recipe, imported), training)


def _inputs(training: TrainSpec) -> tuple[InputSpec, ...]:
    """What the examples say about the network's one input; nothing without examples."""
    if training.examples is None or framework_of(training.model) == "tensorflow":
        return ()
    inputs: Array = training.examples[0]
    sizes = ",".join(map(str, ("N", *inputs.shape[1:])))
    if inputs.dtype.kind in "iu":
        return (parse_input(f"x=int64[{sizes}]<{int(inputs.max()) + 1}", "x"),)
    return (parse_input(f"x=float32[{sizes}]", "x"),)


def _in_terms_of(recipe: Recipe, imported: Imported) -> Recipe:
    """Names and the axis of the classes as in the graph, counted from the end."""
    recipe = recipe.renamed(imported.parameters.names)
    graph = imported.graph
    if len(graph.outputs) != 1 or recipe.loss.kind != "cross_entropy":
        return recipe
    (output,) = graph.outputs
    shape = graph.type_of(output).shape
    if len(shape) == 1 or set(symbols(*shape[:1])) & set(symbols(*shape[1:])):
        return recipe
    marked = np.empty(tuple(range(1, len(shape) + 1)), np.int8)
    native = imported.values[output](marked).shape
    size = native[recipe.loss.axis]
    axis = size - 1 - len(shape)
    return replace(recipe, loss=replace(recipe.loss, axis=axis))
