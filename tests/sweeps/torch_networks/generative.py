"""Images out: U-Nets, DCGAN, autoencoders, style transfer, super-resolution."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import TorchNetwork, image_network


def double_conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Twice 3x3, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Down twice, up twice by `up`, skips concatenated (Ronneberger et al., 2015)."""

    def __init__(self, up1: nn.Module, up2: nn.Module) -> None:
        super().__init__()
        self.inside = double_conv(3, 8)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), double_conv(8, 16))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), double_conv(16, 16))
        self.up1 = up1
        self.conv1 = double_conv(32, 8)
        self.up2 = up2
        self.conv2 = double_conv(16, 8)
        self.outside = nn.Conv2d(8, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        x1 = self.inside(image)
        x2 = self.down1(x1)
        x = self.up1(self.down2(x2))
        x = self.up2(self.conv1(torch.cat([x2, x], dim=1)))
        return self.outside(self.conv2(torch.cat([x1, x], dim=1)))


def unet_transposed() -> nn.Module:
    """Up by transposed convolution."""
    return UNet(nn.ConvTranspose2d(16, 16, 2, stride=2), nn.ConvTranspose2d(8, 8, 2, stride=2))


def unet_bilinear() -> nn.Module:
    """Up by interpolation, once with and once without aligned corners."""
    return UNet(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    )


def dcgan_generator() -> nn.Module:
    """Noise to a 32x32 image in [-1, 1] (Radford et al., 2015)."""
    return nn.Sequential(
        nn.ConvTranspose2d(16, 32, 4, 1, 0, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(True),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(True),
        nn.ConvTranspose2d(16, 8, 3, 2, 1, output_padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(True),
        nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def dcgan_discriminator() -> nn.Module:
    """An image to the probability that it is real: [N]."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(8, 16, 4, 2, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(32, 1, 4, 1, 0, bias=False),
        nn.Sigmoid(),
        nn.Flatten(0),
    )


class VAE(nn.Module):
    """Returns reconstruction, mean and log variance; the noise is an input."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU())
        self.mean = nn.Linear(32, 8)
        self.log_variance = nn.Linear(32, 8)
        self.decoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 784))

    def forward(self, image: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = self.encoder(image)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        code = mean + eps * torch.exp(0.5 * log_variance)
        return torch.sigmoid(self.decoder(code)).view(-1, 1, 28, 28), mean, log_variance


class ConvAutoencoder(nn.Module):
    """Strided down, nearest-neighbour up."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 4, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.conv1 = nn.Conv2d(4, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.encoder(image)
        x = F.relu(self.conv1(F.interpolate(x, scale_factor=2.0, mode="nearest")))
        x = F.interpolate(x, size=image.shape[2:], mode="nearest")
        return torch.sigmoid(self.conv2(x))


def mlp_autoencoder() -> nn.Module:
    """Rows of numbers through a bottleneck and back."""
    return nn.Sequential(
        nn.Linear(20, 12),
        nn.BatchNorm1d(12, affine=False),
        nn.SiLU(),
        nn.Linear(12, 4),
        nn.Softsign(),
        nn.Linear(4, 12, bias=False),
        nn.Hardtanh(),
        nn.Linear(12, 20),
    )


class StyleResidual(nn.Module):
    """Reflection-padded convolutions under instance norm (Johnson et al., 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(1)
        self.conv1 = nn.Conv2d(channels, channels, 3)
        self.norm1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = nn.Conv2d(channels, channels, 3)
        self.norm2 = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(self.pad(x))))
        return self.norm2(self.conv2(self.pad(y))) + x


def style_transfer() -> nn.Module:
    """Reflection padding, a residual block, nearest upsampling, a GroupNorm and a tanh."""
    return nn.Sequential(
        nn.ReflectionPad2d(4),
        nn.Conv2d(3, 8, 9),
        nn.InstanceNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, padding_mode="reflect"),
        nn.InstanceNorm2d(16, affine=True),
        nn.ReLU(),
        StyleResidual(16),
        nn.UpsamplingNearest2d(scale_factor=2),
        nn.ReplicationPad2d(1),
        nn.Conv2d(16, 8, 3),
        nn.GroupNorm(2, 8),
        nn.ReLU(),
        nn.Conv2d(8, 3, 3, padding=1),
        nn.Tanh(),
    )


def super_resolution() -> nn.Module:
    """Channels into pixels, twice the size (Shi et al., 2016)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.Tanh(),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 4, 3, padding=1),
        nn.PixelShuffle(2),
    )


FAMILY = (
    image_network("unet_transposed", unet_transposed),
    image_network("unet_bilinear", unet_bilinear),
    TorchNetwork("dcgan_generator", dcgan_generator, {"noise": "float32[N,16,1,1]"}),
    image_network("dcgan_discriminator", dcgan_discriminator),
    TorchNetwork("vae", VAE, {"image": "float32[N,1,28,28]", "eps": "float32[N,8]"}),
    image_network("autoencoder_conv", ConvAutoencoder, size=28, channels=1),
    TorchNetwork("autoencoder_mlp", mlp_autoencoder, {"rows": "float32[N,20]"}),
    image_network("style_transfer", style_transfer),
    image_network("super_resolution", super_resolution, size=16, channels=1),
)
