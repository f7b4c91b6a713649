"""Matrix products: `Linear`, `MatMul`, `Embedding`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from isograd.ir.ops.base import Dim, Initializer, Op, ParameterSpec, ShapeError, TensorType, static


@dataclass(frozen=True)
class Linear(Op):
    """``y = x @ weight.T + bias`` over the last axis.

    Parameters: ``weight`` [out_features, in_features], ``bias`` [out_features]. Both start uniform
    in +-1/sqrt(in_features), which is what ``torch.nn.Linear`` documents.
    """

    out_features: int
    bias: bool = True

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.rank < 1:
            raise ShapeError("Linear needs at least one dimension")
        static(x.shape[-1], "the number of input features")
        return x.with_shape((*x.shape[:-1], self.out_features))

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        (x,) = inputs
        in_features = static(x.shape[-1], "the number of input features")
        init = Initializer("uniform", 1 / math.sqrt(in_features))
        specs = {"weight": ParameterSpec((self.out_features, in_features), init)}
        if self.bias:
            specs["bias"] = ParameterSpec((self.out_features,), init)
        return specs


@dataclass(frozen=True)
class MatMul(Op):
    """Batched matrix product ``a @ b``; leading axes broadcast."""

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = inputs
        if a.rank < 2 or b.rank < 2:
            raise ShapeError(f"MatMul needs at least two dimensions, got {a.shape} and {b.shape}")
        if a.shape[-1] != b.shape[-2]:
            raise ShapeError(f"MatMul: inner sizes differ in {a.shape} and {b.shape}")
        batch: tuple[Dim, ...] = broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return a.with_shape((*batch, a.shape[-2], b.shape[-1]))


@dataclass(frozen=True)
class Embedding(Op):
    """Rows of a table chosen by integer indices.

    Parameter: ``weight`` [num_embeddings, embedding_dim], starting standard normal as in
    ``torch.nn.Embedding``.
    """

    num_embeddings: int
    embedding_dim: int

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.dtype != "int":
            raise ShapeError("Embedding needs integer indices")
        return TensorType((*x.shape, self.embedding_dim), "float")

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        shape = (self.num_embeddings, self.embedding_dim)
        return {"weight": ParameterSpec(shape, Initializer("normal", 1.0))}


def broadcast_shapes(a: tuple[Dim, ...], b: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The shape two operands broadcast to (NumPy's rule). Raises `ShapeError` if they do not."""
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + a
    right = (1,) * (rank - len(b)) + b
    result: list[Dim] = []
    for i, j in zip(left, right, strict=True):
        if i != j and i != 1 and j != 1:
            raise ShapeError(f"shapes {a} and {b} do not broadcast")
        result.append(j if i == 1 else i)
    return tuple(result)
