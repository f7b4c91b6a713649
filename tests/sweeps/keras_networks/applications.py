"""One network of each family of keras.applications, without weights, as small as it allows."""

from collections.abc import Callable
from functools import partial

import keras

_SMALLEST = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "InceptionResNetV2": 75,
    "InceptionV3": 75,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "NASNetMobile": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "VGG16": 32,
    "Xception": 71,
}


def _build(family: str, size: int) -> keras.Model:
    network = getattr(keras.applications, family)
    return network(weights=None, input_shape=(size, size, 3), classes=10)


APPLICATIONS: dict[str, Callable[[], keras.Model]] = {
    family: partial(_build, family, size) for family, size in _SMALLEST.items()
}
