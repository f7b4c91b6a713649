"""What is counted in a script."""

from __future__ import annotations

import pytest

from isograd.effort.scripts import emitted, examples
from isograd.effort.source import usage
from isograd.models import load

SCRIPT = '''"""A script."""

import os
import torch
import torch.nn.functional as F
from torch import nn
from model import Net


class Own(nn.Module):
    """A network."""

    def forward(self, x: torch.Tensor):
        return F.relu(self.own(x).sum())


def main():
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    for epoch in range(3):
        if epoch:
            print(os.getcwd())
'''


def test_statements_are_counted_without_docstrings() -> None:
    assert usage([SCRIPT]).statements == 14
    assert usage(['"""Only a docstring."""']).statements == 0
    assert usage(["x = 1\ny = 2; z = 3\n"]).statements == 3


def test_names_are_resolved_through_the_imports() -> None:
    """However they are abbreviated; the standard library's and the user's own are none."""
    found = usage([SCRIPT], own=["model"])
    assert found.names == [
        "torch.Tensor",
        "torch.nn.Module",
        "torch.nn.functional.relu",
        "torch.optim.Adam",
    ]
    assert found.namespaces == ["torch", "torch.nn", "torch.nn.functional", "torch.optim"]
    assert "model.Net" in usage([SCRIPT]).names


def test_the_same_name_counts_once() -> None:
    twice = "from torch import nn\nimport torch\na = nn.Linear\nb = torch.nn.Linear\n"
    assert usage([twice]).names == ["torch.nn.Linear"]


def test_methods_are_those_of_values_that_the_script_did_not_make() -> None:
    assert usage([SCRIPT], own=["model"]).methods == ["own", "parameters", "sum"]
    made = SCRIPT + "\nNet.own = None\n"
    assert usage([made], own=["model"]).methods == ["parameters", "sum"]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (SCRIPT, 14),
        ("import keras\nm = keras.Model()\nm.fit(1)\nprint(2)\n", 3),
        ("x = 1\n", None),
        ("def show():\n    print(1)\n", 2),
    ],
)
def test_the_first_result_is_the_first_number_that_is_shown(source, count) -> None:
    assert usage([source]).before_result == count


def test_files_are_read_one_after_the_other() -> None:
    assert usage(["x = 1\n", "print(2)\n"]).before_result == 2


def test_what_is_no_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        usage(["def"])


def test_emitted_networks_are_counted_in_both_frameworks() -> None:
    ours, theirs = emitted(load("mnist-mlp"))
    assert (ours.framework, theirs.framework) == ("torch", "tensorflow")
    assert "torch.nn.Linear" in ours.usage.names
    assert "keras.layers.Dense" in theirs.usage.names
    assert {"backward", "step", "zero_grad"} <= set(ours.usage.methods)
    assert {"compile", "fit"} <= set(theirs.usage.methods)
    for one in (ours, theirs):
        assert not any(name.startswith("model") for name in one.usage.names)
        assert one.usage.before_result is not None


def test_examples_that_are_not_there_are_left_out(tmp_path) -> None:
    assert list(examples(None)) == list(examples(tmp_path)) == []
    (tmp_path / "article").mkdir()
    (tmp_path / "article" / "torch_mnist.py").write_text("import torch\ntorch.ones(1)\n")
    (found,) = examples(tmp_path)
    assert (found.network, found.framework, found.usage.names) == (
        "article",
        "torch",
        ["torch.ones"],
    )
