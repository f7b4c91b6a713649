"""Networks of parallel branches: GoogLeNet and Inception v3."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import image_network


class ConvNorm(nn.Module):
    """Convolution without bias, BatchNorm with the large eps of these networks, ReLU."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel_size: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel_size, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class GoogLeNetBlock(nn.Module):
    """1x1, 1x1-3x3, 1x1-3x3 and pool-1x1 side by side (Szegedy et al., 2014)."""

    def __init__(self, channels_in: int, width: int) -> None:
        super().__init__()
        self.branch1 = ConvNorm(channels_in, width, 1)
        self.branch2 = nn.Sequential(
            ConvNorm(channels_in, width, 1), ConvNorm(width, 2 * width, 3, padding=1)
        )
        self.branch3 = nn.Sequential(
            ConvNorm(channels_in, width // 2, 1), ConvNorm(width // 2, width, 3, padding=1)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), ConvNorm(channels_in, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]
        return torch.cat(branches, 1)


class GoogLeNet(nn.Module):
    """Channel-wise input rescaling, ceil-mode pools (one of which pads), no auxiliary heads."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvNorm(3, 8, 7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = ConvNorm(8, 8, 1)
        self.inception3 = GoogLeNetBlock(8, 4)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4 = GoogLeNetBlock(20, 8)
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.inception5 = GoogLeNetBlock(40, 8)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(40, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self._rescale(image)
        x = self.conv2(self.maxpool1(self.conv1(x)))
        x = self.maxpool3(self.inception3(x))
        x = self.inception5(self.maxpool4(self.inception4(x)))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(self.dropout(x))

    def _rescale(self, image: Tensor) -> Tensor:
        red = torch.unsqueeze(image[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5
        green = torch.unsqueeze(image[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
        blue = torch.unsqueeze(image[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
        return torch.cat((red, green, blue), 1)


class PoolBranchBlock(nn.Module):
    """1x1, 5x5, double 3x3 and a padded average pool that counts its padding."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(channels_in, 8, 1)
        self.branch5x5_1 = ConvNorm(channels_in, 6, 1)
        self.branch5x5_2 = ConvNorm(6, 8, 5, padding=2)
        self.branch3x3_1 = ConvNorm(channels_in, 8, 1)
        self.branch3x3_2 = ConvNorm(8, 8, 3, padding=1)
        self.branch_pool = ConvNorm(channels_in, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3_2(self.branch3x3_1(x))
        pooled = self.branch_pool(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return torch.cat([self.branch1x1(x), wide, double, pooled], 1)


class FactorisedBlock(nn.Module):
    """1x7 then 7x1, and a pool that leaves its padding out of the mean."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(channels_in, 8, 1)
        self.branch7x7_1 = ConvNorm(channels_in, 6, 1)
        self.branch7x7_2 = ConvNorm(6, 6, (1, 7), padding=(0, 3))
        self.branch7x7_3 = ConvNorm(6, 8, (7, 1), padding=(3, 0))
        self.branch_pool = ConvNorm(channels_in, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        tall = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        pooled = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        return torch.cat([self.branch1x1(x), tall, self.branch_pool(pooled)], 1)


class ReductionBlock(nn.Module):
    """Valid stride-2 convolution and max pool side by side."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.branch3x3 = ConvNorm(channels_in, 12, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch3x3(x), F.max_pool2d(x, kernel_size=3, stride=2)], 1)


class SplitBlock(nn.Module):
    """A branch that itself splits into 1x3 and 3x1."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.stem = ConvNorm(channels_in, 8, 1)
        self.across = ConvNorm(8, 8, (1, 3), padding=(0, 1))
        self.down = ConvNorm(8, 8, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor) -> Tensor:
        stem = self.stem(x)
        split = torch.cat([self.across(stem), self.down(stem)], 1)
        return torch.cat([split, F.max_pool2d(x, 3, stride=1, padding=1)], 1)


def inception_v3() -> nn.Module:
    """One block of each kind (Szegedy et al., 2015)."""
    return nn.Sequential(
        ConvNorm(3, 8, 3, stride=2),
        ConvNorm(8, 8, 3, padding=1),
        nn.MaxPool2d(3, stride=2),
        PoolBranchBlock(8),
        ReductionBlock(28),
        FactorisedBlock(40),
        SplitBlock(24),
        nn.AdaptiveAvgPool2d(1),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(40, 10),
    )


FAMILY = (
    image_network("googlenet", GoogLeNet, size=64),
    image_network("inception_v3", inception_v3, size=48),
)
