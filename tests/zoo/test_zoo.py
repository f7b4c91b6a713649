"""The built-in networks."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.ir.store import from_json, load, save, to_json
from isograd.training import LOSSES
from isograd.zoo import ZOO, get

every = pytest.mark.parametrize("name", ZOO)


@pytest.mark.parametrize(
    ("name", "inputs", "output", "parameters"),
    [
        # 784 * 128 + 128 + 128 * 10 + 10
        ("mnist-mlp", ("N", 28, 28), ("N", 10), 101_770),
        # 156 + 2,416 + 48,120 + 10,164 + 850: the well-known count of LeNet-5 in this form
        ("lenet", ("N", 1, 28, 28), ("N", 10), 61_706),
        # 36 + 8 + 288 + 16 + 3,930
        ("cnn-bn", ("N", 1, 28, 28), ("N", 10), 4_278),
        # 30 * 16 + 16 + 16 + 1
        ("bce-mlp", ("N", 30), ("N", 1), 513),
    ],
)
def test_a_network_has_the_stated_shapes_and_size(name, inputs, output, parameters):
    graph = get(name).build()
    assert graph.inputs["x"].shape == inputs
    assert [graph.type_of(value).shape for value in graph.outputs] == [output]
    assert graph.count_parameters() == parameters


@every
def test_an_entry_is_found_by_the_name_of_its_graph(name):
    entry = get(name)
    assert entry.name == name == entry.build().name
    assert entry.loss in LOSSES
    assert "\n" not in entry.summary


@every
def test_a_network_survives_storage(name, tmp_path):
    graph = get(name).build()
    weights = graph.initialize(0)
    save(graph, weights, tmp_path)
    stored, arrays = load(tmp_path)
    assert stored == graph
    assert list(arrays) == list(weights)
    for key, value in weights.items():
        np.testing.assert_array_equal(arrays[key], value, strict=True)


@every
def test_a_network_names_no_folder_of_the_machine(name):
    graph = get(name).build()
    assert all(node.source.startswith("isograd/zoo/") for node in graph.nodes)
    assert from_json(to_json(graph)) == graph


@every
def test_a_network_is_built_the_same_each_time(name):
    entry = get(name)
    assert entry.build() == entry.build()
    first, second = (entry.build().initialize(3) for _ in range(2))
    for key, value in first.items():
        np.testing.assert_array_equal(second[key], value)


def test_every_batch_size_stays_open():
    for entry in ZOO.values():
        assert all(node.type.shape[0] == "N" for node in entry.build().nodes)


def test_an_unknown_network_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError) as caught:
        get("lenet5")
    assert "Unknown model 'lenet5'." in str(caught.value)
    assert "Did you mean 'lenet'?" in str(caught.value)


def test_neither_framework_is_imported_by_ir_or_zoo():
    program = (
        "import pkgutil, importlib, sys, isograd.ir, isograd.zoo\n"
        "for package in (isograd.ir, isograd.zoo):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(found.name)\n"
        "[entry.build() for entry in isograd.zoo.ZOO.values()]\n"
        "print(sorted({'torch', 'tensorflow', 'keras'} & set(sys.modules)))\n"
        "print('isograd.ir.store' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
