"""Keras networks as graphs: what is written, what stays trainable, what is refused."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.importer import import_live
from isograd.ir import ops
from isograd.ir.imported import Imported
from isograd.ir.inputs import parse_input


@pytest.fixture(autouse=True)
def as_a_user_has_it():
    """Other tests leave Keras in float64."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def kinds(imported: Imported) -> list[str]:
    return [type(node.op).__name__ for node in imported.graph.nodes]


def test_an_image_network_has_no_transpose_but_a_reordered_kernel():
    model = keras.Sequential(
        [
            keras.Input((8, 6, 3)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )
    found = import_live(model, {})
    assert kinds(found) == ["Pad", "Conv", "ReLU", "BatchNorm", "Flatten", "Linear"]
    (image,) = found.graph.inputs.values()
    assert image.shape == ("N", 3, 8, 6)
    assert found.graph.nodes[1].op.padding == ((0, 1), (0, 1))
    kernel = model.layers[-1].kernel
    link = next(link for link in found.parameters.links if link.reference == kernel.path)
    assert np.array_equal(link.transform.inverse(found.weights[link.twin]), kernel.numpy())


def test_keras_running_variance_follows_the_biased_one():
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(momentum=0.9)])
    (node,) = import_live(model, {}).graph.nodes
    assert node.op == ops.BatchNorm(1e-3, 0.1, True, unbiased=False)


class Tied(keras.Model):
    """A head tied to the embedding, and positions that hang on no input."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = layers.Embedding(9, 4)
        self.positions = layers.Embedding(6, 4)

    def call(self, ids):
        x = self.tokens(ids) + self.positions(keras.ops.arange(6))
        return keras.ops.matmul(x, keras.ops.transpose(self.tokens.embeddings))


def test_what_is_computed_from_parameters_alone_stays_trainable():
    found = import_live(Tied(), {"ids": parse_input("ids=int64[N,6]<9")})
    assert set(found.graph.trainable) == {"tokens.weight", "positions.weight"}


class Hidden(Tied):
    """TensorFlow's own functions leave no trace."""

    def call(self, ids):
        return keras.ops.matmul(self.tokens(ids), tf.transpose(self.tokens.embeddings.value))


def test_a_tensor_that_tensorflow_computes_from_parameters_is_refused():
    with pytest.raises(UsageError, match="computes from parameters alone"):
        import_live(Hidden(), {"ids": parse_input("ids=int64[N,6]<9")})


class Branching(keras.Model):
    def call(self, x):
        return x if keras.ops.sum(x) > 0 else -x


@pytest.mark.parametrize(
    ("model", "inputs", "sentence"),
    [
        (Branching, {"x": parse_input("x=float32[N,4]")}, "decides what to compute"),
        (Tied, {}, "does not know its inputs"),
        (
            lambda: keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x)]),
            {},
            "Lambda layer, which holds code",
        ),
        (
            lambda: keras.Sequential(
                [keras.Input((4, 3)), layers.Masking(), layers.BatchNormalization()]
            ),
            {},
            "BatchNormalization with a mask",
        ),
        (
            lambda: keras.Sequential(
                [keras.Input((4, 3), batch_size=2), layers.LSTM(2, stateful=True)]
            ),
            {},
            "keeps its state from batch to batch",
        ),
        (
            lambda: keras.Sequential([keras.Input((4, 3)), layers.LSTM(2, activation="gelu")]),
            {},
            "a recurrent layer with the activation 'gelu'",
        ),
        (
            lambda: keras.Sequential([keras.Input((4,)), layers.GaussianNoise(0.1)]),
            {},
            "the layer GaussianNoise",
        ),
        (
            lambda: keras.Sequential([keras.Input((4,)), layers.Dense(2)]),
            {"x": parse_input("x=float32[N,5]")},
            "the model takes float",
        ),
    ],
)
def test_what_has_no_form_is_refused_with_a_sentence(model, inputs, sentence):
    with pytest.raises(UsageError, match=sentence):
        import_live(model(), inputs)


