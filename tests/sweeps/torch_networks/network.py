"""What a PyTorch network of the corpus is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class TorchNetwork:
    """A network to convert.

    `build` returns the module with random weights. `inputs` maps each parameter of `forward`, in
    order, to a specification such as `float32[N,3,32,32]` (see `specs.sample`); `N` is the batch
    size, any other name a size that the network leaves free.
    """

    name: str
    build: Callable[[], nn.Module]
    inputs: Mapping[str, str]


def image_network(
    name: str, build: Callable[[], nn.Module], size: int = 32, channels: int = 3
) -> TorchNetwork:
    """A network of one square image of `size` pixels."""
    return TorchNetwork(name, build, {"image": f"float32[N,{channels},{size},{size}]"})
