"""Depthwise, squeezed and shuffled networks for small devices."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import image_network


def conv_norm(
    channels_in: int,
    channels_out: int,
    kernel_size: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = nn.ReLU6,
    momentum: float = 0.1,
) -> nn.Sequential:
    """Same-size convolution without bias, BatchNorm, perhaps an activation."""
    padding = (kernel_size - 1) // 2
    layers: list[nn.Module] = [
        nn.Conv2d(
            channels_in, channels_out, kernel_size, stride, padding, groups=groups, bias=False
        ),
        nn.BatchNorm2d(channels_out, momentum=momentum),
    ]
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)


class SqueezeExcite(nn.Module):
    """Gate the channels by their means (Hu et al., 2017)."""

    def __init__(
        self,
        channels: int,
        squeezed: int,
        activation: type[nn.Module] = nn.ReLU,
        gate: type[nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.activation = activation()
        self.gate = gate()

    def forward(self, x: Tensor) -> Tensor:
        scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return self.gate(scale) * x


class StochasticDepth(nn.Module):
    """Drop the whole branch of a row with probability `p` in training (Huang et al., 2016)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1.0 - self.p)
        return x * keep.div_(1.0 - self.p)


class InvertedResidual(nn.Module):
    """Expand by 1x1, depthwise, perhaps squeeze-excite, project; add where the shape allows."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        stride: int,
        expansion: int = 3,
        kernel_size: int = 3,
        activation: type[nn.Module] = nn.ReLU6,
        excite: nn.Module | None = None,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expand = conv_norm(channels_in, wide, 1, activation=activation)
        self.depthwise = conv_norm(wide, wide, kernel_size, stride, wide, activation)
        self.excite = excite
        self.project = conv_norm(wide, channels_out, 1, activation=None)
        self.drop = StochasticDepth(drop)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(self.expand(x))
        if self.excite is not None:
            y = self.excite(y)
        y = self.project(y)
        return x + self.drop(y) if self.residual else y


def mobilenet_v1() -> nn.Module:
    """Depthwise separable convolutions in a row (Howard et al., 2017)."""
    return nn.Sequential(
        conv_norm(3, 8, stride=2),
        conv_norm(8, 8, groups=8),
        conv_norm(8, 16, 1),
        conv_norm(16, 16, stride=2, groups=16),
        conv_norm(16, 32, 1),
        nn.AvgPool2d(8),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


class MobileNetV2(nn.Module):
    """Inverted residuals, ReLU6, mean over the image (Sandler et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv_norm(3, 8, stride=2),
            InvertedResidual(8, 12, stride=2),
            InvertedResidual(12, 12, stride=1),
            conv_norm(12, 32, 1),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(32, 10))

    def forward(self, image: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(image), (1, 1))
        return self.classifier(torch.flatten(x, 1))


def mobilenet_v3() -> nn.Module:
    """Hard swish, hard sigmoid gates, 5x5 depthwise kernels (Howard et al., 2019)."""
    excite = SqueezeExcite(24, 8, gate=nn.Hardsigmoid)
    excite_wide = SqueezeExcite(36, 8, gate=nn.Hardsigmoid)
    return nn.Sequential(
        conv_norm(3, 8, stride=2, activation=nn.Hardswish),
        InvertedResidual(8, 12, 2, activation=nn.ReLU, excite=excite),
        InvertedResidual(12, 12, 1, 3, 5, nn.Hardswish, excite_wide),
        conv_norm(12, 32, 1, activation=nn.Hardswish),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 24),
        nn.Hardswish(inplace=True),
        nn.Dropout(0.2, inplace=True),
        nn.Linear(24, 10),
    )


def efficientnet() -> nn.Module:
    """SiLU, squeeze-excite, stochastic depth (Tan and Le, 2019)."""
    excite = SqueezeExcite(24, 4, nn.SiLU)
    excite_wide = SqueezeExcite(36, 4, nn.SiLU)
    return nn.Sequential(
        conv_norm(3, 8, stride=2, activation=nn.SiLU),
        InvertedResidual(8, 12, 2, 3, 5, nn.SiLU, excite),
        InvertedResidual(12, 12, 1, 3, 3, nn.SiLU, excite_wide, drop=0.2),
        conv_norm(12, 32, 1, activation=nn.SiLU),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(32, 10),
    )


