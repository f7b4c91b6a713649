"""Ports as people write them: other names, other modules, other ways to say the same."""

from __future__ import annotations

import keras
import torch
from keras import layers, ops
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            layer(x).view(batch, length, self.heads, -1).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """Two causal blocks on 7 tokens of 20."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(20, 8), nn.Parameter(torch.randn(7, 8) / 8)
        self.blocks = nn.ModuleList(Block(8, 2) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 20)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class Decoder(keras.Model):
    """`Transformer`, written by someone else: one class, products and a softmax by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.lookup = layers.Embedding(20, 8)
        self.position = self.add_weight(shape=(7, 8), initializer="random_normal")
        self.parts = [
            {
                "before": layers.LayerNormalization(epsilon=1e-5),
                "q": layers.Dense(8),
                "k": layers.Dense(8),
                "v": layers.Dense(8),
                "merge": layers.Dense(8),
                "after": layers.LayerNormalization(epsilon=1e-5),
                "wide": layers.Dense(16, activation="gelu"),
                "narrow": layers.Dense(8),
            }
            for _ in range(2)
        ]
        self.flat = [layer for part in self.parts for layer in part.values()]
        self.last, self.scores = layers.LayerNormalization(epsilon=1e-5), layers.Dense(20)

    def heads(self, x):
        return ops.transpose(ops.reshape(x, (-1, 7, 2, 4)), (0, 2, 1, 3))

    def mixed(self, x, part):
        q, k, v = (self.heads(part[name](x)) for name in "qkv")
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / 2.0
        allowed = ops.arange(7)[:, None] >= ops.arange(7)[None, :]
        weights = ops.softmax(ops.where(allowed, scores, float("-inf")), axis=-1)
        y = ops.reshape(ops.transpose(ops.matmul(weights, v), (0, 2, 1, 3)), (-1, 7, 8))
        return part["merge"](y)

    def call(self, tokens):
        x = self.lookup(tokens) + self.position
        for part in self.parts:
            x = self.mixed(part["before"](x), part) + x
            x = part["narrow"](part["wide"](part["after"](x))) + x
        return self.scores(self.last(x))


class Residual(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.short = nn.Sequential()
        if stride != 1:
            self.short = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.short(x))


def resnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
        Residual(4, 4, 1), Residual(4, 8, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip


def stock_resnet(epsilon: float = 1e-5) -> keras.Model:
    """`resnet` of stock Keras layers, by someone who knows about padding, epsilon and momentum."""

    def norm(x):
        return layers.BatchNormalization(epsilon=epsilon, momentum=0.9)(x)

    def conv(x, filters: int, size: int, stride: int = 1):
        x = layers.ZeroPadding2D(size // 2)(x) if size > 1 else x
        return norm(layers.Conv2D(filters, size, stride, use_bias=False)(x))

    def block(x, filters: int, stride: int):
        y = conv(layers.ReLU()(conv(x, filters, 3, stride)), filters, 3)
        return layers.ReLU()(layers.add([conv(x, filters, 1, stride) if stride > 1 else x, y]))

    image = keras.Input((8, 8, 3))
    x = layers.ReLU()(conv(image, 4, 3))
    x = layers.GlobalAveragePooling2D()(block(block(x, 4, 1), 8, 2))
    return keras.Model(image, layers.Dense(5)(x))


class Restless(nn.Module):
    """Twelve steep layers, without normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(12))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(layer(x) * 4)
        return x


class RestlessPort(nn.Module):
    """`Restless`, with the factor in front."""

    def __init__(self, factor: float = 4.0) -> None:
        super().__init__()
        self.factor = factor
        self.stages = nn.ModuleList(nn.Linear(16, 16) for _ in range(12))

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.stages:
            x = torch.sin(self.factor * stage(x))
        return x
