"""From a form to the module that builds it: the same way in every framework's folder."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import MissingDependency, UsageError, unknown


def build(order: Order, package: str, families: Mapping[str, str]) -> Artefact:
    """Builds ``order.candidate`` into ``order.folder``.

    ``families`` maps candidates to modules of ``package``, each of which offers
    ``build(order) -> Artefact``; a module is imported when it is asked for, because some need
    packages of their own. Raises `MissingDependency` where a package is not installed, and
    `UsageError` where the network has something that the form cannot hold.
    """
    if order.candidate not in families:
        raise unknown("form", order.candidate, families)
    if len(order.graph.outputs) > 1:
        raise UsageError(
            f"The network has {len(order.graph.outputs)} outputs; a form that is shipped has one.",
            hint="Ship the part of the network that computes the one that is used.",
        )
    try:
        family = importlib.import_module(f"{package}.{families[order.candidate]}")
        artefact: Artefact = family.build(order)
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("isograd"):
            raise
        raise MissingDependency(
            f"{order.candidate} needs {error.name!r}, which is not installed.",
            hint="pip install 'isograd[all]'",
        ) from None
    return artefact