def mnasnet() -> nn.Module:
    """Inverted residuals whose BatchNorm hardly moves (Tan et al., 2018)."""
    momentum = 1 - 0.9997
    return nn.Sequential(
        conv_norm(3, 8, stride=2, activation=nn.ReLU, momentum=momentum),
        conv_norm(8, 8, groups=8, activation=nn.ReLU, momentum=momentum),
        conv_norm(8, 8, 1, activation=None, momentum=momentum),
        InvertedResidual(8, 12, 2, 3, 5, nn.ReLU),
        InvertedResidual(12, 12, 1, 6, 3, nn.ReLU, SqueezeExcite(72, 3)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, 10),
    )


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Interleave the channels of the groups."""
    batch, channels, height, width = x.shape
    x = x.view(batch, groups, channels // groups, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(batch, channels, height, width)


class ShuffleUnit(nn.Module):
    """Split (or at stride 2 copy), transform, concatenate, shuffle (Ma et al., 2018)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        half = channels_out // 2
        narrow = channels_in if stride > 1 else half
        self.branch2 = nn.Sequential(
            conv_norm(narrow, half, 1, activation=nn.ReLU),
            conv_norm(half, half, 3, stride, half, None),
            conv_norm(half, half, 1, activation=nn.ReLU),
        )
        self.branch1 = nn.Sequential()
        if stride > 1:
            self.branch1.append(conv_norm(channels_in, channels_in, 3, 2, channels_in, None))
            self.branch1.append(conv_norm(channels_in, half, 1, activation=nn.ReLU))

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, moved = x.chunk(2, dim=1)
            out = torch.cat((kept, self.branch2(moved)), dim=1)
        else:
            out = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


class ShuffleNet(nn.Module):
    """One strided and one plain unit, mean over the image."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = conv_norm(3, 8, stride=2, activation=nn.ReLU)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stage2 = nn.Sequential(ShuffleUnit(8, 16, 2), ShuffleUnit(16, 16, 1))
        self.conv5 = conv_norm(16, 32, 1, activation=nn.ReLU)
        self.fc = nn.Linear(32, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv5(self.stage2(self.maxpool(self.conv1(image))))
        return self.fc(x.mean([2, 3]))


class RegNetBlock(nn.Module):
    """Bottleneck of width 1 with a grouped 3x3 and a squeeze (Radosavovic et al., 2020)."""

    def __init__(self, channels_in: int, channels_out: int, group_width: int) -> None:
        super().__init__()
        groups = channels_out // group_width
        self.proj = conv_norm(channels_in, channels_out, 1, 2, activation=None)
        self.a = conv_norm(channels_in, channels_out, 1, activation=nn.ReLU)
        self.b = conv_norm(channels_out, channels_out, 3, 2, groups, nn.ReLU)
        self.se = SqueezeExcite(channels_out, channels_in // 4)
        self.c = conv_norm(channels_out, channels_out, 1, activation=None)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.proj(x) + self.c(self.se(self.b(self.a(x)))))


def regnet() -> nn.Module:
    """Two stages of one block."""
    return nn.Sequential(
        conv_norm(3, 8, stride=2, activation=nn.ReLU),
        RegNetBlock(8, 16, group_width=4),
        RegNetBlock(16, 24, group_width=8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(24, 10),
    )


FAMILY = (
    image_network("mobilenet_v1", mobilenet_v1),
    image_network("mobilenet_v2", MobileNetV2),
    image_network("mobilenet_v3", mobilenet_v3),
    image_network("efficientnet", efficientnet),
    image_network("mnasnet", mnasnet),
    image_network("shufflenet_v2", ShuffleNet),
    image_network("regnet", regnet),
)
