"""Batch normalisation whose statistics are those of all workers.

``torch.nn.SyncBatchNorm`` needs a GPU. Where there is none, the same is computed here in plain
operations; its gradient goes through the sums of all workers.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.modules.batchnorm import _BatchNorm


class SyncBatchNorm(_BatchNorm):
    """`nn.SyncBatchNorm` on a processor. ``biased``: the running variance follows the biased one,
    as Keras' does."""

    biased = False

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of axes; the channels are on axis 1."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or dist.get_world_size() == 1:
            return super().forward(input)
        axes = [axis for axis in range(input.dim()) if axis != 1]
        count = input.new_tensor([input.numel() / input.shape[1]])
        dist.all_reduce(count)
        mean = all_reduce(input.sum(axes)) / count
        centred = input - _along(mean, input)
        variance = all_reduce(centred.square().sum(axes)) / count
        followed = variance if self.biased else variance * count / (count - 1)
        self._follow(mean.detach(), followed.detach())
        found = centred * _along(torch.rsqrt(variance + self.eps), input)
        return (
            found * _along(self.weight, input) + _along(self.bias, input) if self.affine else found
        )

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        rate = self.momentum if self.momentum is not None else 1 / int(self.num_batches_tracked)
        self.running_mean.lerp_(mean, rate)
        self.running_var.lerp_(variance, rate)


def synchronise(network: nn.Module) -> nn.Module:
    """Every batch normalisation in it, with the statistics of all workers."""
    if torch.cuda.is_available():
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm):
            network.set_submodule(name, _synchronised(module))
    return network


def _synchronised(module: _BatchNorm) -> SyncBatchNorm:
    found = SyncBatchNorm(
        module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
    )
    found.load_state_dict(module.state_dict())
    found.biased = type(module).__name__.startswith("Biased")
    return found


def _along(values: Tensor, like: Tensor) -> Tensor:
    """[channels], for something with the channels on axis 1."""
    return values.reshape(1, -1, *[1] * (like.dim() - 2))
