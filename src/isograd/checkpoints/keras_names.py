"""Which dataset of a Keras file is which attribute of the model: ``fc1.kernel`` is
``fc1/vars/0``.

Keras (``saving_lib._save_state``) walks a model's attributes in alphabetical order and numbers each
layer's variables in the order in which they were made, the trainable ones first. One of a model's
attributes is ``layers``, the list of all layers: those whose own attribute stands behind it in the
alphabet are stored in it instead, as ``layers/dense``, ``layers/dense_1``, in the order in which
the constructor sets them. Only the model's source tells that order.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache

from isograd.errors import UsageError

CONTAINER = "layers"
"""The attribute of a ``keras.Model`` that lists its layers."""

ROLES = (
    "kernel",
    "depthwise_kernel",
    "pointwise_kernel",
    "recurrent_kernel",
    "bias",
    "bias_ih",
    "bias_hh",
    "gamma",
    "beta",
    "embeddings",
    "moving_mean",
    "moving_variance",
)
"""Variables of a layer, in the order in which layers make them."""


def dataset_paths(
    datasets: Sequence[str], native: Sequence[str], source: str | None
) -> dict[str, str]:
    """Attribute path to dataset path, for each of ``native`` that the file has.

    ``source`` is the text of the module with the model's class; it is read, never run. Raises
    `UsageError` when a layer is in the file but holds other variables, or when only the source can
    tell where a layer is and there is none.
    """
    owners: dict[str, list[str]] = {}
    for name in native:
        owner, _, role = name.rpartition(".")
        owners.setdefault(owner, []).append(role)
    groups: dict[str, list[str]] = {}
    for path in datasets:
        groups.setdefault(path.rpartition("/")[0], []).append(path)
    found: dict[str, str] = {}
    for owner, roles in owners.items():
        group = _group(owner, groups, source)
        if group is not None:
            found |= _variables(owner, roles, groups[group])
    return found


def _group(owner: str, groups: Collection[str], source: str | None) -> str | None:
    """Where the variables of ``owner`` are; None if nowhere."""
    path = owner.replace(".", "/")
    direct = f"{path}/vars" if path else "vars"
    if direct in groups:
        return direct
    first, slash, rest = path.partition("/")
    if first <= CONTAINER or not any(group.startswith(f"{CONTAINER}/") for group in groups):
        return None
    if source is None:
        raise UsageError(
            f"Keras stores the layer {first!r} under {CONTAINER!r} without its name; only the "
            "model's source tells which it is.",
            hint="Put model.py beside the mapping, or save the weights under their names: "
            "safetensors.numpy.save_file({name: attrgetter(name)(model).numpy(), ...}).",
        )
    places = _listed(source)
    listed = f"{places[first]}{slash}{rest}/vars" if first in places else None
    return listed if listed in groups else None


def _variables(owner: str, roles: list[str], held: list[str]) -> dict[str, str]:
    if len(roles) > 1 and not set(roles) <= set(ROLES):
        raise UsageError(
            f"In which order {owner or 'the model'!r} made {', '.join(roles)} is not known.",
            hint="Save the weights under their names instead.",
        )
    if len(held) != len(roles):
        raise UsageError(
            f"{owner or 'the model'!r} has {len(held)} variables in the file instead of "
            f"{len(roles)} ({', '.join(roles)}).",
        )
    ordered = sorted(roles, key=ROLES.index) if len(roles) > 1 else roles
    prefix = f"{owner}." if owner else ""
    return {f"{prefix}{role}": path for role, path in zip(ordered, held, strict=True)}


@cache
def _listed(source: str) -> dict[str, str]:
    """Attribute of the model's class to the path of its layer in the list of layers."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UsageError(f"The model's source cannot be read: {error}.") from None
    models = [
        node
        for node in module.body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith("Model") for base in node.bases)
    ]
    if len(models) != 1:
        raise UsageError(f"The model's source defines {len(models)} classes of keras.Model.")
    counts: dict[str, int] = {}
    places = {}
    for attribute, class_name in _constructed(models[0]):
        name = snake_case(class_name)
        count = counts[name] = counts.get(name, -1) + 1
        places[attribute] = f"{CONTAINER}/{name}_{count}" if count else f"{CONTAINER}/{name}"
    return places


def _constructed(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """``self.ATTRIBUTE = ...CLASS(...)``, in order."""
    for function in model.body:
        if not isinstance(function, ast.FunctionDef) or function.name != "__init__":
            continue
        for statement in function.body:
            match statement:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                    value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)),
                ) if name[0].isupper():
                    yield attribute, name


def snake_case(name: str) -> str:
    """What Keras makes of a class name: ``LayerNormalization`` to ``layer_normalization``,
    ``Conv2D`` to ``conv2d``."""
    word = r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])"
    return re.sub(word, "_", re.sub(r"\W", "", name)).lower()
