"""Images go in and out as their user wants them, whatever the framework prefers inside."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from twins import ALLOWED, deviations, load

from isograd.errors import UsageError
from isograd.frameworks.tensorflow import emitter as tensorflow
from isograd.frameworks.torch import emitter as pytorch
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import conv2d, max_pool2d


def picture_to_picture() -> Graph:
    b = Builder("pictures")
    x = b(ops.MultiplyScalar(2.0), b.input("x", ("N", 3, 6, 8)))
    y = b(ops.BatchNorm(), b(conv2d(4, 3, padding=1), x, scope="conv1"), scope="norm")
    y = b(ops.Dropout(0.5), b(ops.ReLU(), y), scope="drop")
    return b.finish(b(ops.Add(), x, b(conv2d(3, 1), y, scope="conv2")))


def classifier() -> Graph:
    b = Builder("classifier")
    x = b(conv2d(4, 3), b.input("x", ("N", 3, 6, 8)), scope="conv")
    x = b(ops.Flatten(), b(max_pool2d(2), x))
    return b.finish(b(ops.Linear(5), x, scope="fc"))


@pytest.mark.parametrize(("graph", "transposes"), [(picture_to_picture(), 2), (classifier(), 1)])
def test_a_keras_network_takes_channels_first_with_a_transpose_at_each_door(graph, transposes):
    emitted = tensorflow.emit(graph, input_layout="channels-first")
    assert emitted.source.count("transpose(") == transposes
    assert "x: [N, 3, 6, 8] float" in emitted.source
    assert max(deviations(graph, emitted=emitted).values()) <= ALLOWED


def test_a_network_that_is_fed_in_another_layout_is_found_out():
    graph = Builder("square")
    x = graph(conv2d(3, 1), graph.input("x", ("N", 3, 3, 3)), scope="conv")
    square = graph.finish(x)
    emitted = tensorflow.emit(square, input_layout="channels-first")
    wrong = replace(emitted, values=tensorflow.emit(square).values)
    assert max(deviations(square, emitted=wrong).values()) > ALLOWED


def test_a_pytorch_network_takes_channels_last():
    graph = picture_to_picture()
    usual, turned = pytorch.emit(graph), pytorch.emit(graph, input_layout="channels-last")
    assert turned.source.count("permute(") == 2
    ours, theirs = load(usual)().eval(), load(turned)().eval()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(theirs(x.permute(0, 2, 3, 1)), ours(x).permute(0, 2, 3, 1))


@pytest.mark.parametrize("emitter", [tensorflow, pytorch])
def test_a_frameworks_own_layout_changes_nothing(emitter):
    usual = {tensorflow: "channels-last", pytorch: "channels-first"}[emitter]
    graph = classifier()
    assert emitter.emit(graph, input_layout=usual).source == emitter.emit(graph).source


@pytest.mark.parametrize(
    ("graph", "word", "message"),
    [
        (classifier(), "channels-frist", "Did you mean 'channels-first'"),
        (Builder("flat"), "channels-first", "No input of 'flat' is an image"),
    ],
)
def test_what_cannot_be_is_refused(graph, word, message):
    if isinstance(graph, Builder):
        graph = graph.finish(graph(ops.ReLU(), graph.input("x", ("N", 4))))
    with pytest.raises(UsageError, match=message):
        tensorflow.emit(graph, input_layout=word)
