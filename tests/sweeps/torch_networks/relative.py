"""Language models of relative positions: T5 and LLaMA."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import TorchNetwork

VOCABULARY = 100


class RMSNorm(nn.Module):
    """Scale by the root mean square, no mean, no bias (Zhang and Sennrich, 2019)."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        variance = x.pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(variance + self.eps))


def position_bucket(offset: Tensor, bidirectional: bool, buckets: int, furthest: int) -> Tensor:
    """Bucket of each offset: exact when near, logarithmic when far (Raffel et al., 2019)."""
    bucket = torch.zeros_like(offset)
    if bidirectional:
        buckets //= 2
        bucket = bucket + (offset > 0).to(torch.long) * buckets
        distance = offset.abs()
    else:
        distance = -torch.minimum(offset, torch.zeros_like(offset))
    exact = buckets // 2
    scale = (buckets - exact) / math.log(furthest / exact)
    # Clamped, so that distance 0, whose value is not used, has no infinite logarithm.
    far = exact + (torch.log(distance.clamp(min=1).float() / exact) * scale).to(torch.long)
    far = torch.clamp(far, max=buckets - 1)
    return bucket + torch.where(distance < exact, distance, far)


class PositionBias(nn.Module):
    """A learned number for each head and bucket: [1, heads, queries, keys]."""

    def __init__(self, heads: int, bidirectional: bool) -> None:
        super().__init__()
        self.bidirectional = bidirectional
        self.table = nn.Embedding(8, heads)

    def forward(self, length: int, device: torch.device) -> Tensor:
        places = torch.arange(length, device=device)
        offset = places[None, :] - places[:, None]
        # With 40 no whole distance lies on the edge of a bucket, where rounding would decide.
        bucket = position_bucket(offset, self.bidirectional, buckets=8, furthest=40)
        return self.table(bucket).permute(2, 0, 1).unsqueeze(0)


class UnscaledAttention(nn.Module):
    """Attention without bias and without the square root, as T5 has it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width, bias=False)
        self.o = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor | None) -> Tensor:
        query, key = self._split(self.q(x)), self._split(self.k(memory))
        scores = torch.matmul(query, key.transpose(3, 2))
        if bias is not None:
            scores += bias
        weights = F.dropout(F.softmax(scores, dim=-1), p=0.1, training=self.training)
        y = torch.matmul(weights, self._split(self.v(memory)))
        return self.o(y.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class T5Block(nn.Module):
    """Self attention, perhaps cross attention, ReLU feed-forward; all pre-norm."""

    def __init__(self, width: int, heads: int, decoder: bool) -> None:
        super().__init__()
        self.norm1 = RMSNorm(width)
        self.attention = UnscaledAttention(width, heads)
        self.norm2 = RMSNorm(width) if decoder else None
        self.cross = UnscaledAttention(width, heads) if decoder else None
        self.norm3 = RMSNorm(width)
        self.wi = nn.Linear(width, 2 * width, bias=False)
        self.wo = nn.Linear(2 * width, width, bias=False)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, bias: Tensor, memory: Tensor | None = None) -> Tensor:
        y = self.norm1(x)
        x = x + self.dropout(self.attention(y, y, bias))
        if self.cross is not None and self.norm2 is not None and memory is not None:
            x = x + self.dropout(self.cross(self.norm2(x), memory, None))
        return x + self.dropout(self.wo(F.relu(self.wi(self.norm3(x)))))


class T5(nn.Module):
    """One embedding for encoder, decoder and (scaled) output; bias shared by the layers."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.width = width
        self.shared = nn.Embedding(VOCABULARY, width)
        self.encoder_bias = PositionBias(heads, bidirectional=True)
        self.encoder = nn.ModuleList([T5Block(width, heads, decoder=False) for _ in range(2)])
        self.encoder_norm = RMSNorm(width)
        self.decoder_bias = PositionBias(heads, bidirectional=False)
        self.decoder = nn.ModuleList([T5Block(width, heads, decoder=True) for _ in range(2)])
        self.decoder_norm = RMSNorm(width)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        x = self.shared(source)
        bias = self.encoder_bias(source.shape[1], source.device)
        for block in self.encoder:
            x = block(x, bias)
        y = self._decode(self.shared(target), self.encoder_norm(x), target.shape[1])
        return F.linear(self.decoder_norm(y) * self.width**-0.5, self.shared.weight)

    def _decode(self, y: Tensor, memory: Tensor, length: int) -> Tensor:
        future = torch.ones(length, length, dtype=torch.bool, device=y.device).triu(1)
        bias = self.decoder_bias(length, y.device)
        bias = bias.masked_fill(future, torch.finfo(y.dtype).min)
        for block in self.decoder:
            y = block(y, bias, memory)
        return y


