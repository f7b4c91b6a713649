"""TensorFlow's own inner interfaces, which a version may lack."""

from __future__ import annotations

import importlib
from typing import Any

import tensorflow as tf

from isograd.errors import UsageError

BACKPROP = "tensorflow.python.eager.backprop"
CONTEXT = "tensorflow.python.eager.context"
EXECUTE = "tensorflow.python.eager.execute"
RECORD = "tensorflow.python.eager.record"
TAPES = "tensorflow.python.pywrap_tfe"
CALLBACKS = "tensorflow.python.framework.op_callbacks"
EAGER_TENSOR = "tensorflow.python.framework.ops"


def needed(module: str, *names: str) -> Any:
    """The module, which has all of these names. Raises `UsageError` that says what is missing."""
    try:
        found = importlib.import_module(module)
    except ImportError:
        raise _missing(module) from None
    for name in names:
        if not hasattr(found, name):
            raise _missing(f"{module}.{name}")
    return found


def _missing(name: str) -> UsageError:
    return UsageError(f"TensorFlow {tf.__version__} has no {name}, which this view needs.")
