"""What PyTorch's own optimizers do otherwise than the definitions: nothing."""

from __future__ import annotations

OPTIMIZERS: dict[str, str] = {}
"""Optimizer name to the difference that an idiomatic run declares."""
