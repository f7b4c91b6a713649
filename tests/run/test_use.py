"""A language model is used in both frameworks, and both choose alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from folders import BERT, CLASSIFIER, GPT2
from isograd.cli import app
from isograd.errors import UsageError
from isograd.run.use import Wish, use
from isograd.text.architectures import build
from isograd.text.folder import Pretrained, write
from isograd.text.tokenizer import ENCODER, train

TEXTS = ["the old man and the sea"] * 4
WORDS = 280


def model(config, special=ENCODER) -> Pretrained:
    config = {**config, "vocab_size": WORDS, "initializer_range": 0.5}
    graph = build(config)
    return Pretrained(graph, graph.initialize(0), config, train(TEXTS, WORDS, special=special))


def test_both_frameworks_continue_a_text_alike(tmp_path: Path):
    decoder = model({**GPT2, "n_positions": 32}, special=("<|endoftext|>",))
    write(tmp_path, decoder)
    drawn = ["--tokens", "6", "--temperature", "0.8", "--seed", "3", "--json"]
    done = CliRunner().invoke(app, ["use", str(tmp_path), "the old", *drawn])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    ours, theirs = found["answers"]
    assert (ours["mode"]["framework"], theirs["mode"]["framework"]) == ("torch", "tensorflow")
    assert ours["choices"] == theirs["choices"]
    assert len(ours["choices"]) == 6
    assert ours["text"] == decoder.tokenizer.decode(ours["choices"])
    assert found["agreements"][0]["largest_difference"] < 1e-5


@pytest.mark.parametrize(
    ("config", "texts", "wish", "message"),
    [
        (GPT2, ["a", "b"], Wish(), "continued alone"),
        (GPT2, ["the old man"], Wish(tokens=20), "too long: . tokens and 20 more.*made for 12"),
        (GPT2, ["a"], Wish(tokens=3, temperature=-1), "temperature"),
        (BERT, ["the old man"], Wish(), "Nothing in the text is masked"),
        (CLASSIFIER, [], Wish(), "There is no text"),
        ({**BERT, "architectures": ["BertModel"]}, ["a"], Wish(), "gives hidden states"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_starts(config, texts, wish, message):
    with pytest.raises(UsageError, match=message):
        use(model(config), texts, wish=wish)


def test_a_folder_without_a_tokenizer_or_with_another_models_is_refused():
    decoder = model(GPT2)
    bare = Pretrained(decoder.graph, decoder.weights, decoder.config)
    with pytest.raises(UsageError, match=r"no tokenizer\.json"):
        use(bare, ["a"])
    small = {**decoder.config, "vocab_size": 20}
    graph = build(small)
    with pytest.raises(UsageError, match="the model has 20"):
        use(Pretrained(graph, graph.initialize(0), small, decoder.tokenizer), ["the"])
