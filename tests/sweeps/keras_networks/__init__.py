"""Keras networks to convert: sequential, functional, subclassed."""

from . import images, sequences, structures
from .applications import APPLICATIONS
from .network import KerasNetwork

NETWORKS: dict[str, KerasNetwork] = {
    network.name: network for network in (*images.FAMILY, *sequences.FAMILY, *structures.FAMILY)
}

__all__ = ["APPLICATIONS", "NETWORKS", "KerasNetwork"]
