"""The page that goes with a converted network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from isograd.frameworks.protocol import Emitted
from isograd.models import Model
from isograd.notation.names import title

if TYPE_CHECKING:
    from isograd.proof.summary import ProofReport


def render(model: Model, emitted: Emitted, to: str, proof: ProofReport | None) -> str:
    """Markdown: what the files are, and what was proven."""
    environment = Environment(
        loader=PackageLoader("isograd.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Markdown; names in it are identifiers and paths
    )
    return environment.get_template("handover.md.j2").render(
        name=emitted.class_name,
        framework=title(to),
        reference=model.reference.replace("`", "'"),
        tensors=len(emitted.parameters.links),
        parameters=f"{model.graph.count_parameters():,}",
        proof=proof,
        declared=proof.declared if proof else emitted.declared,
    )
