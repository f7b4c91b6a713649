"""Keras forms that are exact where the stock ones are not: source that is copied into an emitted
file that needs it.
"""

from __future__ import annotations

from isograd.frameworks.tensorflow import functions, movement, recurrent, reductions, resizing

BATCH_NORM = '''\
class BatchNorm(keras.layers.Layer):
    """Batch normalisation over the last axis, whose moving variance follows the unbiased one.

    keras.layers.BatchNormalization follows the biased variance, and stops normalising by the batch
    where it does not train. The momentum is the weight of the new value. Under a policy of mixed
    precision, statistics are computed and kept in that of the variables.
    """

    def __init__(self, epsilon, momentum, affine=True, unbiased=True, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.momentum = momentum
        self.affine = affine
        self.unbiased = unbiased

    def build(self, input_shape):
        shape = (input_shape[-1],)
        if self.affine:
            self.gamma = self._add("gamma", shape, "ones")
            self.beta = self._add("beta", shape, "zeros")
        self.moving_mean = self._add("moving_mean", shape, "zeros", trainable=False)
        self.moving_variance = self._add("moving_variance", shape, "ones", trainable=False)

    def _add(self, name, shape, initializer, trainable=True):
        return self.add_weight(
            shape=shape, initializer=initializer, trainable=trainable, autocast=False, name=name
        )

    def call(self, x, training=False):
        x = ops.cast(x, self.variable_dtype)
        if training:
            mean, variance = ops.moments(x, axes=tuple(range(len(x.shape) - 1)))
            count = ops.cast(ops.size(x), x.dtype) / x.shape[-1]
            self._follow(self.moving_mean, mean)
            correction = count / (count - 1) if self.unbiased else 1.0
            self._follow(self.moving_variance, variance * correction)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = ops.rsqrt(variance + self.epsilon)
        if self.affine:
            x = (x - mean) * (scale * self.gamma) + self.beta
        else:
            x = (x - mean) * scale
        return ops.cast(x, self.compute_dtype)

    def _follow(self, moving, new):
        moving.assign((1 - self.momentum) * moving + self.momentum * new)
'''

RMS_NORM = '''\
class RMSNorm(keras.layers.Layer):
    """The values over their root mean square along some of the last axes, times a scale."""

    def __init__(self, epsilon, axes, affine=True, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.axes = axes
        self.affine = affine

    def build(self, input_shape):
        shape = tuple(input_shape[axis] for axis in self.axes)
        places = range(-len(input_shape), 0)
        self.spread = [input_shape[axis] if axis in self.axes else 1 for axis in places]
        if self.affine:
            self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")

    def call(self, x):
        x = x * ops.rsqrt(ops.mean(ops.square(x), axis=self.axes, keepdims=True) + self.epsilon)
        return x * ops.reshape(self.scale, self.spread) if self.affine else x
'''

PADDED_EMBEDDING = '''\
def padded_embedding(layer, indices, padding_idx):
    """Rows of a table, of which one gets no gradient."""
    rows = layer(indices)
    return ops.where(ops.equal(indices, padding_idx)[..., None], ops.stop_gradient(rows), rows)
'''

MAXIMUM = '''\
def maximum(a, b):
    """The larger of both; where they are equal, each gets half of the gradient.

    ops.maximum alone gives all of it to the first.
    """
    return (ops.maximum(a, b) + ops.maximum(b, a)) / 2
'''

MINIMUM = '''\
def minimum(a, b):
    """The smaller of both; where they are equal, each gets half of the gradient.

    ops.minimum alone gives all of it to the first.
    """
    return (ops.minimum(a, b) + ops.minimum(b, a)) / 2
'''

LEAKY_RELU = '''\
def leaky_relu(x, negative_slope):
    """A slope below zero, in the precision of x.

    ops.leaky_relu rounds the slope to float32.
    """
    return ops.where(x > 0, x, x * negative_slope)
'''

GELU = '''\
def gelu(x):
    """x times the normal distribution function of x, in the precision of x.

    ops.gelu rounds the square root of 2 to float32.
    """
    return 0.5 * x * (1.0 + ops.erf(x / 2.0**0.5))
'''

GELU_TANH = '''\
def gelu_tanh(x):
    """The approximation of gelu by tanh, in the precision of x.

    ops.gelu rounds its constants to float32.
    """
    return 0.5 * x * (1.0 + ops.tanh((2.0 / math.pi) ** 0.5 * (x + 0.044715 * x**3)))
'''

AVERAGE_POOL = '''\
def average_pool(x, pool_size, strides, padding, beyond):
    """The mean of each window over those of its places that count.

    The zeros of padding count, those of beyond, outside of it, do not.
    """
    counts = ops.pad(ops.ones_like(x), padding)
    counts = ops.pad(counts, beyond)
    x = ops.pad(ops.pad(x, padding), beyond)
    mean = ops.average_pool(x, pool_size, strides=strides)
    return mean / ops.average_pool(counts, pool_size, strides=strides)
'''

DILATED_MAX_POOL = '''\
def dilated_max_pool(x, pool_size, strides, dilation_rate):
    """The largest value of each window whose places lie dilation_rate apart.

    The windows are laid out side by side, then pooled without dilation.
    """
    windows = zip(pool_size, strides, dilation_rate, strict=True)
    for axis, (size, stride, rate) in enumerate(windows, start=1):
        count = (x.shape[axis] - rate * (size - 1) - 1) // stride + 1
        places = [i * stride + j * rate for i in range(count) for j in range(size)]
        x = ops.take(x, places, axis=axis)
    return ops.max_pool(x, pool_size, strides=pool_size)
'''

EXACT: dict[str, str] = {
    **functions.EXACT,
    **movement.EXACT,
    **resizing.EXACT,
    **recurrent.EXACT,
    **reductions.EXACT,
    "BatchNorm": BATCH_NORM,
    "RMSNorm": RMS_NORM,
    "padded_embedding": PADDED_EMBEDDING,
    "maximum": MAXIMUM,
    "minimum": MINIMUM,
    "leaky_relu": LEAKY_RELU,
    "gelu": GELU,
    "gelu_tanh": GELU_TANH,
    "average_pool": AVERAGE_POOL,
    "dilated_max_pool": DILATED_MAX_POOL,
}
"""Name to source, in the order in which they stand in a file."""
