"""A decoder asked for one place, and tokens drawn alike on every side."""

from __future__ import annotations

import numpy as np
import pytest

from folders import GPT2, LLAMA, inputs_for, outputs
from isograd.errors import UsageError
from isograd.ir.settled import with_sizes
from isograd.text.architectures import build
from isograd.text.folder import Pretrained
from isograd.text.next_token import PLACE, Chooser, at_one_place


@pytest.mark.parametrize("config", [GPT2, LLAMA], ids=["gpt2", "llama"])
def test_one_place_has_the_logits_that_it_has_among_all(config):
    graph = build(config)
    whole = Pretrained(graph, graph.initialize(0), config)
    one = Pretrained(with_sizes(at_one_place(graph), {"T": 7}), whole.weights, config)
    inputs = inputs_for(whole)
    every = outputs(whole, "torch", inputs)
    places = np.array([[6], [0], [3]])
    for framework in ("torch", "tensorflow"):
        found = outputs(one, framework, {**inputs, PLACE: places})
        np.testing.assert_allclose(found, every[range(3), places[:, 0]], atol=1e-13)


def test_without_a_temperature_the_likeliest_token_is_chosen():
    assert Chooser()(np.array([0.0, 3.0, 1.0])) == 1


def test_draws_follow_the_softmax_at_the_temperature():
    logits = np.log([0.1, 0.6, 0.3])
    choose = Chooser(temperature=1.0, seed=3)
    shares = np.bincount([choose(logits) for _ in range(20_000)], minlength=3) / 20_000
    np.testing.assert_allclose(shares, [0.1, 0.6, 0.3], atol=0.015)
    cold = Chooser(temperature=0.5, seed=3)
    shares = np.bincount([cold(logits) for _ in range(20_000)], minlength=3) / 20_000
    np.testing.assert_allclose(shares, np.array([1, 36, 9]) / 46, atol=0.015)


def test_only_the_likeliest_are_drawn_from():
    choose = Chooser(temperature=5.0, top_k=2)
    assert {choose(np.array([1.0, 3.0, 2.0])) for _ in range(200)} == {1, 2}


def test_the_same_seed_draws_the_same_tokens_from_logits_that_differ_by_rounding():
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 50))
    nudged = rows * (1 + 1e-7 * random.normal(size=rows.shape))
    first, second = Chooser(1.0, seed=5), Chooser(1.0, seed=5)
    assert [first(row) for row in rows] == [second(row) for row in nudged]
    other = Chooser(1.0, seed=6)
    assert [other(row) for row in rows] != [Chooser(1.0, seed=5)(row) for row in rows]


def test_tokens_that_are_equally_likely_keep_their_places_when_rounding_orders_them_anew():
    even = np.zeros(6)
    for place in range(6):
        nudged = even.copy()
        nudged[place] += 1e-12
        first, second = Chooser(1.0, seed=2), Chooser(1.0, seed=2)
        assert [first(even) for _ in range(20)] == [second(nudged) for _ in range(20)]


@pytest.mark.parametrize("options", [{"temperature": -1.0}, {"top_k": -1}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(UsageError):
        Chooser(**options)
