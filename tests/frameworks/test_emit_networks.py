"""Whole networks are the same function in both frameworks, in every way TensorFlow can run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import NETWORKS, flatten_linear, residual, shared, two_branches
from twins import ALLOWED, assert_twins, deviations, draw, one_op, run_tensorflow, run_torch

from isograd import zoo
from isograd.frameworks.tensorflow import emitter as tensorflow_emitter
from isograd.ir import ops
from isograd.ir.mapping import Permute, TensorMap, Transform
from isograd.ir.ops import TensorType

ALL = {**NETWORKS, **{name: entry.build for name, entry in zoo.ZOO.items()}}

every_network = pytest.mark.parametrize("name", ALL)


@every_network
def test_a_network_is_the_same_in_both_frameworks(name):
    assert_twins(ALL[name](), batch=3)


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("flatten_linear", "cnn-bn")])
def test_a_network_is_the_same_for_a_single_sample(name):
    assert_twins(ALL[name](), batch=1)


# Every network in one mode that compiles; each in all of them: see the sweep.
@pytest.mark.parametrize("name", list(ALL)[::2])
def test_a_network_is_the_same_in_a_function_of_any_batch_size(name):
    assert_twins(ALL[name](), batch=2, seed=1, mode="function")


@pytest.mark.parametrize("name", list(ALL)[1::2])
def test_a_network_is_the_same_in_a_graph_and_session(name):
    assert_twins(ALL[name](), batch=2, seed=2, mode="session")


@pytest.mark.parametrize("name", ["flatten_linear", "signal", "attention"])
def test_a_network_is_the_same_compiled_by_xla(name):
    assert_twins(ALL[name](), batch=2, seed=3, mode="xla")


def test_a_shared_layer_is_one_layer():
    emitted = tensorflow_emitter.emit(shared())
    assert emitted.source.count("layers.Dense") == 1
    assert emitted.source.count("self.fc(x)") == 2


def planted(emitted, name, transform):
    links = tuple(
        replace(link, transform=link.transform >> transform) if link.reference == name else link
        for link in emitted.parameters.links
    )
    return replace(emitted, parameters=TensorMap(links))


def test_a_wrong_transform_of_one_kernel_is_seen():
    emitted = tensorflow_emitter.emit(residual())
    wrong = planted(emitted, "block.conv2.weight", Transform((Permute((1, 0, 2, 3)),)))
    found = deviations(residual(), emitted=wrong)
    assert found["eval fc"] > 1e6 * ALLOWED
    assert found["d stem.conv.weight"] > 1e6 * ALLOWED


def test_features_that_are_not_reordered_are_seen():
    emitted = tensorflow_emitter.emit(flatten_linear())
    links = {link.reference: link for link in emitted.parameters.links}
    assert any(type(step).__name__ == "Reorder" for step in links["fc.weight"].transform.steps)
    undone = links["fc.weight"].transform.steps[0].inverse
    transposed = Transform((Permute((1, 0)), undone, Permute((1, 0))))
    found = deviations(flatten_linear(), emitted=planted(emitted, "fc.weight", transposed))
    assert found["eval fc"] > 1e6 * ALLOWED


def test_a_biased_running_variance_is_seen_and_declared():
    emitted = tensorflow_emitter.emit(residual(), idiomatic=True)
    assert "keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-05)" in emitted.source
    assert len(emitted.declared) == 1
    assert "biased" in emitted.declared[0]
    found = deviations(residual(), emitted=emitted)
    wrong = {name for name, ratio in found.items() if ratio > ALLOWED}
    assert wrong == {"state block.bn1.running_var", "state block.bn2.running_var"}


def test_nothing_is_declared_where_nothing_differs():
    assert tensorflow_emitter.emit(residual()).declared == ()
    assert tensorflow_emitter.emit(two_branches(), idiomatic=True).declared == ()


def assert_same_with_ties(graph):
    """Inputs of few different values; they are small integers, so that nothing is rounded."""
    weights, inputs, cotangents, masks = draw(graph, batch=2)
    inputs = {name: np.round(array) for name, array in inputs.items()}
    reference = run_torch(graph, weights, inputs, cotangents, masks)
    twin = run_tensorflow(graph, weights, inputs, cotangents, masks)
    for name, array in reference.items():
        np.testing.assert_allclose(twin[name], array, rtol=1e-14, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("op", [ops.Maximum(), ops.Minimum()], ids=str)
def test_equal_operands_share_the_gradient(op):
    assert_same_with_ties(one_op(op, TensorType(("N", 50)), TensorType(("N", 50))))


@pytest.mark.parametrize("dilation", [1, 2])
def test_the_first_of_equal_values_takes_the_gradient_of_a_maximum_pool(dilation):
    pool = ops.max_pool2d(3, 2, 1, dilation)
    assert_same_with_ties(one_op(pool, TensorType(("N", 2, 7, 7))))


def test_equal_values_share_the_gradient_of_a_global_maximum():
    assert_same_with_ties(one_op(ops.GlobalMaxPool(), TensorType(("N", 2, 7, 7))))


@pytest.mark.parametrize("op", [ops.ReLU(), ops.LeakyReLU(), ops.Abs()], ids=str)
def test_kinks_have_the_same_gradient(op):
    assert_same_with_ties(one_op(op, TensorType(("N", 50))))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3.0])
def test_powers_of_zero_have_the_same_gradient(exponent):
    assert_same_with_ties(one_op(ops.PowerScalar(exponent), TensorType(("N", 50))))
