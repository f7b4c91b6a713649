"""Images through attention and mixing: ViT, Swin, MLP-Mixer."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mobile import StochasticDepth
from .network import image_network


class Mlp(nn.Sequential):
    """Linear, exact GELU, dropout, linear, dropout."""

    def __init__(self, width: int, hidden: int, dropout: float = 0.1) -> None:
        super().__init__(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )


class EncoderBlock(nn.Module):
    """Pre-norm attention and MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, dropout=0.1, batch_first=True)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = x + y
        return x + self.mlp(self.ln_2(x))


class VisionTransformer(nn.Module):
    """Patches, a class token, learned positions (Dosovitskiy et al., 2020)."""

    def __init__(self, width: int = 32, patch: int = 8, image_size: int = 32) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        patches = (image_size // patch) ** 2
        self.pos_embedding = nn.Parameter(torch.randn(1, patches + 1, width) * 0.02)
        self.dropout = nn.Dropout(0.1)
        self.layers = nn.Sequential(EncoderBlock(width, 4), EncoderBlock(width, 4))
        self.ln = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv_proj(image).flatten(2).permute(0, 2, 1)
        token = self.class_token.expand(x.shape[0], -1, -1)
        x = torch.cat([token, x], dim=1) + self.pos_embedding
        x = self.ln(self.layers(self.dropout(x)))
        return self.head(x[:, 0])


class MixerBlock(nn.Module):
    """Mix tokens, then channels (Tolstikhin et al., 2021)."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.tokens = Mlp(tokens, 2 * tokens)
        self.norm2 = nn.LayerNorm(width)
        self.channels = Mlp(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class MlpMixer(nn.Module):
    """Patches, two mixer blocks, mean over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 8, stride=8)
        self.blocks = nn.Sequential(MixerBlock(16, 24), MixerBlock(16, 24))
        self.norm = nn.LayerNorm(24)
        self.head = nn.Linear(24, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.flatten(self.stem(image), 2).mT
        return self.head(self.norm(self.blocks(x)).mean(dim=1))


def relative_position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of places in a square window: [window**2] * 2."""
    places = torch.stack(
        torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    ).flatten(1)
    offset = places[:, :, None] - places[:, None, :] + window - 1
    return offset[0] * (2 * window - 1) + offset[1]


def to_windows(x: Tensor, window: int) -> Tensor:
    """[N, H, W, C] -> [N * windows, window**2, C]."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window, window, width // window, window, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window * window, channels)


def from_windows(x: Tensor, window: int, height: int, width: int) -> Tensor:
    """The inverse of `to_windows`."""
    x = x.view(-1, height // window, width // window, window, window, x.shape[-1])
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, x.shape[-1])


class WindowAttention(nn.Module):
    """Attention within (perhaps shifted) windows, with a learned bias per offset."""

    def __init__(self, width: int, heads: int, size: int, window: int, shift: int) -> None:
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        table = torch.randn((2 * window - 1) ** 2, heads) * 0.02
        self.relative_position_bias_table = nn.Parameter(table)
        self.register_buffer("relative_position_index", relative_position_index(window))
        self.register_buffer("mask", self._mask(size) if shift else None)

    def _mask(self, size: int) -> Tensor:
        """-100 between places that only the cyclic shift made neighbours: [windows, L, L]."""
        region = torch.zeros(1, size, size, 1)
        edges = [0, size - self.window, size - self.shift, size]
        for row in range(3):
            for column in range(3):
                rows, columns = edges[row : row + 2], edges[column : column + 2]
                region[:, slice(*rows), slice(*columns)] = row * 3 + column
        region = to_windows(region, self.window).squeeze(-1)
        apart = region.unsqueeze(1) != region.unsqueeze(2)
        return torch.zeros_like(apart, dtype=torch.float).masked_fill(apart, -100.0)

    def forward(self, x: Tensor) -> Tensor:
        _, height, width, _ = x.shape
        if self.shift:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        x = self._attend(to_windows(x, self.window))
        x = from_windows(self.proj(x), self.window, height, width)
        if self.shift:
            x = torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))
        return x

    def _attend(self, x: Tensor) -> Tensor:
        windows, places, channels = x.shape
        qkv = self.qkv(x).reshape(windows, places, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        query = query * (channels // self.heads) ** -0.5
        scores = query.matmul(key.transpose(-2, -1)) + self._bias(places)
        if self.mask is not None:
            count = self.mask.shape[0]
            scores = scores.view(windows // count, count, self.heads, places, places)
            scores = scores + self.mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.heads, places, places)
        weights = F.softmax(scores, dim=-1)
        return weights.matmul(value).transpose(1, 2).reshape(windows, places, channels)

    def _bias(self, places: int) -> Tensor:
        bias = self.relative_position_bias_table[self.relative_position_index.flatten()]
        return bias.view(places, places, -1).permute(2, 0, 1).contiguous().unsqueeze(0)


class SwinBlock(nn.Module):
    """Window attention and MLP, each behind a norm and stochastic depth."""

    def __init__(self, width: int, heads: int, size: int, window: int, shift: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, size, window, shift)
        self.stochastic_depth = StochasticDepth(0.1)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    """Four neighbours side by side, then a linear reduction."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        upper_left, lower_left = x[..., 0::2, 0::2, :], x[..., 1::2, 0::2, :]
        upper_right, lower_right = x[..., 0::2, 1::2, :], x[..., 1::2, 1::2, :]
        x = torch.cat([upper_left, lower_left, upper_right, lower_right], -1)
        return self.reduction(self.norm(x))


class Swin(nn.Module):
    """Plain and shifted windows, merging, a second stage (Liu et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, stride=4)
        self.norm = nn.LayerNorm(16)
        self.stage1 = nn.Sequential(SwinBlock(16, 2, 8, 4, 0), SwinBlock(16, 2, 8, 4, 2))
        self.merge = PatchMerging(16)
        self.stage2 = SwinBlock(32, 4, 4, 4, 0)
        self.final_norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.norm(self.patches(image).permute(0, 2, 3, 1))
        x = self.final_norm(self.stage2(self.merge(self.stage1(x))))
        x = F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), 1)
        return self.head(torch.flatten(x, 1))


FAMILY = (
    image_network("vit", VisionTransformer),
    image_network("mlp_mixer", MlpMixer),
    image_network("swin", Swin),
)
