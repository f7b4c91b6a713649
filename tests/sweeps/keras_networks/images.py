"""Sequential and functional networks of rows and images."""

import keras
from keras import layers

from .network import KerasNetwork

IMAGE = (32, 32, 3)


def mlp() -> keras.Model:
    """Dense layers with activations by name and by layer."""
    return keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(16, activation="gelu"),
            layers.Dense(16, activation=keras.activations.swish),
            layers.Dense(5),
            layers.Softmax(),
        ]
    )


def cnn() -> keras.Model:
    """SAME padding at stride 2 (which pads more after than before), BatchNorm, Dropout."""
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.Rescaling(1 / 2, offset=-0.5),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),
            layers.MaxPooling2D(3, strides=2, padding="same"),
            layers.SpatialDropout2D(0.1),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def branches() -> keras.Model:
    """A residual sum, a concatenation, a product, a maximum."""
    image = keras.Input(IMAGE, name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    y = layers.Conv2D(8, 1, kernel_regularizer=keras.regularizers.L2(1e-4))(x)
    x = layers.Add()([x, y])
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Multiply()([x, gate])
    pools = layers.Maximum()([layers.AveragePooling2D(2)(x), layers.MaxPooling2D(2)(x)])
    x = layers.Concatenate()([pools, layers.Conv2D(4, 2, strides=2)(x)])
    return keras.Model(image, layers.Dense(10)(layers.GlobalMaxPooling2D()(x)))


def separable() -> keras.Model:
    """SeparableConv2D and DepthwiseConv2D, with depth multipliers and dilation."""
    image = keras.Input(IMAGE)
    x = layers.SeparableConv2D(8, 3, padding="same", depth_multiplier=2)(image)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, scale=False)(x)
    x = layers.ReLU(max_value=6)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, dilation_rate=2)(x)
    x = layers.ReLU(negative_slope=0.1, threshold=0.05)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10)(x))


def decoder() -> keras.Model:
    """Transposed convolutions of every padding, nearest and bilinear upsampling, cropping."""
    code = keras.Input((4, 4, 8))
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(code)
    x = layers.Conv2DTranspose(8, 4, strides=2, padding="valid")(x)
    x = layers.Cropping2D(((1, 1), (0, 2)))(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(layers.Activation("elu")(x))
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.UpSampling2D((1, 2))(x)
    return keras.Model(code, layers.Conv2D(3, 1, activation="tanh")(x))


def padded() -> keras.Model:
    """Explicit zero padding, an average pool that pads, dilation, groups."""
    image = keras.Input((30, 30, 3))
    x = layers.ZeroPadding2D(((1, 2), (3, 0)))(image)
    x = layers.Conv2D(8, 3, dilation_rate=2)(x)
    x = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.Conv2D(8, 3, groups=2, padding="same", activation="hard_sigmoid")(x)
    x = layers.GroupNormalization(groups=4, epsilon=1e-4)(x)
    x = layers.Permute((3, 1, 2))(x)
    return keras.Model(image, layers.Dense(10)(layers.Reshape((-1,))(x)))


def sloped() -> keras.Model:
    """PReLU with shared axes and without, leaky ReLU, ELU, SELU, softplus, hard swish."""
    image = keras.Input((16, 16, 3))
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(8, 3)(image))
    x = layers.LeakyReLU(negative_slope=0.2)(layers.Conv2D(8, 3, strides=2)(x))
    x = layers.PReLU()(layers.Conv2D(4, 1)(x))
    x = layers.Flatten()(x)
    x = layers.ELU(alpha=0.7)(layers.Dense(16)(x))
    x = layers.Dense(16, activation="selu")(x)
    x = layers.Dense(16, activation="softplus")(x)
    x = layers.Dense(16, activation="hard_swish")(x)
    return keras.Model(image, layers.Dense(10, activation="log_softmax")(x))


def bottleneck_v2() -> keras.Model:
    """Pre-activation residual blocks in the style of ResNet v2 (He et al., 2016)."""
    image = keras.Input(IMAGE)
    x = layers.Conv2D(8, 7, strides=2, padding="same")(image)
    for stride in (1, 2):
        pre = layers.ReLU()(layers.BatchNormalization(epsilon=1.001e-5)(x))
        y = layers.Conv2D(4, 1, use_bias=False)(pre)
        y = layers.ReLU()(layers.BatchNormalization(epsilon=1.001e-5)(y))
        y = layers.ZeroPadding2D(1)(y)
        y = layers.Conv2D(4, 3, strides=stride, use_bias=False)(y)
        y = layers.Conv2D(16, 1)(layers.ReLU()(layers.BatchNormalization(epsilon=1.001e-5)(y)))
        shortcut = layers.Conv2D(16, 1, strides=stride)(pre)
        x = layers.Add()([shortcut, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10)(x))


FAMILY = tuple(
    KerasNetwork(build.__name__, build)
    for build in (mlp, cnn, branches, separable, decoder, padded, sloped, bottleneck_v2)
)
