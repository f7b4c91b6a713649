"""Where two recipes differ, each place by itself, and how one is made like the other there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from isograd.training.description import Initialiser
from isograd.training.recipe import Recipe

_PARTS = ("loss", "optimizer", "clipping", "decay")
"""Fields whose own fields are compared one by one."""

_WHOLE = {"loss": "kind", "clipping": "kind"}
"""Parts that have nothing in common where this field of theirs differs."""


@dataclass(frozen=True)
class RecipeDifference:
    """``path`` is dotted, such as ``optimizer.epsilon_form``; the values are the two recipes'."""

    path: str
    reference: Any
    twin: Any

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this one thing like the reference's."""
        head, _, field = self.path.partition(".")
        recipe = recipe.canonical
        if not field:
            return replace(recipe, **{head: self.reference})
        if head == "initialisers":
            return replace(recipe, initialisers={**recipe.initialisers, field: self.reference})
        changed = replace(getattr(recipe, head), **{field: self.reference})
        return replace(recipe, **{head: changed})


def differences(reference: Recipe, twin: Recipe) -> list[RecipeDifference]:
    """What has to be changed in ``twin`` to make it ``reference``: all applied, it is (in the
    canonical form). Parameters are called alike in both (see `Recipe.renamed`).

    A loss or an optimizer of another kind is one difference; its learning rate goes with it.
    """
    return list(_differences(reference.canonical, twin.canonical))


def _differences(reference: Recipe, twin: Recipe) -> Iterator[RecipeDifference]:
    for field in fields(Recipe):
        here, there = getattr(reference, field.name), getattr(twin, field.name)
        if here == there and type(here) is type(there):
            continue
        if field.name == "initialisers":
            yield from _draws(here, there)
        elif field.name in _PARTS and not _another_kind(field.name, here, there):
            yield from _inside(field.name, here, there)
        else:
            yield RecipeDifference(field.name, here, there)


def _draws(
    here: Mapping[str, Initialiser], there: Mapping[str, Initialiser]
) -> Iterator[RecipeDifference]:
    for name in here:
        if name in there and not here[name].agrees(there[name]):
            yield RecipeDifference(f"initialisers.{name}", here[name], there[name])


def _another_kind(name: str, here: Any, there: Any) -> bool:
    kind = _WHOLE.get(name)
    if name == "decay":
        return not (here.rate and there.rate)
    return type(here) is not type(there) or (
        kind is not None and getattr(here, kind) != getattr(there, kind)
    )


def _inside(name: str, here: Any, there: Any) -> Iterator[RecipeDifference]:
    assert is_dataclass(here)
    for field in fields(here):
        ours, theirs = getattr(here, field.name), getattr(there, field.name)
        if ours != theirs:
            yield RecipeDifference(f"{name}.{field.name}", ours, theirs)
