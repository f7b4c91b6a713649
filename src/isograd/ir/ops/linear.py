"""Matrix products: `Linear`, `MatMul`, `Embedding`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import (
    Initializer,
    Op,
    ParameterSpec,
    ShapeError,
    TensorType,
    broadcast_shapes,
    floating,
    static,
)
from isograd.ir.ops.checks import check_flag, check_whole, refuse


@dataclass(frozen=True)
class Linear(Op):
    """``y = x @ weight.T + bias`` over the last axis.

    Parameters: ``weight`` [out_features, in_features], ``bias`` [out_features]. Both start uniform
    in +-1/sqrt(in_features), which is what ``torch.nn.Linear`` documents.
    """

    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        check_whole(self, "out_features", minimum=1)
        check_flag(self, "bias")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "Linear")
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

    arity: ClassVar[int | None] = 2

    def infer(self, *inputs: TensorType) -> TensorType:
        a, b = (floating(value, "MatMul") for value in inputs)
        if a.rank < 2 or b.rank < 2:
            raise ShapeError(f"MatMul needs at least two dimensions, got {a.shape} and {b.shape}")
        if a.shape[-1] != b.shape[-2]:
            raise ShapeError(f"MatMul: inner sizes differ in {a.shape} and {b.shape}")
        batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return a.with_shape((*batch, a.shape[-2], b.shape[-1]))


@dataclass(frozen=True)
class Embedding(Op):
    """Rows of a table chosen by integer indices. The row ``padding_idx``, if there is one, gets no
    gradient.

    Parameter: ``weight`` [num_embeddings, embedding_dim], starting standard normal as in
    ``torch.nn.Embedding``.
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None = None

    def __post_init__(self) -> None:
        check_whole(self, "num_embeddings", "embedding_dim", minimum=1)
        if self.padding_idx is not None:
            check_whole(self, "padding_idx", minimum=0)
            if self.padding_idx >= self.num_embeddings:
                refuse(self, "padding_idx", f"below {self.num_embeddings}")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if x.dtype != "int":
            raise ShapeError("Embedding needs integer indices")
        return TensorType((*x.shape, self.embedding_dim), "float")

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        shape = (self.num_embeddings, self.embedding_dim)
        return {"weight": ParameterSpec(shape, Initializer("normal", 1.0))}