def rotate_half(x: Tensor) -> Tensor:
    """(a, b) -> (-b, a) of the halves of the last axis."""
    first, second = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return torch.cat((-second, first), dim=-1)


class RotaryAttention(nn.Module):
    """Causal attention, rotary positions, fewer key than query heads (Ainslie et al., 2023)."""

    def __init__(self, width: int, heads: int, key_heads: int) -> None:
        super().__init__()
        self.size = width // heads
        self.groups = heads // key_heads
        self.q_proj = nn.Linear(width, heads * self.size, bias=False)
        self.k_proj = nn.Linear(width, key_heads * self.size, bias=False)
        self.v_proj = nn.Linear(width, key_heads * self.size, bias=False)
        self.o_proj = nn.Linear(heads * self.size, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        shape = (batch, length, -1, self.size)
        query = self.q_proj(x).view(shape).transpose(1, 2)
        key = self.k_proj(x).view(shape).transpose(1, 2)
        value = self.v_proj(x).view(shape).transpose(1, 2)
        query = query * cos + rotate_half(query) * sin
        key = key * cos + rotate_half(key) * sin
        key = key.repeat_interleave(self.groups, dim=1)
        value = value[:, :, None].expand(-1, -1, self.groups, -1, -1).flatten(1, 2)
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))


class LlamaBlock(nn.Module):
    """Rotary attention and SwiGLU, each behind an RMSNorm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.input_norm = RMSNorm(width, eps=1e-5)
        self.attention = RotaryAttention(width, heads=4, key_heads=2)
        # The library's own norm, so that both ways to write it are met.
        self.post_norm = nn.RMSNorm(width, eps=1e-5)
        self.gate_proj = nn.Linear(width, 48, bias=False)
        self.up_proj = nn.Linear(width, 48, bias=False)
        self.down_proj = nn.Linear(48, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.input_norm(x), cos, sin)
        y = self.post_norm(x)
        return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


class Llama(nn.Module):
    """Decoder without any bias (Touvron et al., 2023)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY, width)
        self.layers = nn.ModuleList([LlamaBlock(width), LlamaBlock(width)])
        self.norm = RMSNorm(width, eps=1e-5)
        self.lm_head = nn.Linear(width, VOCABULARY, bias=False)
        size = width // 4
        rates = 10000.0 ** -(torch.arange(0, size, 2, dtype=torch.float64) / size)
        self.register_buffer("inv_freq", rates, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed_tokens(tokens)
        places = torch.arange(tokens.shape[1], device=tokens.device, dtype=self.inv_freq.dtype)
        angles = torch.outer(places, self.inv_freq)
        angles = torch.cat((angles, angles), dim=-1)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.lm_head(self.norm(x))


TOKENS = f"int64[N,T]<{VOCABULARY}"
FAMILY = (
    TorchNetwork("t5", T5, {"source": f"int64[N,S]<{VOCABULARY}", "target": TOKENS}),
    TorchNetwork("llama", Llama, {"tokens": TOKENS}),
)
