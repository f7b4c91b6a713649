"""`convert`: a network's twin in the other framework, as code to keep, with its proof."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isograd.checkpoints import TensorInfo, write_safetensors
from isograd.checkpoints.checkpoint import CODES
from isograd.checkpoints.transformation import transformed, transformed_shape
from isograd.errors import UsageError
from isograd.frameworks import MODES, part
from isograd.frameworks.protocol import Emitted
from isograd.ir import mapping_document
from isograd.ir.graph import Weights
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array, TensorMap
from isograd.models import Model, load
from isograd.progress import Progress
from isograd.proof.summary import ProofReport
from isograd.report import handover
from isograd.run.emit import single
from isograd.run.prove import prove
from isograd.training import Recipe


@dataclass(frozen=True)
class Conversion:
    """A written twin: its folder, its emitted source, and the proof that it is one (None where
    none was asked for)."""

    directory: Path
    emitted: Emitted
    proof: ProofReport | None


def convert(
    model: object,
    to: str,
    out: Path,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    recipe: Recipe | None = None,
    modes: Sequence[str] = (),
    idiomatic: bool = False,
    input_layout: str | None = None,
    proven: bool = True,
    seed: int = 0,
    timeout_s: float = 600.0,
    progress: Progress | None = None,
) -> Conversion:
    """Writes a network's twin in the framework ``to``.

    The folder ``out`` gets ``model.py`` (the network, readable, needing nothing of isograd),
    ``weights.safetensors``, ``train.py`` (a short loop to start from), ``mapping.json`` (which
    tensor is which; `isograd.transfer` reads it), ``proof.json`` and ``README.md``. It is written
    as a whole or not at all.

    Args:
        model: whatever `isograd.load` takes.
        to: ``torch`` or ``tensorflow``.
        out: a folder that does not exist yet, or is empty.
        inputs: what the network is called with, such as ``"x=float32[N,3,32,32]"``.
        trust: let a model file bring code of its own.
        recipe: the training that is proven and that ``train.py`` shows.
        modes: modes to prove; by default all of the framework ``to``.
        idiomatic: prefer the framework's own layers; the differences are declared.
        input_layout: how the twin takes and returns images, ``channels-first`` or
            ``channels-last``; by default as its framework prefers it.
        proven: whether to prove the twin, which takes longer than all the rest.
        seed: of the weights of a network that has none of its own, and of the proof's points.
        timeout_s: seconds that a worker may take for one answer.
        progress: who is told about it.

    Raises `UsageError` for bad input, and what `isograd.prove` raises.

    """
    emitter = part(to, "emitter")
    check_vacant(out)
    found = load(model, inputs, trust=trust)
    emitted: Emitted = emitter.emit(found.graph, idiomatic=idiomatic, input_layout=input_layout)
    recipe = recipe or Recipe(loss=found.loss)
    proof = None
    if proven:
        proof = prove(
            found,
            recipe=recipe,
            modes=[*_referee(found, to), *(modes or [to])],
            idiomatic=idiomatic,
            input_layout=input_layout,
            timeout_s=timeout_s,
            seed=seed,
            progress=progress,
        )
    _write_at_once(out, found, emitted, to, recipe, seed, proof)
    return Conversion(out, emitted, proof)


def _referee(model: Model, to: str) -> list[str]:
    """What twins of a graph are held against: its form in the other framework. A user's own network
    is there anyway."""
    return [] if model.original else [f"{other}/eager" for other in MODES if other != to]


def native_map(model: Model, emitted: Emitted) -> TensorMap:
    """From the tensors of the user's own network (of the graph, where there is none) to the
    twin's."""
    imported = model.imported
    return imported.parameters.compose(emitted.parameters) if imported else emitted.parameters


def check_vacant(out: Path) -> None:
    """Raises `UsageError` for a folder that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            "This folder is there already, and nothing in it is overwritten.",
            where=str(out),
            hint="Choose another --out.",
        )


def _write_at_once(
    out: Path,
    model: Model,
    emitted: Emitted,
    to: str,
    recipe: Recipe,
    seed: int,
    proof: ProofReport | None,
) -> None:
    """Into a folder beside it first, which then takes its place."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            _write(making, model, emitted, to, recipe, seed, proof)
            making.chmod(0o755)
            if out.exists():
                out.rmdir()
            making.rename(out)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"Cannot write: {error.strerror}.", where=str(out)) from None


def _write(
    folder: Path,
    model: Model,
    emitted: Emitted,
    to: str,
    recipe: Recipe,
    seed: int,
    proof: ProofReport | None,
) -> None:
    _write_weights(folder / "weights.safetensors", model.initial_state(seed), emitted.parameters)
    mapping = native_map(model, emitted)
    trainable = set(emitted.trainable)
    texts = {
        "model.py": emitted.source,
        "train.py": part(to, "script").training_script(model.graph, emitted, recipe),
        "mapping.json": mapping_document.to_json(
            mapping,
            model.framework or "isograd",
            to,
            [link.reference for link in mapping.links if link.twin in trainable],
        ),
        "README.md": handover.render(model, emitted, to, proof),
    }
    if proof:
        texts["proof.json"] = json.dumps(json.loads(proof.to_json()), indent=1) + "\n"
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_weights(path: Path, weights: Weights, map: TensorMap) -> None:
    """Tensor by tensor: one is transposed while the last is being written."""
    links = {link.reference: link for link in map.links}
    sources = {links[name].twin: (links[name], single(array)) for name, array in weights.items()}

    def produce(name: str) -> Array:
        link, array = sources[name]
        return transformed(link.transform, array)

    layout = {
        name: TensorInfo(CODES[array.dtype], transformed_shape(link.transform, array.shape))
        for name, (link, array) in sources.items()
    }
    write_safetensors(path, layout, produce)


def other_framework(model: Model) -> str:
    """Where a network is converted to if nothing is said: the framework that it is not in."""
    own = model.framework or "tensorflow"
    return next(name for name in MODES if name != own)
