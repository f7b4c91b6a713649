"""Forms of the ops that pick, move, contract and resize, with inputs."""

from __future__ import annotations

from isograd.ir import ops
from isograd.ir.ops import Op, TensorType


def real(*shape: int | str) -> TensorType:
    return TensorType(shape)


def whole(*shape: int | str) -> TensorType:
    return TensorType(shape, "int")


def truths(*shape: int | str) -> TensorType:
    return TensorType(shape, "bool")


IMAGE = real("N", 4, 7, 6)
SIGNAL = real("N", 4, 9)
FEATURES = real("N", 10)
WORDS = real("N", "T", 5)
Q, K, V = real("N", 2, 5, 4), real("N", 2, 3, 4), real("N", 2, 3, 6)

CASES: tuple[tuple[Op, tuple[TensorType, ...]], ...] = (
    (ops.Slice(1, 1), (IMAGE,)),
    (ops.Slice(2, 1, -1), (IMAGE,)),
    (ops.Slice(-1, -3, None, 2), (IMAGE,)),
    (ops.Slice(1, 0, -1), (WORDS,)),
    (ops.Select(1, -1), (IMAGE,)),
    (ops.Select(1, 0), (WORDS,)),
    (ops.ExpandDims(1), (FEATURES,)),
    (ops.ExpandDims(-1), (IMAGE,)),
    (ops.Squeeze((1, 3)), (real("N", 1, 4, 1),)),
    (ops.BroadcastTo(("N", 4, 10)), (real("N", 1, 10),)),
    (ops.BroadcastTo((3, 10)), (real(10),)),
    (ops.Tile((1, 2, 1, 3)), (IMAGE,)),
    (ops.RepeatInterleave(2, 1), (IMAGE,)),
    (ops.Flip((1, -1)), (IMAGE,)),
    (ops.Roll((2, -1), (2, 3)), (IMAGE,)),
    (ops.Pad(((0, 0), (1, 2), (0, 1), (2, 0))), (IMAGE,)),
    (ops.Pad(((0, 0), (0, 0), (-1, 2), (-2, -1)), value=0.5), (IMAGE,)),
    *(
        (ops.Pad(((0, 0), (0, 0), (2, 1), (0, 3)), mode), (IMAGE,))
        for mode in ("reflect", "replicate", "circular")
    ),
    (ops.Pad(((0, 0), (0, 0), (2, 1)), "replicate"), (SIGNAL,)),
    (ops.Triangle(True, 1), (IMAGE,)),
    (ops.Triangle(False, -1), (IMAGE,)),
    (ops.Take(1), (IMAGE, whole(2, 3))),
    (ops.Take(0), (real(5, 4), whole("N", 3))),
    (ops.Take(1), (real("N", 5, 4), whole())),
    (ops.TakeAlongAxis(1), (FEATURES, whole("N", 3))),
    (ops.OneHot(4), (whole("N", 3),)),
    (ops.Einsum("nchw,cd->nhwd"), (IMAGE, real(4, 3))),
    (ops.Einsum("nqd,nkd->nqk"), (real("N", 3, 4), real("N", 5, 4))),
    (ops.Convolve((3,), (1,), ((2, 0),), (1,)), (SIGNAL, real(5, 4, 3))),
    (ops.Convolve((2,), (2,), ((1, 1),), (2,)), (SIGNAL, real(5, 4, 2))),
    (ops.Convolve((3, 2), (1, 2), ((1, 1), (0, 0)), (1, 1), 2), (IMAGE, real(6, 2, 3, 2))),
    (ops.Attention(), (Q, K, V)),
    (ops.Attention(scale=0.3), (Q, K, V)),
    (ops.Attention(causal=True), (Q, K, V)),
    (ops.Attention(), (Q, K, V, real(5, 3))),
    (ops.Attention(), (Q, K, V, truths("N", 1, 5, 3))),
    (ops.RMSNorm((10,)), (FEATURES,)),
    (ops.RMSNorm((7, 6), eps=0.1), (IMAGE,)),
    (ops.RMSNorm((6,), affine=False), (IMAGE,)),
    (ops.LayerNorm((10,), bias=False), (FEATURES,)),
    (ops.BatchNorm(unbiased=False), (IMAGE,)),
    (ops.BatchNorm(unbiased=False, momentum=0.3), (FEATURES,)),
    (ops.Embedding(5, 3, padding_idx=1), (whole("N", 4),)),
    *(
        (ops.ConvTranspose(3, (3, 2), stride, padding, beyond, (1, 1), 1, bias), (IMAGE,))
        for stride, padding, beyond, bias in (
            ((1, 1), ((0, 0), (0, 0)), (0, 0), True),
            ((2, 2), ((1, 1), (0, 0)), (1, 0), True),
            ((2, 3), ((1, 1), (1, 1)), (1, 2), False),
            ((3, 3), ((0, 1), (1, 0)), (0, 0), True),
        )
    ),
    (ops.ConvTranspose(3, (4,), (2,), ((1, 1),), (0,), (1,)), (SIGNAL,)),
    (ops.Resize(None, (2.0, 2.0), "nearest"), (IMAGE,)),
    (ops.Resize((5, 11), None, "nearest"), (IMAGE,)),
    (ops.Resize(None, (1.5, 0.5), "nearest"), (IMAGE,)),
    (ops.Resize((5, 11), None, "nearest", True), (IMAGE,)),
    *(
        (ops.Resize(size, scale, "bilinear", corners), (IMAGE,))
        for size, scale in (((5, 11), None), (None, (2.0, 2.0)))
        for corners in (False, True)
    ),
    (ops.AdaptiveAvgPool((3, 2)), (IMAGE,)),
    (ops.AdaptiveAvgPool((3,)), (SIGNAL,)),
    (ops.AdaptiveMaxPool((3, 4)), (IMAGE,)),
    (ops.MaxPool((3, 3), (2, 2), ((0, 1), (1, 1)), (1, 1)), (IMAGE,)),
    (ops.MaxPool((3, 2), (2, 2), ((1, 1), (0, 0)), (1, 1)), (IMAGE,)),
    (ops.AvgPool((3, 3), (2, 2), ((0, 1), (1, 1)), False, False), (IMAGE,)),
    (ops.AvgPool((3, 3), (2, 2), ((0, 1), (1, 0)), False, True), (IMAGE,)),
    (ops.Conv(3, (2, 2, 3), (1, 2, 1), ((0, 0),) * 3, (1, 1, 1)), (real("N", 2, 4, 4, 4),)),
    (ops.Maximum(), (whole("N", 3), whole(3))),
    (ops.Minimum(), (whole("N", 3), whole(3))),
    (ops.Concat(1), (WORDS, real("N", 1, 5))),
    (ops.Reshape(("5*N*T",)), (WORDS,)),
    (ops.Reshape(("N*T", 5)), (WORDS,)),
    (ops.Flatten(0, 1), (WORDS,)),
)
