"""Which of all that differs is a cause, which is harmless, and what a fixed batch cannot show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isograd.causes.interventions import interventions
from isograd.causes.search import Findings, Search
from isograd.causes.subject import Subject
from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op
from isograd.proof.trial import make_trial
from isograd.training import SGD, DataSummary, Recipe

RECIPE = Recipe("mean_squared_error", SGD(learning_rate=1e-2, momentum=0.9), batch_size=4)
STEPS = (1, 4)


def chain(*middle: Op) -> Graph:
    """Ops between two layers."""
    b = Builder("chain")
    x = b(ops.Linear(5), b.input("x", ("N", 3)), scope="first")
    for op in middle:
        x = b(op, x)
    return b.finish(b(ops.Linear(2), x, scope="second"))


def looked_up(padding: int | None, rows: int = 7) -> Graph:
    b = Builder("looked up")
    tokens = b.input("tokens", ("N", 3), "int")
    x = b(ops.Embedding(rows, 4, padding), tokens, scope="embed")
    return b.finish(b(ops.Linear(2), b(ops.Mean((1,)), x), scope="fc"))


def search(reference: Graph, twin: Graph, recipe: Recipe = RECIPE) -> Findings:
    """What is found with the reference's weights in both; ``recipe`` is the twin's."""
    trial = make_trial(reference, RECIPE, None, recorded=STEPS)
    found = align(reference, twin)
    subjects = (
        Subject.of(reference, trial.weights, RECIPE),
        Subject.of(twin, twin.initialize(1), recipe),
    )
    return Search(*subjects, found, trial, "torch").run(interventions(found, RECIPE, recipe))


def ids(found: Findings) -> list[str]:
    return [one.id for one, _ in found.causes]


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ([ops.ELU()], [ops.ELU(alpha=1.5)]),
        ([ops.Tanh()], [ops.Tanh(), ops.Sin()]),
        ([ops.Tanh(), ops.Sin()], [ops.Tanh()]),
        ([ops.Sin()], [ops.Cos()]),
    ],
)
def test_what_no_entry_knows_is_found_and_located_and_said_to_be_unknown(mine, theirs):
    found = search(chain(*mine), chain(*theirs))
    ((cause, outcome),) = found.causes
    assert cause.id == "unknown"
    assert cause.summary.startswith("Not in the catalogue: ")
    assert not cause.fix
    assert outcome.verdict == "different"
    assert found.mended.verdict == "equivalent"
    places = {node.name for d in cause.places for side in d.only for node in side}
    assert places == {"elu"} or places & {"sin", "cos"}


def test_the_known_is_told_from_the_unknown():
    found = search(chain(ops.LeakyReLU(), ops.Tanh()), chain(ops.LeakyReLU(0.3), ops.Sin()))
    assert sorted(ids(found)) == ["leaky-slope", "unknown"]


def test_what_is_written_otherwise_is_harmless():
    found = search(chain(ops.SiLU()), written_out())
    assert not found.causes
    assert len(found.harmless) == 1
    assert found.untouched.verdict == "equivalent"


def written_out() -> Graph:
    b = Builder("written out")
    x = b(ops.Linear(5), b.input("x", ("N", 3)), scope="first")
    x = b(ops.Multiply(), b(ops.Sigmoid(), x), x)
    return b.finish(b(ops.Linear(2), x, scope="second"))


SUMMARY = DataSummary(100, (3,), "float32", 0.0, 1.0, -3.0, 3.0)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("batch-size", {"batch_size": 8}),
        ("shuffling", {"shuffle": False}),
        ("last-partial-batch", {"drop_last": False}),
        ("precision", {"precision": "float16"}),
    ],
)
def test_what_a_fixed_batch_cannot_show_is_named_and_said_not_to_be_measured(name, change):
    found = search(chain(ops.Tanh()), chain(ops.Tanh()), replace(RECIPE, **change))
    ((cause, outcome),) = found.causes
    assert cause.id == name
    assert outcome.verdict == "different"
    assert outcome.reason == "not measured at a fixed batch"
    assert found.untouched.verdict == "equivalent"


def test_what_is_not_known_of_one_training_is_no_difference():
    found = search(chain(ops.Tanh()), chain(ops.Tanh()), replace(RECIPE, epochs=3, data=SUMMARY))
    assert not found.causes


def test_a_schedule_that_sets_in_later_is_not_harmless():
    rates = (1e-2,) * STEPS[-1] + (1e-3,)
    found = search(chain(ops.Tanh()), chain(ops.Tanh()), replace(RECIPE, schedule=rates))
    ((cause, outcome),) = found.causes
    assert cause.id == "learning-rate-schedule"
    assert outcome.verdict == "inconclusive"


def test_a_learning_rate_inside_the_velocity_is_harmless_while_it_is_constant():
    optimizer = replace(RECIPE.optimizer, rate_inside=True)
    found = search(chain(ops.Tanh()), chain(ops.Tanh()), replace(RECIPE, optimizer=optimizer))
    assert not found.causes
    assert "while it is constant" in found.harmless[0].harmless


def test_a_padding_token_that_no_example_has_is_not_harmless():
    seldom = search(looked_up(99_999, 100_000), looked_up(None, 100_000))
    assert ids(seldom) == ["embedding-padding"]
    assert seldom.causes[0][1].verdict == "inconclusive"
    often = search(looked_up(0), looked_up(None))
    assert often.causes[0][1].verdict == "different"


def test_one_cause_at_two_places_is_one():
    found = search(
        chain(ops.LeakyReLU(), ops.LeakyReLU()), chain(ops.LeakyReLU(0.3), ops.LeakyReLU(0.3))
    )
    ((cause, _),) = found.causes
    assert len(cause.places) == 2


def test_attributes_that_only_go_together_are_mended_together():
    def network(**form) -> Graph:
        b = Builder("gru")
        x = b(ops.GRU(4, **form), b.input("x", ("N", 3, 2)), scope="gru")
        return b.finish(b(ops.Linear(2), x, scope="fc"))

    found = search(network(), network(reset_after=False, bias="single"))
    ((cause, outcome),) = found.causes
    assert cause.id == "gru-reset-after"
    assert not outcome.reason
    assert outcome.first.name == "forward"


@pytest.mark.parametrize("turned", [False, True])
def test_a_dropout_beside_what_is_written_otherwise_is_told_apart(turned: bool):
    mine = [ops.Dropout(0.5), ops.AddScalar(3.0), ops.HardTanh(0.0, 6.0), ops.MultiplyScalar(1 / 6)]
    pair = [chain(*mine[1:], mine[0]), chain(ops.HardSigmoid())]
    found = search(*(pair[::-1] if turned else pair))
    assert ids(found) == ["dropout-missing"]
    assert len(found.harmless) == 1
