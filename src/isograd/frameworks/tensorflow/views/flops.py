"""TensorFlow's own count of floating-point operations."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
from tensorflow.python.framework import ops

from isograd.views import Operation


def count_flops(
    graph: tf.Graph, counted: Sequence[tf.Operation], operations: Sequence[Operation]
) -> dict[str, float]:
    """The figure ``flops``: the sum over all operations that TensorFlow has a rule for, each of
    which gets its own as an attribute. What has no rule, or open sizes, counts nothing."""
    named = {operation.name: operation for operation in operations}
    total = 0.0
    for operation in counted:
        flops = _flops(graph, operation)
        if flops:
            named[operation.name].attributes["flops"] = f"{flops:.0f}"
            total += flops
    return {"flops": total}


def _flops(graph: tf.Graph, operation: tf.Operation) -> float:
    try:
        value = ops.get_stats_for_node_def(graph, operation.node_def, "flops").value
    except ValueError:  # a size is open
        return 0.0
    return float(value or 0)
