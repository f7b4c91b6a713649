"""What does not belong together is refused before any worker starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isograd import data, zoo
from isograd.bench.fit import check_fit, check_loss
from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Add, Einsum, Flatten, Linear
from isograd.training import Recipe


@pytest.mark.parametrize("name", zoo.ZOO)
def test_every_built_in_network_fits_its_usual_data_and_loss(name: str) -> None:
    entry = zoo.get(name)
    check_fit(entry.build(), data.load(entry.data), Recipe(entry.loss))


def classifier(outputs: int) -> Graph:
    b = Builder("classifier")
    x = b(Flatten(), b.input("x", ("N", 28, 28)))
    return b.finish(b(Linear(outputs), x, scope="fc"))


def two_inputs() -> Graph:
    b = Builder("two")
    return b.finish(b(Add(), b.input("x", ("N", 30)), b.input("y", ("N", 30))))


@pytest.mark.parametrize(
    ("graph", "dataset", "recipe", "words"),
    [
        (zoo.get("lenet").build(), "breast-cancer", Recipe(), "examples of shape"),
        (zoo.get("lenet").build(), "digits", Recipe("mean_squared_error"), "has 10 classes"),
        (zoo.get("bce-mlp").build(), "breast-cancer", Recipe(), "one class for each example"),
        (classifier(9), "digits", Recipe(), "one output for each class"),
        (classifier(10), "digits", Recipe(batch_size=1438), "larger than the data set"),
        (two_inputs(), "breast-cancer", Recipe(), "2 inputs"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    graph: Graph, dataset: str, recipe: Recipe, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        check_fit(graph, data.load(dataset), recipe)


def test_a_batch_as_large_as_the_data_set_is_fine() -> None:
    check_fit(classifier(10), data.load("digits"), Recipe(batch_size=1437))


def test_more_outputs_than_classes_are_fine() -> None:
    wide = replace(classifier(12), name="wide")
    check_fit(wide, data.load("digits"), Recipe())


def test_an_output_whose_rows_are_no_examples_is_refused() -> None:
    b = Builder("pairs")
    x = b(Linear(4), b.input("x", ("N", 3)), scope="fc")
    graph = b.finish(b(Einsum("id,jd->ij"), x, x))
    with pytest.raises(UsageError, match="on an inner axis"):
        check_loss(graph, Recipe("mean_squared_error"))
