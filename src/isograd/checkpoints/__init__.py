"""Checkpoints on disk: opened lazily, whatever wrote them, and written tensor by tensor."""

from isograd.checkpoints.checkpoint import Checkpoint, TensorInfo
from isograd.checkpoints.opening import Known, open_checkpoint
from isograd.checkpoints.writing import write_safetensors

__all__ = ["Checkpoint", "Known", "TensorInfo", "open_checkpoint", "write_safetensors"]
