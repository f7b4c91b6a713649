"""Networks at their published sizes, in PyTorch; what the conversion benchmark converts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around an identity (He et al., CVPR 2016)."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int = 1, bias: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=bias)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=bias)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride, bias)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1; the stride is in the first convolution, as in the first version (v1)."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int = 1, bias: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, stride, bias=bias)
        self.bn1 = nn.BatchNorm2d(width, eps=1.001e-5, momentum=0.01)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=bias)
        self.bn2 = nn.BatchNorm2d(width, eps=1.001e-5, momentum=0.01)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=bias)
        self.bn3 = nn.BatchNorm2d(4 * width, eps=1.001e-5, momentum=0.01)
        self.downsample = shortcut(inputs, 4 * width, stride, bias)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(inputs: int, outputs: int, stride: int, bias: bool) -> nn.Sequential | None:
    """A projection where the shape changes."""
    if stride == 1 and inputs == outputs:
        return None
    norm = nn.BatchNorm2d(outputs, eps=1.001e-5, momentum=0.01) if bias else nn.BatchNorm2d(outputs)
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=bias), norm)


class ResNet(nn.Module):
    """18 layers with basic blocks, 50 with bottlenecks. With ``bias`` it is the network that
    ``keras.applications.ResNet50`` is: convolutions have biases, batch normalisation its epsilon.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        depths: tuple[int, ...],
        classes: int = 1000,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=bias)
        self.bn1 = nn.BatchNorm2d(64, eps=1.001e-5, momentum=0.01) if bias else nn.BatchNorm2d(64)
        width, stages = 64, []
        for stage, depth in enumerate(depths):
            blocks = []
            for number in range(depth):
                stride = 2 if stage and not number else 1
                blocks.append(block(width, 64 * 2**stage, stride, bias))
                width = 64 * 2**stage * block.expansion
            stages.append(nn.Sequential(*blocks))
        self.layers = nn.Sequential(*stages)
        self.fc = nn.Linear(width, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)))
        x = self.layers(F.max_pool2d(x, 3, 2, 1))
        return self.fc(x.mean((2, 3)))


def resnet18() -> nn.Module:
    return ResNet(BasicBlock, (2, 2, 2, 2))


def resnet50() -> nn.Module:
    return ResNet(Bottleneck, (3, 4, 6, 3))


def resnet50_of_keras() -> nn.Module:
    """What ``keras.applications.ResNet50`` is."""
    return ResNet(Bottleneck, (3, 4, 6, 3), bias=True)


class Encoder(nn.Module):
    """Pre-norm attention and MLP (Dosovitskiy et al., 2020)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class VisionTransformer(nn.Module):
    """ViT-B with patches of 16 for images of 224."""

    def __init__(self, width: int = 768, heads: int = 12, depth: int = 12) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 197, width) * 0.02)
        self.blocks = nn.Sequential(*(Encoder(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


def vit_b() -> nn.Module:
    return VisionTransformer()


class WindowAttention(nn.Module):
    """Attention in windows of ``window`` squared, shifted by ``shift`` (Liu et al., 2021)."""

    def __init__(self, width: int, heads: int, size: int, window: int, shift: int) -> None:
        super().__init__()
        self.heads, self.window, self.shift, self.size = heads, window, shift, size
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)
        places = torch.stack(torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij")).flatten(1)
        offset = places[:, :, None] - places[:, None, :] + window - 1
        self.register_buffer("index", (offset[0] * (2 * window - 1) + offset[1]).flatten())
        self.register_buffer("mask", self._mask() if shift else None)

    def _mask(self) -> Tensor:
        region = torch.zeros(1, self.size, self.size, 1)
        edges = [0, self.size - self.window, self.size - self.shift, self.size]
        for row in range(3):
            for column in range(3):
                rows, columns = edges[row : row + 2], edges[column : column + 2]
                region[:, slice(*rows), slice(*columns)] = row * 3 + column
        region = self._windows(region).squeeze(-1)
        apart = region.unsqueeze(1) != region.unsqueeze(2)
        return torch.zeros_like(apart, dtype=torch.float).masked_fill(apart, -100.0)

    def _windows(self, x: Tensor) -> Tensor:
        n, w = self.size // self.window, self.window
        x = x.view(-1, n, w, n, w, x.shape[-1]).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(-1, w * w, x.shape[-1])

    def forward(self, x: Tensor) -> Tensor:
        n, w, width = self.size // self.window, self.window, x.shape[-1]
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = self._windows(x)
        q, k, v = (
            self.qkv(x).view(-1, w * w, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.index].view(w * w, w * w, -1).permute(2, 0, 1)
        scores = scores + bias.unsqueeze(0)
        if self.mask is not None:
            scores = scores.view(-1, n * n, self.heads, w * w, w * w) + self.mask[None, :, None]
            scores = scores.view(-1, self.heads, w * w, w * w)
        x = (scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, w * w, width)
        x = self.proj(x).view(-1, n, n, w, w, width).permute(0, 1, 3, 2, 4, 5)
        x = x.reshape(-1, self.size, self.size, width)
        return torch.roll(x, (self.shift, self.shift), (1, 2)) if self.shift else x


class SwinBlock(nn.Module):
    def __init__(self, width: int, heads: int, size: int, shift: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = WindowAttention(width, heads, size, 7, shift)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Merge(nn.Module):
    """Four neighbours become one place of twice the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
        return self.reduction(self.norm(torch.cat(parts, -1)))


class Swin(nn.Module):
    """Swin-T for images of 224."""

    def __init__(self, width: int = 96, depths: tuple[int, ...] = (2, 2, 6, 2)) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.norm = nn.LayerNorm(width)
        stages: list[nn.Module] = []
        for stage, depth in enumerate(depths):
            size, heads = 56 // 2**stage, 3 * 2**stage
            for number in range(depth):
                shift = 3 if number % 2 and size > 7 else 0
                stages.append(SwinBlock(width * 2**stage, heads, size, shift))
            if stage < len(depths) - 1:
                stages.append(Merge(width * 2**stage))
        self.stages = nn.Sequential(*stages)
        self.final_norm = nn.LayerNorm(8 * width)
        self.head = nn.Linear(8 * width, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.norm(self.patches(image).permute(0, 2, 3, 1))
        return self.head(self.final_norm(self.stages(x)).mean((1, 2)))


def swin_t() -> nn.Module:
    return Swin()


class TextLSTM(nn.Module):
    """An LSTM over an embedding, the last state into a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 128)
        self.lstm = nn.LSTM(128, 256, batch_first=True)
        self.fc = nn.Linear(256, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        x, _ = self.lstm(self.embedding(tokens))
        return self.fc(x[:, -1])


class TextTransformer(nn.Module):
    """Four encoder blocks over an embedding, the mean into a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 256)
        self.blocks = nn.Sequential(*(Encoder(256, 4) for _ in range(4)))
        self.fc = nn.Linear(256, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.fc(self.blocks(self.embedding(tokens)).mean(1))
