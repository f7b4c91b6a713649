"""Byte-level BPE: every text comes back, the same texts give the same tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isograd.errors import UsageError
from isograd.text.tokenizer import ENCODER, END, load, train

TEXTS = ["the old man and the sea", "the sea, the sea", "an old sea"] * 4
DECODER_LIKE = train(TEXTS, 300)
ENCODER_LIKE = train(TEXTS, 300, special=ENCODER)


@settings(max_examples=30)
@given(st.text())
def test_every_text_comes_back(text):
    assert DECODER_LIKE.decode(DECODER_LIKE.encode(text, special=False)) == text


def test_what_is_frequent_is_one_token():
    assert len(DECODER_LIKE.encode("the sea")) == 2
    assert len(DECODER_LIKE) <= 300


def test_special_tokens_come_first_and_are_known_by_their_roles():
    assert DECODER_LIKE.token_of("eos_token") == (END, 0)
    assert DECODER_LIKE.token_of("mask_token") is None
    assert ENCODER_LIKE.token_of("mask_token") == ("[MASK]", 4)
    assert [ENCODER_LIKE.id_of(token) for token in ENCODER] == [0, 1, 2, 3, 4]


def test_texts_for_an_encoder_stand_between_their_marks():
    start, end = ENCODER_LIKE.id_of("[CLS]"), ENCODER_LIKE.id_of("[SEP]")
    inner = ENCODER_LIKE.encode("the sea", special=False)
    assert ENCODER_LIKE.encode("the sea") == [start, *inner, end]
    tokens, types = ENCODER_LIKE.encode_pair("the sea", "the sea")
    assert tokens == [start, *inner, end, *inner, end]
    assert types == [0] * (len(inner) + 2) + [1] * (len(inner) + 1)
    assert ENCODER_LIKE.decode(tokens) == "the seathe sea"


def test_the_same_texts_give_the_same_tokenizer(tmp_path):
    train(TEXTS, 290).save(tmp_path / "a")
    train(iter(TEXTS), 290).save(tmp_path / "b")
    assert (tmp_path / "a/tokenizer.json").read_text() == (
        tmp_path / "b/tokenizer.json"
    ).read_text()


def test_a_saved_tokenizer_is_loaded_and_not_overwritten(tmp_path: Path):
    files = ENCODER_LIKE.save(tmp_path)
    assert load(files[0]).encode("an old man") == ENCODER_LIKE.encode("an old man")
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert settings["mask_token"] == "[MASK]"
    with pytest.raises(UsageError, match="not overwritten"):
        ENCODER_LIKE.save(tmp_path)


def test_a_vocabulary_that_cannot_hold_all_bytes_is_refused():
    with pytest.raises(UsageError, match="at least 257"):
        train(TEXTS, 256)


def test_a_damaged_tokenizer_is_refused_with_its_file(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match=r"no tokenizer(.|\n)*tokenizer\.json"):
        load(tmp_path / "tokenizer.json")
