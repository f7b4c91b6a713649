"""More than one input, more than one output, one set of weights used twice."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import TorchNetwork, image_network


class Siamese(nn.Module):
    """Two images through the same weights; how like they are."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(392, 16),
        )
        self.fc = nn.Linear(16, 1)

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        a, b = self.encoder(left), self.encoder(right)
        return self.fc(torch.abs(a - b)).squeeze(-1), F.cosine_similarity(a, b, dim=1)


class ImageAndTable(nn.Module):
    """An image, numbers and a category of one record."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
        )
        self.table = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.category = nn.Embedding(5, 4)
        self.head = nn.Bilinear(40, 4, 3)

    def forward(self, image: Tensor, table: Tensor, category: Tensor) -> Tensor:
        joined = torch.cat([self.image(image), self.table(table)], dim=-1)
        return self.head(joined, self.category(category))


class TwoHeads(nn.Module):
    """A class and a box, returned by name."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
        )
        self.class_head = nn.Linear(8, 10)
        self.box_head = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = self.trunk(image)
        return {"logits": self.class_head(x), "box": self.box_head(x).sigmoid()}


class RepeatedBlock(nn.Module):
    """The same layer applied three times, as in ALBERT or an unrolled recurrence."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(8, 16)
        self.norm = nn.LayerNorm(16, elementwise_affine=False)
        self.step = nn.Linear(16, 16)
        self.leave = nn.Linear(16, 2)

    def forward(self, rows: Tensor) -> Tensor:
        x = self.enter(rows)
        for _ in range(3):
            x = x + torch.tanh(self.step(self.norm(x)))
        return self.leave(x)


class TiedAutoencoder(nn.Module):
    """The decoder is the encoder's weight, transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 12) * 0.3)
        self.encoder_bias = nn.Parameter(torch.zeros(6))
        self.decoder_bias = nn.Parameter(torch.zeros(12))

    def forward(self, rows: Tensor) -> Tensor:
        code = F.relu6(F.linear(rows, self.weight, self.encoder_bias))
        return code @ self.weight + self.decoder_bias


class WideAndDeep(nn.Module):
    """Embedded categories and crosses beside a deep part; a factorisation machine's square."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, 6)
        self.linear = nn.Embedding(60, 1)
        self.deep = nn.Sequential(nn.Linear(29, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))

    def forward(self, categories: Tensor, numbers: Tensor) -> Tensor:
        fields = self.embedding(categories)
        squared = fields.sum(dim=1).square() - fields.square().sum(dim=1)
        wide = self.linear(categories).sum(dim=1) + 0.5 * squared.sum(dim=1, keepdim=True)
        deep = self.deep(torch.cat([fields.flatten(1), numbers], dim=1))
        return (wide + deep).squeeze(1)


class HandwrittenStatistics(nn.Module):
    """Statistics, selections and broadcasts written out by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1, dilation=1)
        self.dilated = nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=2)
        self.temperature = nn.Parameter(torch.tensor(1.5))
        self.fc = nn.Linear(24, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv(image)
        x = (x - x.mean(dim=(2, 3), keepdim=True)) / (x.std(dim=(2, 3), keepdim=True) + 1e-5)
        x = torch.where(x > 0, x, 0.1 * x).clamp(-3, 3) + (self.dilated(x).square() + 1e-2).sqrt()
        mean, largest = x.mean((2, 3)), x.amax((2, 3))
        spread, peak = x.var(dim=(2, 3), unbiased=False), x.flatten(2).logsumexp(-1)
        features = torch.stack([mean, largest, spread, peak], dim=-1).flatten(1)
        return F.softmax(self.fc(features) / self.temperature, dim=-1)


FAMILY = (
    TorchNetwork("siamese", Siamese, dict.fromkeys(("left", "right"), "float32[N,1,28,28]")),
    TorchNetwork(
        "image_and_table",
        ImageAndTable,
        {"image": "float32[N,3,16,16]", "table": "float32[N,6]", "category": "int64[N]<5"},
    ),
    image_network("two_heads", TwoHeads),
    TorchNetwork("repeated_block", RepeatedBlock, {"rows": "float32[N,8]"}),
    TorchNetwork("tied_autoencoder", TiedAutoencoder, {"rows": "float32[N,12]"}),
    TorchNetwork(
        "wide_and_deep",
        WideAndDeep,
        {"categories": "int64[N,4]<60", "numbers": "float32[N,5]"},
    ),
    image_network("handwritten_statistics", HandwrittenStatistics),
)
