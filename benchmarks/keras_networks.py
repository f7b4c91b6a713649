"""The same networks as a person writes them in Keras: what twins are timed against, and made of."""

from __future__ import annotations

import keras
from keras import layers


def _conv(x, filters, size, stride=1):
    if stride > 1 and size > 1:
        x = layers.ZeroPadding2D(size // 2)(x)
        padding = "valid"
    else:
        padding = "same"
    x = layers.Conv2D(filters, size, stride, padding=padding, use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def resnet18(classes: int = 1000) -> keras.Model:
    """18 layers with basic blocks, padded as PyTorch's."""
    image = keras.Input((224, 224, 3))
    x = layers.ReLU()(_conv(image, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage in range(4):
        for number in range(2):
            stride = 2 if stage and not number else 1
            width = 64 * 2**stage
            y = layers.ReLU()(_conv(x, width, 3, stride))
            y = _conv(y, width, 3)
            if stride > 1:
                x = _conv(x, width, 1, stride)
            x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(image, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def resnet50(classes: int = 1000) -> keras.Model:
    """The one that Keras brings, ending in logits."""
    return keras.applications.ResNet50(weights=None, classes=classes, classifier_activation=None)


def text_lstm(length: int = 32) -> keras.Model:
    """An LSTM over an embedding, the last state into a linear layer."""
    tokens = keras.Input((length,), dtype="int64")
    x = layers.LSTM(256)(layers.Embedding(1000, 128)(tokens))
    return keras.Model(tokens, layers.Dense(10)(x))


def text_transformer(length: int = 32) -> keras.Model:
    """Four encoder blocks over an embedding, the mean into a linear layer."""
    tokens = keras.Input((length,), dtype="int64")
    x = layers.Embedding(1000, 256)(tokens)
    for _ in range(4):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.MultiHeadAttention(4, 64)(y, y)
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.Dense(256)(layers.Dense(1024, activation="gelu")(y))
    return keras.Model(tokens, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))
