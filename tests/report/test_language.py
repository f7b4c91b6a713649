"""Reports in another language: what is translated, what is left, and what is found missing."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from isograd.errors import UsageError
from isograd.report import language

CATALOGUE = """
"Fastest" = "最快"
"{n} trainable parameters" = "{n} 个可训练参数"
"Fastest: {who}, {time} a step" = "最快：{who}，每步 {time}"
"the reference" = "参考实现"
"Copy" = "复制"
"{a} against {b}" = "{b} 与 {a} 相比"
"{names} in {number} of {number2}" = "{number2} 个中的 {number} 个：{names}"
"Told: {part}" = "说：{part}"
"and" = "和"
"{count} causes explain it" = "{count} 个原因可解释"
"two" = "两个框架"
"," = "，"
";" = "；"
"""


@pytest.fixture(autouse=True)
def chinese(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh/some.toml").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language._catalogue.cache_clear()
    language._whole.cache_clear()
    language.speak("zh")
    yield
    language.speak("en")
    language._catalogue.cache_clear()
    language._whole.cache_clear()


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("Fastest", "最快"),
        ("  Fastest\n", "  最快\n"),
        ("Fastest.", "最快。"),
        ("101,770 trainable parameters", "101,770 个可训练参数"),
        ("Fastest: the reference, 4 µs a step", "最快：参考实现，每步 4 µs"),
        ("PyTorch eager against the reference", "参考实现 与 PyTorch eager 相比"),
        ("Fastest. 3 trainable parameters.", "最快。3 个可训练参数。"),
        ("Fastest, the reference and eager; Copy", "最快，参考实现 和 eager；复制"),
        ("eager, jit and compile", "eager，jit 和 compile"),
        ("what is said and the reference", "what is said and the reference"),
        ("eager in 3 of 4", "4 个中的 3 个：eager"),
        ("eager in many of 4", "eager in many of 4"),
        ("Told: one thing", "说：one thing"),
        ("Told: one thing; Fastest", "说：one thing；最快"),
        ("odd (Fastest, 3), Copy", "odd (Fastest, 3)，复制"),
        ("Fastest. (3)", "最快。(3)"),
        ("412 µs", "412 µs"),
        ("Two causes explain it.", "2 个原因可解释。"),
        ("1,234 causes explain it.", "1,234 个原因可解释。"),
        ("No such sentence", "No such sentence"),
    ],
)
def test_what_is_said(english, other) -> None:
    assert language.said(english) == other


def test_english_stays_as_it_is() -> None:
    language.speak("en")
    assert language.said("Fastest") == "Fastest"
    assert language.page("<p>Fastest</p>") == "<p>Fastest</p>"


def test_a_page_is_translated_but_for_code_and_scripts() -> None:
    source = (
        '<html lang="en"><p title="Copy">Fastest &amp; best</p><p>Fastest</p>'
        "<code>Fastest</code><script>Fastest</script><b>3 trainable parameters</b>"
    )
    assert language.page(source) == (
        '<html lang="zh"><p title="复制">Fastest &amp; best</p><p>最快</p>'
        "<code>Fastest</code><script>Fastest</script><b>3 个可训练参数</b>"
    )


def test_what_a_user_named_cannot_become_markup() -> None:
    said = language.page("<p>&lt;img&gt; trainable parameters</p>")
    assert said == "<p>&lt;img&gt; 个可训练参数</p>"


def test_what_a_user_set_is_marked_and_left_alone() -> None:
    page = '<dl translate="no"><dt>Fastest</dt><dd>Fastest</dd></dl><p>Fastest</p>'
    assert language.page(page) == page.replace("<p>Fastest", "<p>最快")
    assert list(language.unknown('<dl translate="no"><dt>odd words</dt></dl>')) == []


def test_what_a_script_says_is_in_a_table_with_its_placeholders() -> None:
    script = 'say("Copy"); say("{n} trainable parameters", { n: 3 }); say("Odd"); a = "Fastest";'
    assert language.texts(script, ["3 trainable parameters", "odd"]) == {
        "Copy": "复制",
        "{n} trainable parameters": "{n} 个可训练参数",
        "3 trainable parameters": "3 个可训练参数",
    }
    language.speak("en")
    assert language.texts(script, ["Fastest"]) == {}


def test_what_is_missing_is_found() -> None:
    source = language.page(
        '<p>Fastest</p><p>Nothing known</p><i aria-label="odd words"></i><code>odd</code>'
        "<p>PyTorch</p><p>net.py:12</p>"
    )
    assert list(language.unknown(source, frozenset({"pytorch"}))) == ["Nothing known", "odd words"]


def test_an_unknown_language_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="klingon"):
        language.speak("klingon")


def test_the_catalogues_are_read_and_every_placeholder_is_used() -> None:
    folder = language.Path(language.__file__).parent / "languages"
    for path in folder.glob("*/*.toml"):
        for english, other in tomllib.loads(path.read_text(encoding="utf-8")).items():
            names = set(language.PLACEHOLDER.findall(english))
            assert set(language.PLACEHOLDER.findall(other)) <= names, f"{path.name}: {english}"


def test_an_english_text_stands_in_one_catalogue() -> None:
    folder = language.Path(language.__file__).parent / "languages"
    for own in folder.iterdir():
        texts = Counter(
            english.removesuffix(".")
            for path in own.glob("*.toml")
            for english in tomllib.loads(path.read_text(encoding="utf-8"))
        )
        assert [text for text, count in texts.items() if count > 1] == []
