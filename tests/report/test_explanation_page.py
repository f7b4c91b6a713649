"""The page about two implementations."""

import json
import re

import pytest
from explanations import bn_eps, make_equivalent, make_explanation, make_trainings, row
from pages import POISON, Page, poisoned

from isograd.errors import UsageError
from isograd.explanation import Explanation
from isograd.report import explanation as page
from isograd.report.page import digest
from isograd.result import Effect


@pytest.fixture
def found() -> Explanation:
    found = make_explanation(places=5)
    found.training = make_trainings()
    found.unclear = ["dropout in the last block"]
    found.ambiguous = [(["left.weight"], ["dense.weight", "dense_1.weight"])]
    return found


@pytest.fixture
def poison(found) -> Explanation:
    found.rest, found.causes[0].accepted = "why", True
    found.causes[0].before.reason = "shapes"
    found.rows[5].detail = "of other axes"
    raw = json.loads(found.to_json())
    return Explanation.from_json(json.dumps(poisoned(raw, free={"fix"})))


def articles(source: str) -> list[str]:
    return re.findall(r"<article.*?</article>", source, re.DOTALL)


def test_no_string_of_an_explanation_becomes_markup(poison):
    parsed = Page(page.render(poison))
    assert len(parsed.all("script")) == 2
    assert parsed.all("img") == []
    assert not any(name.startswith("on") for _, a in parsed.elements for name in a)
    assert "alert(1)" in parsed.text


def test_a_scope_that_is_markup_stays_text(found):
    found.rows[1].reference.scope = "<script>alert(1)</script>"
    assert "<script>alert" not in page.render(found)
    assert "&lt;script&gt;alert" in page.render(found)


def test_the_embedded_explanation_can_be_read_back_whatever_is_in_it(poison):
    raw, _ = Page(page.render(poison)).scripts
    assert POISON not in raw
    assert Explanation.from_json(raw) == poison


def test_the_page_asks_nothing_of_the_network(found):
    source = page.render(found)
    addresses = [
        value
        for _, attributes in Page(source).elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "xlink:href")
    ]
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    assert "url(" not in source
    assert "@import" not in source


def test_the_security_policy_admits_the_pages_own_style_and_script_alone(found):
    parsed = Page(page.render(found))
    policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv"))
    assert "unsafe" not in policy
    assert digest(parsed.scripts[1]) in policy
    assert not any("style" in attributes for _, attributes in parsed.elements)


def test_every_link_within_the_page_has_its_target(found):
    parsed = Page(page.render(found))
    targets = {attributes.get("id") for _, attributes in parsed.elements}
    links = [a["href"][1:] for a in parsed.all("a")]
    assert len(links) > 5
    assert set(links) <= targets


def test_no_id_is_given_twice(found):
    ids = [a["id"] for _, a in Page(page.render(found)).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_answer_comes_first_then_where_then_why(found):
    text = Page(page.render(found)).text
    order = [
        "Two causes explain it.",
        "at BatchNorm blocks.0.bn (net.py:12), in the twin BatchNorm block0.norm (port.py:12)",
        "Where they first part",
        "Why they differ",
        "unknown",
        "bn-eps",
        "Proof",
        "Side by side",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_a_cause_comes_with_its_effect_its_places_and_the_fix_for_the_twin_first(found):
    text = Page(articles(page.render(found))[1]).text
    assert "8.8e11× the rounding envelope in forward, 0.067% of its scale" in text
    assert "within rounding" in text
    assert text.index("layers.BatchNormalization(epsilon") < text.index("nn.BatchNorm2d(")
    assert text.count("net.py:") == text.count("port.py:") == 5
    assert "2 more places" in text


def test_bars_of_all_causes_are_on_one_scale(found):
    source = page.render(found)
    first, second = (
        [float(width) for width in re.findall(r'class="bar [a-z]+"[^>]* width="([\d.]+)"', one)]
        for one in articles(source)
    )
    assert first[0] > second[0] > 10 * second[1]
    assert first[1] == second[1]


def test_an_accepted_cause_is_marked(found):
    assert "accepted" not in Page(articles(page.render(found))[1]).text
    found.causes[1].accepted = True
    assert "accepted" in Page(articles(page.render(found))[1]).text


def test_the_first_divergence_is_marked_in_the_network_and_along_the_depth(found):
    source = page.render(found)
    assert source.count("First divergence.</strong>") == 1
    assert source.count('class="error-mark"') == 1
    assert "at most 0.3× before blocks_0_bn" in source


def test_attributes_that_differ_are_highlighted_on_both_sides(found):
    source = page.render(found)
    marked = re.findall(r"<mark><code>(.*?)</code></mark>", source)
    assert marked == ["eps=1e-05", "eps=0.001"]


def test_what_is_alike_is_folded_away_and_what_differs_is_not(found):
    source = page.render(found)
    folded = " ".join(re.findall(r"<details class=\"fold\">.*?</details>", source, re.DOTALL))
    assert "ops that are alike" in folded
    assert "<mark>" not in folded
    assert "nothing in the reference" not in folded


def test_harmless_unclear_and_ambiguous_differences_are_listed(found):
    text = Page(page.render(found)).text
    assert "LogSoftmax twice" in text
    assert "dropout in the last block" in text
    assert "dense.weight, dense_1.weight" in text


def test_what_is_not_explained_is_said_above_everything(found):
    found.rest = "with all of this mended, the two still differ"
    source = page.render(found)
    assert source.index("With all of this mended") < source.index("<h1>")


def test_trainings_are_shown_where_there_are_some(found):
    text = Page(page.render(found)).text
    assert "What it does to training" in text
    assert "93.1%" in text
    found.training = []
    assert "What it does to training" not in Page(page.render(found)).text


def test_an_equivalent_pair_has_a_page_without_causes():
    source = page.render(make_equivalent())
    assert "The same network." in source
    assert articles(source) == []
    assert "<mark>" not in source


def test_a_page_of_three_thousand_ops_stays_small():
    found = make_equivalent()
    found.rows = [row(f"body.{i}", f"stack.{i}") for i in range(3000)]
    for one in found.rows:
        one.ratio = 0.5
    assert len(page.render(found)) < 5e6


def test_tables_and_charts_speak_to_those_who_do_not_see_them(found):
    parsed = Page(page.render(found))
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    for attributes in parsed.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_both_files_are_written_and_never_over_others(tmp_path):
    found = make_explanation()
    path = page.write_explanation(found, tmp_path / "out")
    assert path == tmp_path / "out" / "explanation.html"
    assert Explanation.read(tmp_path / "out" / "explanation.json") == found
    with pytest.raises(UsageError, match="nothing was overwritten"):
        page.write_explanation(found, tmp_path / "out")
    page.write_explanation(found, tmp_path / "out", replace=True)


def test_a_cause_in_the_training_says_where_in_the_training():
    found = make_explanation()
    found.causes, found.rows, found.location = [bn_eps(places=0)], [], None
    found.causes[0].node = "optimizer.epsilon"
    assert "in the training: optimizer.epsilon" in Page(page.render(found)).text
    assert "Side by side" not in page.render(found)


def test_what_could_not_be_measured_has_a_reason_and_no_bars():
    found = make_explanation()
    found.causes[0].before = Effect("different", reason="not measured at a fixed batch")
    first, second = articles(page.render(found))
    assert "not measured at a fixed batch" in first
    assert 'class="bar' not in first
    assert "within rounding" not in first
    assert 'class="bar' in second
