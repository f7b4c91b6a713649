"""Own layers and models, sharing, nesting, several inputs and outputs."""

from typing import Any

import keras
from keras import KerasTensor, layers, ops

from .network import KerasNetwork


class LayerScale(layers.Layer):
    """A learned factor for each channel."""

    def __init__(self, start: float = 0.1, **options: Any) -> None:
        super().__init__(**options)
        self.start = start

    def build(self, shape: tuple[int | None, ...]) -> None:
        initializer = keras.initializers.Constant(self.start)
        self.gamma = self.add_weight(
            shape=(shape[-1],), initializer=initializer, dtype=self.dtype, name="gamma"
        )

    def call(self, x: KerasTensor) -> KerasTensor:
        return x * self.gamma


class RootMeanSquare(layers.Layer):
    """RMSNorm in keras.ops."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

    def call(self, x: KerasTensor) -> KerasTensor:
        return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6) * self.scale


class Residual(layers.Layer):
    """A layer made of layers."""

    def __init__(self, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.norm = RootMeanSquare(name="norm")
        self.expand = layers.Dense(2 * width, name="expand")
        self.project = layers.Dense(width, name="project")
        self.scale = LayerScale(name="scale")
        self.dropout = layers.Dropout(0.1)

    def call(self, x: KerasTensor, training: bool | None = None) -> KerasTensor:
        gate, value = ops.split(self.expand(self.norm(x)), 2, axis=-1)
        y = self.scale(self.project(ops.concatenate([ops.silu(gate), value], axis=-1)))
        return x + self.dropout(y, training=training)


class SubclassedClassifier(keras.Model):
    """A model without a functional graph."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = layers.Conv2D(8, 3, strides=2, padding="same")
        self.norm = layers.BatchNormalization()
        self.blocks = [Residual(8, name=f"block{i}") for i in range(2)]
        self.classifier = layers.Dense(10)

    def call(self, image: KerasTensor, training: bool | None = None) -> KerasTensor:
        x = ops.relu(self.norm(self.conv(image), training=training))
        for block in self.blocks:
            x = block(x, training=training)
        return self.classifier(ops.mean(x, axis=(1, 2)))


class TinyGPT(keras.Model):
    """Causal attention in keras.ops, positions, a head tied to the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = layers.Embedding(100, 16)
        self.positions = layers.Embedding(32, 16)
        self.norm = layers.LayerNormalization(epsilon=1e-5)
        self.qkv = layers.Dense(48)
        self.merge = layers.Dense(16)

    def call(self, ids: KerasTensor) -> KerasTensor:
        length = ops.shape(ids)[1]
        x = self.tokens(ids) + self.positions(ops.arange(length))
        x = x + self.merge(self._attend(self.qkv(self.norm(x)), length))
        return ops.matmul(x, ops.transpose(self.tokens.embeddings))

    def _attend(self, qkv: KerasTensor, length: int) -> KerasTensor:
        qkv = ops.reshape(qkv, (-1, length, 3, 2, 8))
        query, key, value = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), axis=0)
        scores = ops.einsum("nhqd,nhkd->nhqk", query, key) / 8**0.5
        past = ops.tril(ops.ones((length, length), dtype="bool"))
        weights = ops.softmax(ops.where(past, scores, -1e9), axis=-1)
        return ops.reshape(ops.transpose(weights @ value, (0, 2, 1, 3)), (-1, length, 16))


def own_layer() -> keras.Model:
    """A custom layer inside a functional model."""
    rows = keras.Input((12,))
    x = Residual(12)(LayerScale(0.5)(rows))
    return keras.Model(rows, layers.Dense(3)(ops.maximum(x, 0.1 * x)))


def functional_ops() -> keras.Model:
    """keras.ops between layers, arithmetic by operators, slices."""
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3)(image)
    x = (x - ops.mean(x, axis=(1, 2), keepdims=True)) / (ops.std(x, axis=(1, 2), keepdims=True) + 1)
    x = ops.concatenate([x[:, ::2, ::2], ops.abs(x[:, 1::2, 1::2])], axis=-1)
    x = ops.max(x, axis=1) + ops.logsumexp(x, axis=1)
    x = ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, 16 * 7))
    return keras.Model(image, layers.Dense(4)(ops.tanh(x) ** 2))


def shared_layers() -> keras.Model:
    """One encoder applied to two inputs; how far apart they are."""
    encoder = keras.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(8),
        ],
        name="encoder",
    )
    left, right = keras.Input((28, 28, 1), name="left"), keras.Input((28, 28, 1), name="right")
    a, b = encoder(left), encoder(right)
    joined = layers.Concatenate()([ops.abs(layers.Subtract()([a, b])), layers.Dot(1)([a, b])])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(joined))


def nested() -> keras.Model:
    """A functional model with two outputs inside a functional model inside a Sequential."""
    rows = keras.Input((8,))
    inner = keras.Model(rows, [layers.Dense(6)(rows), layers.Dense(6)(rows)], name="inner")
    outside = keras.Input((8,))
    mean, gate = inner(layers.Dense(8, activation="tanh")(outside))
    middle = keras.Model(outside, layers.Multiply()([mean, gate]), name="middle")
    return keras.Sequential([keras.Input((8,)), middle, layers.Dense(2)])


def inputs_and_outputs() -> keras.Model:
    """Image, table and category in by name; class and price out by name."""
    image = keras.Input((16, 16, 3), name="image")
    table = keras.Input((6,), name="table")
    category = keras.Input((), dtype="int32", name="category")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(image))
    y = layers.BatchNormalization()(layers.Dense(8)(table))
    z = layers.Embedding(100, 4)(category)
    joined = layers.Concatenate()([x, y, z])
    return keras.Model(
        inputs={"image": image, "table": table, "category": category},
        outputs={"label": layers.Dense(5)(joined), "price": layers.Dense(1)(joined)},
    )


FAMILY = (
    KerasNetwork("own_layer", own_layer),
    KerasNetwork("functional_ops", functional_ops),
    KerasNetwork("shared_layers", shared_layers),
    KerasNetwork("nested", nested),
    KerasNetwork("inputs_and_outputs", inputs_and_outputs),
    KerasNetwork("subclassed", SubclassedClassifier, {"image": "float32[N,32,32,3]"}),
    KerasNetwork("tiny_gpt", TinyGPT, {"ids": "int32[N,12]<100"}),
)
