"""`transfer`: a checkpoint's tensors to the twin's side of a mapping, or back.

Weights, running statistics and optimizer state go through the same transforms, one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock

from isograd.checkpoints import Checkpoint, Known, TensorInfo, open_checkpoint
from isograd.checkpoints.joined import with_optimizer
from isograd.checkpoints.optimizer import STEP, belongs_to, join, slots_in, split
from isograd.checkpoints.pieces import Piece, is_transposition, pieces_of
from isograd.checkpoints.transformation import made_shapes, transformed
from isograd.checkpoints.turning import cores
from isograd.checkpoints.writing import write_pieces
from isograd.errors import UsageError, unknown
from isograd.ir.mapping import AnyLink, Array, Join, Split, TensorMap, Transform
from isograd.ir.mapping_document import MappingDocument, from_json
from isograd.progress import Progress, Silent

MOST_NAMED = 5
"""How many tensors an error names."""

OWN_COUNTERS = ("num_batches_tracked", "*.num_batches_tracked")
"""Tensors that a framework keeps for itself: no computation in the twin depends on them."""

SIDES = ("reference", "twin")


@dataclass(frozen=True)
class Transferred:
    """What `transfer` wrote: the files, how many tensors and bytes of values are in them, and which
    tensors of the checkpoint were left out."""

    files: tuple[Path, ...]
    tensors: int
    nbytes: int
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Move:
    """Where one tensor of the result comes from: ``link`` makes it of the ``sources``, in ``place``
    among others."""

    sources: tuple[str, ...]
    link: AnyLink | None
    place: int
    info: TensorInfo


def transfer(
    checkpoint: str | Path,
    mapping: str | Path | MappingDocument,
    to: str,
    out: str | Path,
    *,
    source: str | None = None,
    optimizer: str | Path | None = None,
    ignore: Sequence[str] = (),
    shard_size: int | None = None,
    progress: Progress | None = None,
) -> Transferred:
    """Moves a checkpoint to the other side of a mapping; every value keeps its bits.

    Args:
        checkpoint: whatever `isograd.checkpoints.open_checkpoint` opens.
        mapping: the ``mapping.json`` of a converted network, or what it holds. A ``model.py``
            beside it is read (never run) where a Keras file of the twin does not say which layer
            is which.
        to: the framework to move to, or ``reference`` or ``twin`` where both sides are of one.
        out: the ``.safetensors`` file to write.
        source: the framework to come from; by default the mapping's other side.
        optimizer: a PyTorch file with the optimizer's ``state_dict``, if it has a file of its own.
        ignore: patterns of tensors to leave out: optimizer state (``optimizer/*``), and tensors
            that the mapping does not know.
        shard_size: bytes of values in a file at most; by default there is one file.
        progress: who is told about it.

    Raises `UsageError` when the mapping or the checkpoint is damaged, when tensors are missing,
    superfluous or of a shape that the mapping cannot take, and when a file exists already;
    `MissingDependency` when a file's framework is needed and not installed. No file is left behind
    then.

    """
    progress = progress or Silent()
    out = Path(out)
    check_paths(Path(checkpoint), out)
    document, text = _document(mapping)
    forward = _is_forward(document, source, to)
    map = document.map if forward else document.map.inverse
    trainable = document.trainable if forward else document.map.twins_of(document.trainable)
    known = Known(
        map.references,
        trainable,
        source=None if forward else text,
        optimizer=not _matches(STEP, ignore),
    )
    with with_optimizer(open_checkpoint(checkpoint, known), optimizer, trainable) as opened:
        moves, left_out = _plan(opened, map, trainable, ignore, str(checkpoint))
        progress.phase("transfer", len(moves))

        reading = Lock()

        def pieces(name: str) -> list[Piece]:
            progress.advance(name)
            return _pieces(opened, moves[name], reading)

        layout = {name: move.info for name, move in moves.items()}
        files = write_pieces(out, layout, pieces, threads=cores(), shard_size=shard_size)
    nbytes = sum(info.nbytes for info in layout.values())
    return Transferred(tuple(files), len(layout), nbytes, tuple(left_out))


def check_paths(checkpoint: Path, out: Path) -> None:
    """Raises `UsageError` where there is no such checkpoint, or ``out`` is no name for one; reads
    nothing."""
    if not checkpoint.exists():
        raise UsageError("There is no such checkpoint.", where=str(checkpoint))
    if out.suffix != ".safetensors":
        raise UsageError(
            "Checkpoints are written as .safetensors.", where=str(out), hint="Rename --out."
        )


def _pieces(checkpoint: Checkpoint, move: _Move, reading: Lock) -> list[Piece]:
    """One tensor of the result, in the way that its file allows; not every reader takes calls of
    several threads at once."""
    place = checkpoint.place(move.sources[0])
    if place and not isinstance(move.link, Split | Join):
        transform = move.link.transform if move.link else Transform()
        if is_transposition(transform):
            return pieces_of(place, checkpoint.info(move.sources[0]), transform)

    def make(_: Array) -> Array:
        with reading:
            return _values([checkpoint.read(name) for name in move.sources], move)

    return [Piece(move.info.nbytes, make)]


def _values(sources: Sequence[Array], move: _Move) -> Array:
    """One tensor of the result, made of whole tensors; in C order."""
    if isinstance(move.link, Split | Join):
        return move.link.forward(sources)[move.place]
    return transformed(move.link.transform if move.link else Transform(), sources[0])


def _document(mapping: str | Path | MappingDocument) -> tuple[MappingDocument, str | None]:
    """The mapping, and the source of the twin that stands beside it."""
    if isinstance(mapping, MappingDocument):
        return mapping, None
    path = Path(mapping)
    try:
        document = from_json(path.read_text(encoding="utf-8"), str(path))
        beside = path.with_name("model.py")
        return document, beside.read_text(encoding="utf-8") if beside.is_file() else None
    except OSError as error:
        raise UsageError(
            f"Cannot read the mapping: {error.strerror}.",
            where=str(path),
            hint="`isograd convert` writes mapping.json beside the network.",
        ) from None
    except UnicodeDecodeError:
        raise UsageError("This is no UTF-8 text.", where=str(path)) from None


def _is_forward(document: MappingDocument, source: str | None, to: str) -> bool:
    """Whether the way goes from reference to twin."""
    frameworks = {"reference": document.reference, "twin": document.twin}
    targets = [side for side in SIDES if to in (side, frameworks[side])]
    if not targets:
        raise unknown("side of this mapping", to, {*SIDES, *frameworks.values()})
    if len(targets) > 1:
        raise UsageError(
            f"Both sides of this mapping are {to}.", hint="Use reference or twin with --to."
        )
    other = "twin" if targets[0] == "reference" else "reference"
    if source not in (None, other, frameworks[other]):
        raise UsageError(
            f"This mapping leads to {to} from {frameworks[other]}, not from {source}.",
            hint="Check --from, --to and --mapping.",
        )
    return targets[0] == "twin"


def _plan(
    checkpoint: Checkpoint,
    map: TensorMap,
    trainable: Sequence[str],
    ignore: Sequence[str],
    where: str,
) -> tuple[dict[str, _Move], list[str]]:
    """What to write under which name, and what is left out. Raises `UsageError` for a checkpoint
    that is not the mapping's."""
    links = map.by_reference
    unwanted = [name for name in checkpoint.names if _is_state(name) and _matches(name, ignore)]
    names = _without(checkpoint.names, unwanted)
    trained = set(trainable)
    mapped = [name for name in names if _is_mapped(name, links, trained)]
    others = _without(names, mapped)
    left_out = [name for name in others if _matches(name, (*OWN_COUNTERS, *ignore))]
    surplus = _without(others, left_out)
    _refuse("it lacks", _lacking(mapped, links, trainable), where)
    _refuse("the mapping does not know", surplus, where, "Leave them out with --ignore PATTERN.")
    return _moves(checkpoint, mapped, links, where), [*unwanted, *left_out]


def _moves(
    checkpoint: Checkpoint, names: Sequence[str], links: dict[str, AnyLink], where: str
) -> dict[str, _Move]:
    moves: dict[str, _Move] = {}
    wrong: list[str] = []
    for name in names:
        try:
            moves |= _made_of(checkpoint, name, links.get(belongs_to(name)))
        except ValueError as error:
            wrong.append(f"{name} ({error})")
    _refuse("the mapping cannot take", wrong, where)
    return moves


def _made_of(checkpoint: Checkpoint, name: str, link: AnyLink | None) -> dict[str, _Move]:
    """What becomes of one tensor, and of those that are joined with it. Raises `ValueError` when a
    shape does not fit."""
    if link is None:
        return {name: _Move((name,), None, 0, checkpoint.info(name))}
    sources = tuple(_renamed(name, reference) for reference in link.references)
    infos = [checkpoint.info(source) for source in sources]
    for info, reference in zip(infos, link.references, strict=True):
        of = checkpoint.info(reference).shape
        if info.shape != of:
            raise ValueError(f"shape {info.shape}, its parameter has {of}")
    if len({info.dtype for info in infos}) > 1:
        raise ValueError("its pieces are of different types")
    shapes = made_shapes(link, [info.shape for info in infos])
    return {
        _renamed(name, twin): _Move(sources, link, place, TensorInfo(infos[0].dtype, shape))
        for place, (twin, shape) in enumerate(zip(link.twins, shapes, strict=True))
    }


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    left = set(others)
    return [name for name in names if name not in left]


def _is_mapped(name: str, links: dict[str, AnyLink], trainable: set[str]) -> bool:
    """Whether the mapping knows the tensor; only what is trained has optimizer state."""
    return name == STEP or (belongs_to(name) in trainable if _is_state(name) else name in links)


def _lacking(
    names: Sequence[str], links: dict[str, AnyLink], trainable: Sequence[str]
) -> list[str]:
    """What should be there: every mapped tensor, and a slot of all that are trained, or of none."""
    kinds = dict.fromkeys(split(name)[0] for name in slots_in(names))
    wanted = [*links, *(join(slot, name) for slot in kinds for name in trainable)]
    held = set(names)
    return [name for name in wanted if name not in held]


def _is_state(name: str) -> bool:
    return name == STEP or bool(slots_in([name]))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _renamed(name: str, parameter: str) -> str:
    """What ``name`` is called for another parameter: the same slot, if it is optimizer state."""
    return join(split(name)[0], parameter) if _is_state(name) else parameter


def _refuse(problem: str, names: Sequence[str], where: str, hint: str | None = None) -> None:
    """Raises the `UsageError` for ``names``, if there are any."""
    if not names:
        return
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    raise UsageError(
        f"This checkpoint is not the mapping's: {problem} {', '.join(names[:MOST_NAMED])}{more}.",
        where=where,
        hint=hint or "Check --mapping, --from and --to.",
    )
