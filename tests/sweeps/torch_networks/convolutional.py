"""Residual, dense and plain convolutional classifiers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import image_network


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (ResNet-18 and -34; He et al., 2015)."""

    expansion = 1

    def __init__(self, channels_in: int, channels: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = _projection(channels_in, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    """1x1, 3x3 (strided, perhaps grouped), 1x1 and a shortcut (ResNet-50, ResNeXt)."""

    expansion = 4

    def __init__(self, channels_in: int, channels: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        channels_out = channels * self.expansion
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _projection(channels_in, channels_out, stride)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += identity
        return self.relu(out)


def _projection(channels_in: int, channels_out: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and channels_in == channels_out:
        return None
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out)
    )


class ResNet(nn.Module):
    """Strided stem, max pool, three stages of one block, global average pool, linear."""

    def __init__(self, block: type[BasicBlock] | type[Bottleneck], groups: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        wide = block.expansion
        self.layer1 = block(8, 8, groups=groups)
        self.layer2 = block(8 * wide, 16, stride=2, groups=groups)
        self.layer3 = block(16 * wide, 32, stride=2, groups=groups)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(32 * wide, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(image))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class DenseLayer(nn.Module):
    """BN, ReLU, 1x1, BN, ReLU, 3x3 over everything before it (Huang et al., 2017)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 2 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(2 * growth)
        self.conv2 = nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)
        self.dropout = nn.Dropout(0.1)

    def forward(self, features: list[Tensor]) -> Tensor:
        x = torch.cat(features, 1)
        x = self.conv1(F.relu(self.norm1(x)))
        return self.dropout(self.conv2(F.relu(self.norm2(x))))


class DenseBlock(nn.Module):
    """Layers that each see the outputs of all earlier ones."""

    def __init__(self, layers: int, channels: int, growth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            DenseLayer(channels + i * growth, growth) for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    """Two dense blocks with a halving transition between them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.block1 = DenseBlock(3, 8, growth=4)
        self.transition = nn.Sequential(
            nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 10, 1, bias=False), nn.AvgPool2d(2)
        )
        self.block2 = DenseBlock(2, 10, growth=4)
        self.norm = nn.BatchNorm2d(18)
        self.classifier = nn.Linear(18, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.block2(self.transition(self.block1(self.stem(image))))
        x = F.adaptive_avg_pool2d(F.relu(self.norm(x)), (1, 1))
        return self.classifier(torch.flatten(x, 1))


class Fire(nn.Module):
    """Squeeze by 1x1, expand by 1x1 and 3x3 side by side (SqueezeNet; Iandola et al., 2016)."""

    def __init__(self, channels_in: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels_in, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def squeezenet() -> nn.Module:
    """Fire modules, ceil-mode max pools and a convolution as the classifier."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Fire(16, 4, 8),
        Fire(16, 4, 8),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
        Fire(16, 8, 16),
        nn.Dropout(0.5),
        nn.Conv2d(32, 10, 1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


def vgg() -> nn.Module:
    """3x3 convolutions with bias, an adaptive pool to 2x2 and a dropout classifier."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding="same"),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 32),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(32, 10),
    )


def lenet() -> nn.Module:
    """Tanh, average pools, and a classifier whose weights know the flattening order."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 32),
        nn.Sigmoid(),
        nn.Linear(32, 10),
        nn.LogSoftmax(dim=1),
    )


class SlopedActivations(nn.Module):
    """PReLU (one slope, one per channel), ELU, leaky ReLU, SELU, softplus, CELU, Mish."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.prelu1 = nn.PReLU()
        self.conv2 = nn.Conv2d(8, 8, 3, stride=2, padding=1, padding_mode="zeros")
        self.prelu2 = nn.PReLU(8, init=0.1)
        self.conv3 = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.mixed = nn.Sequential(nn.ELU(0.7), nn.Conv2d(8, 8, 1), nn.LeakyReLU(0.2))
        self.tail = nn.Sequential(nn.Linear(8, 16), nn.SELU(), nn.Linear(16, 16), nn.Softplus())
        self.head = nn.Sequential(nn.Linear(16, 16), nn.CELU(1.3), nn.Mish(), nn.Linear(16, 10))

    def forward(self, image: Tensor) -> Tensor:
        x = self.prelu1(self.conv1(image))
        x = self.prelu2(self.conv2(x))
        x = self.mixed(self.conv3(x))
        return self.head(self.tail(x.mean(dim=(2, 3))))


FAMILY = (
    image_network("resnet_basic", lambda: ResNet(BasicBlock)),
    image_network("resnet_bottleneck", lambda: ResNet(Bottleneck)),
    image_network("resnext", lambda: ResNet(Bottleneck, groups=4)),
    image_network("densenet", DenseNet),
    image_network("squeezenet", squeezenet),
    image_network("vgg", vgg),
    image_network("lenet", lenet, size=28, channels=1),
    image_network("sloped_activations", SlopedActivations),
)
