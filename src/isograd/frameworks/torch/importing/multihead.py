"""``nn.MultiheadAttention``, recorded as a person would write it.

PyTorch's own code turns the sequence to the front, folds the heads into the batch, and copies; none
of that is what the layer means, and all of it would stand in the twin. While `as_written` is open,
the layer computes the same from the same parameters with the heads as an axis of their own. What it
can do beyond that (keys of other sizes, extra keys, examples without a batch) stays PyTorch's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_OWN = nn.MultiheadAttention.forward


@contextmanager
def as_written() -> Iterator[None]:
    """``nn.MultiheadAttention`` is recorded in its short form while this is open."""
    nn.MultiheadAttention.forward = _forward  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.MultiheadAttention.forward = _OWN  # type: ignore[method-assign]


def _forward(
    self: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    hinted = is_causal and attn_mask is None  # which PyTorch refuses
    if hinted or not _is_plain(self, query, key, value, need_weights, attn_mask):
        return _OWN(
            self,
            query,
            key,
            value,
            key_padding_mask,
            need_weights,
            attn_mask,
            average_attn_weights,
            is_causal,
        )
    mask = _mask(query, key_padding_mask, attn_mask)
    causal = is_causal and key_padding_mask is None and not need_weights
    projected = F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
    # [N, heads, T, size]; the sequence may come first
    order = (0, 2, 1, 3) if self.batch_first else (1, 2, 0, 3)
    q, k, v = (x.unflatten(-1, (self.num_heads, self.head_dim)).permute(order) for x in projected)
    weights = None
    if need_weights:
        weights = _weights(q, k, mask)
        y = weights @ v
    else:
        rate = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, None if causal else mask, rate, causal)
    back = (0, 2, 1, 3) if self.batch_first else (2, 0, 1, 3)
    result = self.out_proj(y.permute(back).flatten(2))
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    return result, weights


def _is_plain(
    self: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    need_weights: bool,
    attn_mask: Tensor | None,
) -> bool:
    """Whether the short form draws the same random numbers and computes the same."""
    return (
        query is key
        and key is value
        and query.dim() == 3
        and self._qkv_same_embed_dim
        and self.bias_k is None
        and not self.add_zero_attn
        and not (need_weights and self.dropout > 0)  # masks of another shape
        and (attn_mask is None or attn_mask.dim() == 2)
    )


def _mask(query: Tensor, padding: Tensor | None, mask: Tensor | None) -> Tensor | None:
    """What is added to the scores [N, heads, T, S], as PyTorch makes it of both masks."""
    canonical: Any = F._canonical_mask
    padding = canonical(
        mask=padding,
        mask_name="key_padding_mask",
        other_type=F._none_or_dtype(mask),
        other_name="attn_mask",
        target_type=query.dtype,
    )
    mask = canonical(
        mask=mask,
        mask_name="attn_mask",
        other_type=None,
        other_name="",
        target_type=query.dtype,
        check_other=False,
    )
    if padding is None:
        return mask
    padding = padding[:, None, None]
    return padding if mask is None else mask + padding


def _weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    scores = (q * math.sqrt(1.0 / q.shape[-1])) @ k.transpose(-2, -1)
    return torch.softmax(scores if mask is None else scores + mask, -1)
