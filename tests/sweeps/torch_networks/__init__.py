"""PyTorch networks to convert, in the style of published architectures and small."""

from . import (
    convolutional,
    generative,
    hybrid,
    inception,
    language,
    mobile,
    relative,
    sequence,
    several,
    vision_transformer,
)
from .network import TorchNetwork

_FAMILIES = (
    convolutional.FAMILY,
    inception.FAMILY,
    mobile.FAMILY,
    vision_transformer.FAMILY,
    hybrid.FAMILY,
    sequence.FAMILY,
    language.FAMILY,
    relative.FAMILY,
    generative.FAMILY,
    several.FAMILY,
)

NETWORKS: dict[str, TorchNetwork] = {
    network.name: network for family in _FAMILIES for network in family
}

__all__ = ["NETWORKS", "TorchNetwork"]
