"""Mixed precision in TensorFlow: Keras' dtype policies, and loss scaling for float16."""

from __future__ import annotations

import tensorflow as tf

from isograd.frameworks.protocol import Plan


def policy(plan: Plan) -> str:
    """The name of the policy that layers are made under."""
    return plan.dtype if plan.precision == "float32" else f"mixed_{plan.precision}"


def restored(outputs: tf.Tensor, plan: Plan) -> tf.Tensor:
    """Outputs as losses take them: in the plan's dtype."""
    return outputs if plan.precision == "float32" else tf.cast(outputs, plan.dtype)