def test_a_layer_that_hands_out_its_states_is_one_node():
    x = keras.Input((None, 3))
    outputs, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    y = layers.LSTM(4)(outputs, initial_state=[h, c])
    found = import_live(keras.Model(x, y), {})
    assert kinds(found) == ["LSTM", "Select", "CellState", "LSTM", "Select"]
    assert [node.op for node in found.graph.nodes].count(ops.CellState()) == 1


def test_a_bidirectional_layer_hands_out_the_states_of_both_directions():
    x = keras.Input((7, 3))
    layer = layers.Bidirectional(layers.LSTM(4, return_sequences=True, return_state=True))
    outputs, *states = layer(x)
    y = layers.Bidirectional(layers.LSTM(4), merge_mode="sum")(outputs, initial_state=states)
    found = import_live(keras.Model(x, y), {})
    assert kinds(found).count("CellState") == 2
    after = [node for node in found.graph.nodes if isinstance(node.op, ops.LSTM)][2:]
    makers = {node.name: node for node in found.graph.nodes}
    for node in after:
        hidden, cell = (makers[name] for name in node.inputs[1:])
        (start,) = {hidden.inputs, cell.inputs}
        assert makers[start[0]].op.reverse == node.op.reverse


# Masks --------------------------------------------------------------------------------------------


def embedded() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    tokens = keras.Input((7,), dtype="int32")
    return tokens, layers.Embedding(9, 4, mask_zero=True)(tokens)


def test_a_mask_is_a_value_that_goes_into_the_recurrence():
    tokens, x = embedded()
    found = import_live(keras.Model(tokens, layers.GRU(3)(x)), {})
    gru = next(node for node in found.graph.nodes if isinstance(node.op, ops.GRU))
    assert gru.op.masked
    mask = next(node for node in found.graph.nodes if node.name == gru.inputs[-1])
    assert mask.op == ops.CompareScalar("!=", 0.0)
    assert mask.inputs == tuple(found.graph.inputs)
    assert found.declared == ()


def test_a_mask_that_nothing_reads_leaves_no_node():
    tokens, x = embedded()
    found = import_live(keras.Model(tokens, layers.Dense(3)(layers.Flatten()(x))), {})
    assert kinds(found) == ["Embedding", "Flatten", "Linear"]


def test_a_mask_that_reaches_an_output_is_told():
    tokens, x = embedded()
    found = import_live(keras.Model(tokens, layers.Dense(3)(x)), {})
    assert kinds(found) == ["Embedding", "Linear"]
    assert "leaves what it skips out of its loss" in found.declared[0]


def test_a_layer_that_starts_from_states_finds_no_mask_as_in_keras():
    tokens, x = embedded()
    start = keras.Input((3,))
    found = import_live(keras.Model([tokens, start], layers.GRU(3)(x, initial_state=start)), {})
    (gru,) = (node.op for node in found.graph.nodes if isinstance(node.op, ops.GRU))
    assert not gru.masked


def test_the_mask_of_both_directions_is_one():
    tokens, x = embedded()
    layer = layers.Bidirectional(layers.SimpleRNN(3, return_sequences=True))
    found = import_live(keras.Model(tokens, layers.LSTM(2)(layer(x))), {})
    recurrences = [node for node in found.graph.nodes if getattr(node.op, "masked", False)]
    assert len(recurrences) == 3
    assert len({node.inputs[-1] for node in recurrences}) == 1


def test_attention_combines_the_masks_of_queries_and_values():
    tokens, x = embedded()
    y = layers.MultiHeadAttention(2, 4)(x, x)
    found = import_live(keras.Model(tokens, layers.GlobalAveragePooling1D()(y)), {})
    scores = next(node for node in found.graph.nodes if isinstance(node.op, ops.Where))
    mask = next(node for node in found.graph.nodes if node.name == scores.inputs[0])
    assert mask.type.shape == ("N", 1, 7, 7)
    assert "LogicalAnd" in kinds(found)
