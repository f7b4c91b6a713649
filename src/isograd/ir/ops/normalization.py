"""Normalisation: `BatchNorm`, `LayerNorm`, `GroupNorm`, `RMSNorm`.

The first three divide by ``sqrt(variance + eps)`` with the biased variance (the mean of squared
deviations).
"""

from __future__ import annotations

from dataclasses import dataclass

from isograd.ir.ops.base import (
    Initializer,
    Op,
    ParameterSpec,
    ShapeError,
    TensorType,
    floating,
    static,
)
from isograd.ir.ops.checks import (
    check_flag,
    check_number,
    check_positive,
    check_sizes,
    check_whole,
    refuse,
)

_ZEROS = Initializer("constant", 0.0)
_ONES = Initializer("constant", 1.0)


@dataclass(frozen=True)
class BatchNorm(Op):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` per channel (axis 1) of [N, C, ...],
    of two to five dimensions.

    In training, mean and *biased* variance are those of the batch over all other axes, and the
    running statistics follow: ``running = (1 - momentum) running + momentum batch``, where
    ``running_var`` follows the *unbiased* variance (divided by n - 1, n values per channel), or the
    biased one where ``unbiased`` is not set, which is Keras' rule. In
    evaluation the running statistics take their place. ``momentum`` is the weight of the new value
    (Keras' is the weight of the old one). Source: Ioffe and Szegedy, ICML 2015, algorithms 1 and 2,
    in the form that ``torch.nn.BatchNorm2d`` documents.

    Parameters, all [C]: ``weight`` (from 1) and ``bias`` (from 0) if ``affine``; ``running_mean``
    (from 0) and ``running_var`` (from 1), which are not trainable.
    """

    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = True
    unbiased: bool = True

    def __post_init__(self) -> None:
        check_positive(self, "eps")
        check_number(self, "momentum")
        check_flag(self, "affine", "unbiased")
        if not 0 <= self.momentum <= 1:
            refuse(self, "momentum", "between 0 and 1")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "BatchNorm")
        if not 2 <= x.rank <= 5:
            raise ShapeError(f"BatchNorm needs [N, C, ...] of 2 to 5 dimensions, got {x.shape}")
        static(x.shape[1], "the number of channels")
        return x

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        (x,) = inputs
        shape = (static(x.shape[1], "the number of channels"),)
        return {
            **_affine(shape, self.affine),
            "running_mean": ParameterSpec(shape, _ZEROS, trainable=False),
            "running_var": ParameterSpec(shape, _ONES, trainable=False),
        }


@dataclass(frozen=True)
class LayerNorm(Op):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, with mean and biased variance of each
    sample over the trailing axes, whose sizes are ``normalized_shape``.

    Source: Ba, Kiros and Hinton, 2016. Parameters if ``affine``, both of ``normalized_shape``:
    ``weight`` (from 1) and, if ``bias``, ``bias`` (from 0).
    """

    normalized_shape: tuple[int, ...]
    eps: float = 1e-5
    affine: bool = True
    bias: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "normalized_shape")
        check_positive(self, "eps")
        check_flag(self, "affine", "bias")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "LayerNorm")
        if x.shape[-len(self.normalized_shape) :] != self.normalized_shape:
            raise ShapeError(f"{x.shape} does not end in {self.normalized_shape}")
        return x

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        specs = _affine(self.normalized_shape, self.affine)
        return specs if self.bias else {role: specs[role] for role in specs if role != "bias"}


@dataclass(frozen=True)
class RMSNorm(Op):
    """``x / sqrt(mean(x**2) + eps) * weight``, with the mean of each sample over the trailing axes,
    whose sizes are ``normalized_shape``.

    Source: Zhang and Sennrich, NeurIPS 2019. Parameter if ``affine``: ``weight`` of
    ``normalized_shape`` (from 1).
    """

    normalized_shape: tuple[int, ...]
    eps: float = 1e-5
    affine: bool = True

    def __post_init__(self) -> None:
        check_sizes(self, "normalized_shape")
        check_positive(self, "eps")
        check_flag(self, "affine")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "RMSNorm")
        if x.shape[-len(self.normalized_shape) :] != self.normalized_shape:
            raise ShapeError(f"{x.shape} does not end in {self.normalized_shape}")
        return x

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        return {"weight": ParameterSpec(self.normalized_shape, _ONES)} if self.affine else {}


@dataclass(frozen=True)
class GroupNorm(Op):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` of [N, C, *spatial], with mean and
    biased variance of each sample and each of ``groups`` groups of neighbouring channels, over the
    group's channels and all spatial axes.

    Source: Wu and He, ECCV 2018. Parameters if ``affine``, both [C]: ``weight`` (from 1), ``bias``
    (from 0).
    """

    groups: int
    eps: float = 1e-5
    affine: bool = True

    def __post_init__(self) -> None:
        check_whole(self, "groups", minimum=1)
        check_positive(self, "eps")
        check_flag(self, "affine")

    def infer(self, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        floating(x, "GroupNorm")
        if x.rank < 2:
            raise ShapeError(f"GroupNorm needs [N, C, *spatial], got {x.shape}")
        channels = static(x.shape[1], "the number of channels")
        if channels % self.groups:
            raise ShapeError(f"{channels} channels do not divide into {self.groups} groups")
        return x

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        (x,) = inputs
        return _affine((static(x.shape[1], "the number of channels"),), self.affine)


def _affine(shape: tuple[int, ...], affine: bool) -> dict[str, ParameterSpec]:
    if not affine:
        return {}
    return {"weight": ParameterSpec(shape, _ONES), "bias": ParameterSpec(shape, _ZEROS)}
