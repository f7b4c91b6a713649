"""Recurrence, one-dimensional convolution and attention."""

import keras
from keras import layers

from .network import KerasNetwork

TOKENS = (12,)


def tokens() -> keras.KerasTensor:
    """Twelve integers below 100."""
    return keras.Input(TOKENS, dtype="int32", name="tokens")


def bag_of_words() -> keras.Model:
    """Embedding, mean over time, dense."""
    ids = tokens()
    x = layers.GlobalAveragePooling1D()(layers.Embedding(100, 16)(ids))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))


def masked_lstm() -> keras.Model:
    """Index 0 is padding, which the LSTM skips and the mean leaves out."""
    ids = tokens()
    x = layers.Embedding(100, 12, mask_zero=True)(ids)
    x = layers.LSTM(8, return_sequences=True)(x)
    return keras.Model(ids, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def masked_merges() -> keras.Model:
    """What is all zeros is padding; masks of both directions and of other layers are merged."""
    sequence = keras.Input((5, 4), name="sequence")
    x = layers.Masking()(layers.ReLU(threshold=0.8)(sequence))
    y = layers.Bidirectional(layers.GRU(6, return_sequences=True))(x)
    z = layers.TimeDistributed(layers.Dense(6))(x)
    y = layers.Concatenate()([y, layers.SimpleRNN(3, return_sequences=True)(z)])
    y = layers.LSTM(5)(y)
    pooled = layers.Attention(use_scale=True)([z, z])
    return keras.Model(sequence, [y, layers.GlobalAveragePooling1D()(pooled)])


def masked_attention() -> keras.Model:
    """A block of a transformer whose queries and keys are padded; every third token is."""
    ids = keras.Input((10,), dtype="int32", name="tokens")
    x = layers.Embedding(3, 16, mask_zero=True)(ids)
    y = layers.MultiHeadAttention(2, 8)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.MultiHeadAttention(2, 8, dropout=0.1)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    return keras.Model(ids, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def masked_translation() -> keras.Model:
    """An encoder that skips padding hands its states to a decoder, which hands on its own."""
    source = keras.Input((6,), dtype="int32", name="source")
    target = keras.Input((5,), dtype="int32", name="target")
    x = layers.Embedding(3, 6, mask_zero=True)(source)
    _, *states = layers.LSTM(5, return_state=True)(x)
    x, h, c = layers.LSTM(5, return_sequences=True, return_state=True)(
        layers.Embedding(4, 6, mask_zero=True)(target), initial_state=states
    )
    x = layers.GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid")(x)
    return keras.Model([source, target], [layers.Dense(3)(x), layers.Add()([h, c])])


def lstm() -> keras.Model:
    """Two layers, of any length."""
    sequence = keras.Input((None, 5), name="sequence")
    x = layers.LSTM(8, return_sequences=True)(sequence)
    x = layers.Dropout(0.2)(x)
    return keras.Model(sequence, layers.Dense(4)(layers.LSTM(6)(x)))


def lstm_states() -> keras.Model:
    """The second layer begins from the final states of the first."""
    sequence = keras.Input((None, 5), name="sequence")
    x, hidden, cell = layers.LSTM(8, return_sequences=True, return_state=True)(sequence)
    x = layers.LSTM(8, unit_forget_bias=False)(x, initial_state=[hidden, cell])
    return keras.Model(sequence, layers.Dense(4)(x))


def stacked_gru() -> keras.Model:
    """`reset_after` both ways; the first layer runs from the end."""
    sequence = keras.Input((10, 5), name="sequence")
    x = layers.GRU(8, return_sequences=True, go_backwards=True, reset_after=True)(sequence)
    x = layers.GRU(8, return_sequences=True, reset_after=False)(x)
    return keras.Model(sequence, layers.Dense(4)(layers.GRU(6, use_bias=False)(x)))


def hard_gru() -> keras.Model:
    """Another activation of the gates."""
    sequence = keras.Input((10, 5), name="sequence")
    x = layers.GRU(6, recurrent_activation="hard_sigmoid")(sequence)
    return keras.Model(sequence, layers.Dense(4)(x))


def bidirectional() -> keras.Model:
    """Both directions, concatenated and then summed."""
    ids = tokens()
    x = layers.Embedding(100, 12)(ids)
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Bidirectional(layers.LSTM(6), merge_mode="sum")(x)
    return keras.Model(ids, layers.Dense(3, activation="softmax")(x))


def simple_rnn() -> keras.Model:
    """Elman recurrence and a dense layer at every step."""
    return keras.Sequential(
        [
            keras.Input((10, 5)),
            layers.SimpleRNN(8, return_sequences=True),
            layers.TimeDistributed(layers.Dense(6, activation="tanh")),
            layers.SimpleRNN(8, activation="relu"),
            layers.Dense(4),
        ]
    )


def causal_cnn() -> keras.Model:
    """Dilated causal Conv1D, pooling over time, a repeated vector."""
    sequence = keras.Input((16, 4))
    x = layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu")(sequence)
    x = layers.Conv1D(8, 3, padding="causal", strides=2)(x)
    x = layers.LayerNormalization(center=False)(x)
    x = layers.MaxPooling1D(2)(layers.AveragePooling1D(3, strides=1, padding="same")(x))
    x = layers.Concatenate()([x, layers.RepeatVector(4)(layers.GlobalMaxPooling1D()(x))])
    return keras.Model(sequence, layers.Dense(5)(layers.Flatten()(x)))


def transformer_block() -> keras.Model:
    """Self attention with a causal mask, then cross attention to the embeddings."""
    ids = tokens()
    embedded = layers.Embedding(100, 16)(ids)
    y = layers.MultiHeadAttention(2, key_dim=8, dropout=0.1)(
        embedded, embedded, use_causal_mask=True
    )
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([embedded, y]))
    y = layers.MultiHeadAttention(4, key_dim=6, value_dim=5, use_bias=False)(x, embedded)
    x = layers.LayerNormalization()(x + y)
    y = layers.Dense(16)(layers.Dense(32, activation="gelu")(x))
    x = layers.LayerNormalization()(x + layers.Dropout(0.1)(y))
    return keras.Model(ids, layers.Dense(100)(x))


FAMILY = tuple(
    KerasNetwork(build.__name__, build)
    for build in (
        bag_of_words,
        masked_lstm,
        masked_merges,
        masked_attention,
        masked_translation,
        lstm,
        lstm_states,
        stacked_gru,
        hard_gru,
        bidirectional,
        simple_rnn,
        causal_cnn,
        transformer_block,
    )
)
