"""Between convolution and attention: ConvNeXt and MaxViT."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mobile import InvertedResidual, SqueezeExcite, StochasticDepth, conv_norm
from .network import image_network
from .vision_transformer import Mlp, from_windows, relative_position_index, to_windows


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of an image, through a permutation."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise 7x7, norm and MLP on the last axis, layer scale (Liu et al., 2022)."""

    def __init__(self, channels: int, drop: float = 0.1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.expand = nn.Linear(channels, 4 * channels)
        self.project = nn.Linear(4 * channels, channels)
        self.layer_scale = nn.Parameter(torch.ones(channels, 1, 1) * 1e-2)
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.project(F.gelu(self.expand(y))).permute(0, 3, 1, 2)
        return x + self.stochastic_depth(self.layer_scale * y)


def convnext() -> nn.Module:
    """Patchify stem and two stages with a strided convolution between them."""
    return nn.Sequential(
        nn.Conv2d(3, 12, 4, stride=4),
        ChannelNorm(12, eps=1e-6),
        ConvNeXtBlock(12),
        ChannelNorm(12, eps=1e-6),
        nn.Conv2d(12, 24, 2, stride=2),
        ConvNeXtBlock(24),
        nn.AdaptiveAvgPool2d(1),
        ChannelNorm(24, eps=1e-6),
        nn.Flatten(1),
        nn.Linear(24, 10),
    )


class RelativeAttention(nn.Module):
    """Attention over the second last axis of [N, L, C] with a bias per offset."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)
        self.register_buffer("bias_index", relative_position_index(window))

    def forward(self, x: Tensor) -> Tensor:
        rows, places, width = x.shape
        query, key, value = (
            part.reshape(rows, places, self.heads, -1).permute(0, 2, 1, 3)
            for part in torch.chunk(self.to_qkv(x), 3, dim=-1)
        )
        key = key * (width // self.heads) ** -0.5
        bias = self.bias_table[self.bias_index.view(-1)].view(places, places, self.heads)
        scores = torch.einsum("bhid,bhjd->bhij", query, key) + bias.permute(2, 0, 1)[None]
        y = torch.einsum("bhij,bhjd->bhid", F.softmax(scores, dim=-1), value)
        return self.merge(y.permute(0, 2, 1, 3).reshape(rows, places, width))


class PartitionAttention(nn.Module):
    """Attention within blocks, or over a dilated grid (Tu et al., 2022)."""

    def __init__(self, width: int, window: int, grid: bool) -> None:
        super().__init__()
        self.window, self.grid = window, grid
        self.norm1 = nn.LayerNorm(width)
        self.attn = RelativeAttention(width, 2, window)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, 2 * width)
        self.drop = StochasticDepth(0.1)

    def forward(self, x: Tensor) -> Tensor:
        _, height, width, channels = x.shape
        size = height // self.window if self.grid else self.window
        y = to_windows(x, size)
        if self.grid:
            # The same cut, attended across: places of the same offset in different blocks.
            y = y.reshape(x.shape[0], -1, size * size, channels).swapaxes(1, 2)
            shape = y.shape
            y = self._block(y.reshape(-1, self.window**2, channels)).view(shape)
            y = y.swapaxes(1, 2).reshape(-1, size * size, channels)
        else:
            y = self._block(y)
        return from_windows(y, size, height, width)

    def _block(self, y: Tensor) -> Tensor:
        y = y + self.drop(self.attn(self.norm1(y)))
        return y + self.drop(self.mlp(self.norm2(y)))


class MaxViT(nn.Module):
    """MBConv, block attention and grid attention, with a tanh head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_norm(3, 8, stride=2, activation=nn.GELU),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
        )
        excite = SqueezeExcite(48, 4, nn.SiLU)
        self.mbconv = InvertedResidual(16, 16, 1, activation=nn.GELU, excite=excite, drop=0.1)
        self.block_attention = PartitionAttention(16, 4, grid=False)
        self.grid_attention = PartitionAttention(16, 4, grid=True)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Sequential(nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 10, bias=False))

    def forward(self, image: Tensor) -> Tensor:
        x = self.mbconv(self.stem(image)).permute(0, 2, 3, 1)
        x = self.grid_attention(self.block_attention(x)).permute(0, 3, 1, 2)
        return self.head(self.norm(F.adaptive_avg_pool2d(x, 1).flatten(1)))


FAMILY = (
    image_network("convnext", convnext),
    image_network("maxvit", MaxViT),
)
