"""PyTorch forms where there is no stock one: source that is copied into an emitted file that needs
it.
"""

from __future__ import annotations

from isograd.frameworks.torch import recurrent

SHARED_DROPOUT = '''\
class SharedDropout(nn.Module):
    """Dropout with one draw for all that lies along some axes."""

    def __init__(self, p: float, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.p = p
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        sizes = [1 if axis in self.axes else size for axis, size in enumerate(x.shape)]
        return x * F.dropout(x.new_ones(sizes), self.p, self.training)
'''

BIASED_BATCH_NORM = '''\
class {name}(nn.{stock}):
    """Batch normalisation whose running variance follows the biased one, as Keras' does."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        followed, count = self.running_var.clone(), x.numel() // x.shape[1]
        mean, weight, bias = self.running_mean, self.weight, self.bias
        y = F.batch_norm(x, mean, followed, weight, bias, True, self.momentum, self.eps)
        kept = (1 - self.momentum) * self.running_var
        self.running_var.copy_((followed - kept) * ((count - 1) / count) + kept)
        return y
'''

AVERAGE_POOL = '''\
def average_pool(
    x: Tensor, kernel_size: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]
) -> Tensor:
    """The mean of each window over what it holds of the input; padding is as in F.pad."""
    pool = {3: F.avg_pool1d, 4: F.avg_pool2d, 5: F.avg_pool3d}[x.dim()]
    counts = pool(F.pad(torch.ones_like(x), padding), kernel_size, stride)
    return pool(F.pad(x, padding), kernel_size, stride) / counts
'''

EXACT: dict[str, str] = {
    **recurrent.EXACT,
    "SharedDropout": SHARED_DROPOUT,
    **{
        f"Biased{stock}": BIASED_BATCH_NORM.format(name=f"Biased{stock}", stock=stock)
        for stock in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
    },
    "average_pool": AVERAGE_POOL,
}
"""Name to source, in the order in which they stand in a file."""
