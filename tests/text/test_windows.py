"""Windows of tokens: what is asked at which place, drawn once for every framework."""

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.text.windows import Vocabulary, masked_tokens, next_tokens, padded, stream
from isograd.training.losses import IGNORED

VOCABULARY = Vocabulary(size=50, mask=4, special=(0, 1, 2, 3, 4))
WINDOWS = np.random.default_rng(0).integers(5, 50, (400, 40))


def test_texts_follow_each_other_with_an_end_behind_each():
    assert stream([[5, 6], [7], [8, 9]], 4, end=[0]).tolist() == [[5, 6, 0, 7], [0, 8, 9, 0]]


def test_less_than_one_window_is_refused():
    with pytest.raises(UsageError, match="3 tokens, less than one window of 4"):
        stream([[5, 6, 7]], 4)


def test_the_target_of_a_token_is_the_one_behind_it():
    inputs, targets = next_tokens(np.array([[5, 6, 7, 8]]))
    assert (inputs.tolist(), targets.tolist()) == ([[5, 6, 7]], [[6, 7, 8]])


def test_a_seventh_of_the_tokens_is_asked_for_and_most_of_these_are_hidden():
    inputs, targets = masked_tokens(WINDOWS, VOCABULARY, seed=1)
    asked = targets != IGNORED
    assert (targets[asked] == WINDOWS[asked]).all()
    assert (inputs[~asked] == WINDOWS[~asked]).all()
    assert asked.mean() == pytest.approx(0.15, abs=0.01)
    assert (inputs[asked] == VOCABULARY.mask).mean() == pytest.approx(0.8, abs=0.03)
    assert (inputs[asked] == WINDOWS[asked]).mean() == pytest.approx(0.1, abs=0.02)


def test_masks_are_the_same_for_the_same_seed_only():
    first, again, other = (masked_tokens(WINDOWS, VOCABULARY, seed)[0] for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_something_is_asked_in_every_window_and_never_a_special_token():
    windows = np.array([[2, 9, 3]] * 50)
    _, targets = masked_tokens(windows, VOCABULARY, seed=0)
    assert (targets == [IGNORED, 9, IGNORED]).all()


def test_short_texts_are_padded_and_long_ones_keep_their_last_token():
    ids, seen = padded([[2, 7, 3], [2, 7, 8, 9, 3]], length=4, padding=0)
    assert ids.tolist() == [[2, 7, 3, 0], [2, 7, 8, 3]]
    assert seen.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
