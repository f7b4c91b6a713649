"""What is said of a user's code: what a line decides, which lines ran once, and what they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isograd.ir.inputs import parse_input
from isograd.views import Operation, View
from isograd.views.calls import computed, differing, draw_calls, number_calls
from isograd.views.decisions import Decisions, statement_at
from isograd.views.running import effect_at, lines_run, ran_once
from isograd.views.variations import variations

CODE = """
def forward(self, x):
    while x.norm() > 1:
        x = x / 2
    if (
        x.sum() > 0
    ):
        print("up")
    for _ in range(int(x.max())):
        self.rounds += 1
    noise = np.random.rand(3)
    y = 1 if x.min() > 0 else 2
    return float(x) + y
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "net.py"
    path.write_text(CODE)
    return str(path)


@pytest.mark.parametrize(
    ("line", "statement"),
    [(3, "loop"), (6, "branch"), (9, "rounds"), (12, "branch"), (13, "value")],
)
def test_a_line_decides_what_its_statement_is(file: str, line: int, statement: str) -> None:
    assert statement_at(file, line) == statement


def test_a_file_that_is_not_there_decides_nothing() -> None:
    assert statement_at("/nowhere/net.py", 3) == "value"


def test_decisions_are_the_innermost_user_lines(file: str) -> None:
    decisions = Decisions()
    for _ in range(2):
        decisions.note([("<string>", 1), (file, 3), (file, 13)])
    decisions.note([("<string>", 1)])
    (event,) = decisions.events()
    assert (event.kind, event.source) == ("loop", "net.py:3")
    assert "2 times" in event.text


@pytest.mark.parametrize(
    ("line", "effect"),
    [(8, "print(...)"), (10, "self.rounds is set"), (11, "np.random.rand()"), (4, None)],
)
def test_what_a_line_does_besides_computing(file: str, line: int, effect: str | None) -> None:
    found = effect_at(file, line)
    assert found is None if effect is None else str(found).startswith(effect)


def test_lines_that_ran_at_the_first_call_only_ran_once(file: str) -> None:
    found = ran_once({(file, 4), (file, 8)}, {(file, 4)}, "tf.function")
    assert [event.source for event in found] == ["net.py:8", "net.py:8"]
    assert ran_once({(file, 4)}, {(file, 4)}, "tf.function") == []


def test_lines_run_are_the_users() -> None:
    def network() -> None:
        Path("x").suffix  # noqa: B018
        np.ones(3)

    found = lines_run(network)
    assert {name for name, _ in found} == {__file__}
    assert len(found) == 2


def test_calls_are_the_same_for_the_same_seed_and_fit_the_inputs() -> None:
    specs = [parse_input("x=float32[N,T,3]"), parse_input("n=int64[N]<4"), parse_input("b=bool[2]")]
    first, again = (list(draw_calls(specs, 6, seed=1)) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a.inputs, b.inputs, strict=True))
    x, n, b = first[0].inputs
    assert (x.shape, x.dtype, n.shape, b.shape) == ((6, 5, 3), np.float32, (6,), (2,))
    assert max(one.inputs[1].max() for one in first) <= 3
    assert len({one.inputs[0].shape for one in first}) > 1


def test_calls_that_record_the_same_graph_are_one() -> None:
    calls = list(draw_calls([parse_input("x=float32[N,8]")], 4, seed=0))

    def record(call: object) -> View:
        return View("torch", "dynamic", "Dynamic graph", "", [Operation("a", "add")])

    found = differing(record, calls)
    assert len(found) == 1
    (view,) = number_calls(found)
    assert (view.stage, view.events, computed(view)) == ("dynamic", [], 1)


def test_calls_on_other_lines_come_before_longer_loops() -> None:
    calls = list(draw_calls([parse_input("x=float32[N,8]")], 4, seed=0))
    lengths = {id(call): n for n, call in enumerate(calls)}

    def record(call: object) -> View:
        n = lengths[id(call)]
        line = "net.py:9" if n == 5 else "net.py:3"
        made = [Operation(f"add {i}", "add", source=line) for i in range(n + 1)]
        return View("torch", "dynamic", "Dynamic graph", "", made)

    found = differing(record, calls)
    assert [lengths[id(call)] for call, _ in found] == [0, 5, 1]


def test_variations_change_one_thing_at_a_time() -> None:
    found = variations([np.ones((4, 2), np.float32), np.ones(4, np.int64)])
    first = found[0]
    shapes = [one.inputs[0].shape for one in found]
    types = [tuple(array.dtype.name for array in one.inputs) for one in found]
    assert shapes == [(4, 2), (4, 2), (5, 2), *[(4, 2)] * 4]
    assert types.count(("float32", "int64")) == 6
    assert types[4] == ("float64", "int32")
    assert [one.number == first.number for one in found] == [True] * 5 + [False] * 2
