"""Each line of marked source says which node it computes."""

from __future__ import annotations

import pytest

from isograd.frameworks import MODES, part
from isograd.frameworks.marked import node_at, places
from isograd.zoo import ZOO


@pytest.mark.parametrize("framework", MODES)
@pytest.mark.parametrize("name", ZOO)
def test_every_node_has_its_lines_in_order(framework, name):
    graph = ZOO[name].build()
    found = places(part(framework, "emitter").mark(graph).source)
    assert list(dict.fromkeys(found.values())) == [node.name for node in graph.nodes]
    assert list(found) == sorted(found)


def test_the_lines_are_those_of_the_forward_pass():
    graph = ZOO["cnn-bn"].build()
    source = part("tensorflow", "emitter").mark(graph).source
    lines = source.splitlines()
    assert {lines[n - 1].strip() for n, node in places(source).items() if node == "conv2"} == {
        "x = self.conv2(x)",
        "y = made('conv2', x)",
    }


def test_the_innermost_line_counts():
    frames = [("layer.py", 3), ("net.py", 7), ("net.py", 9)]
    assert node_at(frames, "net.py", {7: "inner", 9: "outer"}) == "inner"
    assert node_at(frames, "net.py", {3: "inner"}) is None
