import json

import pytest
from pages import POISON, Page, poisoned

from isograd.report import html
from isograd.report.page import digest
from isograd.result import Mode, Result


@pytest.fixture
def poison(different) -> Result:
    different.declared = ["epsilon"]
    different.reason = "why"
    different.status = "partial"
    return Result.from_json(json.dumps(poisoned(json.loads(different.to_json()))))


def test_no_string_of_a_result_becomes_markup(poison):
    page = Page(html.render(poison))
    assert len(page.all("script")) == 2
    assert page.all("img") == []
    assert not any(name.startswith("on") for _, a in page.elements for name in a)
    assert "alert(1)" in page.text


def test_the_test_above_would_notice_markup():
    page = Page(f"<p title=''>{POISON.replace('</style>', '')}</p>")
    assert page.all("script")
    assert page.all("img")


def test_the_embedded_result_can_be_read_back_whatever_is_in_it(poison):
    page = Page(html.render(poison))
    raw, _ = page.scripts
    assert not set(raw) & set("<>&\u2028\u2029")
    assert Result.from_json(raw) == Result.from_json(poison.to_json())


def test_the_page_asks_nothing_of_the_network(result):
    source = html.render(result)
    page = Page(source)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "xlink:href")
    ]
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    assert "url(" not in source
    assert "@import" not in source


def test_the_security_policy_admits_the_pages_own_style_and_script_alone(result):
    page = Page(html.render(result))
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert digest(page.scripts[1]) in policy
    assert not any("style" in attributes for _, attributes in page.elements)


def test_the_answer_is_the_first_heading(result):
    page = Page(html.render(result))
    assert "The same network in 6 of 7 modes. TensorFlow session trains it fastest." in page.text
    assert page.text.index("trains it fastest") < page.text.index("Noise floor")


def test_an_unfair_comparison_has_no_fastest_mode(unfair):
    text = Page(html.render(unfair)).text
    assert "No winner is named" in text
    assert "none named" in text
    assert 'class="best"' not in html.render(unfair)


def test_the_fastest_mode_is_marked(result):
    assert html.render(result).count('class="best"') == 1


def test_every_mode_has_its_row(result):
    source = html.render(result)
    for mode in ("PyTorch jit", "TensorFlow session", "TensorFlow xla"):
        assert f"{mode}" in source.split("<tbody>")[1].split("</tbody>")[0]


def test_every_missing_value_has_a_reason(result):
    table = html.render(result).split("<tbody>")[1].split("</tbody>")[0]
    cells = [cell for cell in table.split("<td") if ">–<" in cell]
    assert len(cells) == 2 + 6
    assert all("title=" in cell and "#note-" in cell for cell in cells)


def test_a_partial_result_is_labelled_above_the_answer(partial):
    source = html.render(partial)
    assert source.index("Partial result.") < source.index("<h1>")
    assert "Interrupted with Ctrl-C in round 3 of 6." in source


def test_a_complete_result_is_not_labelled_partial(result):
    assert "Partial result." not in html.render(result)


def test_tables_and_charts_speak_to_those_who_do_not_see_them(result):
    page = Page(html.render(result))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    drawings = page.all("svg")
    assert all(d.get("aria-hidden") or d.get("aria-label") for d in drawings)
    assert sum(d.get("role") == "img" for d in drawings) == 6


def test_every_identifier_is_unique_and_every_link_leads_somewhere(result):
    page = Page(html.render(result))
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    links = {a["href"][1:] for a in page.all("a")}
    assert links <= set(identifiers)


def test_a_result_with_nothing_in_it_yet_can_be_shown(result):
    empty = Result("isograd compare x", "now", {}, {}, {}, {}, {}, "torch/eager")
    empty.modes = [Mode("torch", "eager")]
    text = Page(html.render(empty)).text
    assert "Partial result." in text
    assert "not reached" in text


@pytest.mark.parametrize("kind", ["without_tensorflow", "tied", "different", "partial", "unfair"])
def test_every_kind_of_result_is_a_well_formed_page(kind, request):
    Page(html.render(request.getfixturevalue(kind)))


def test_a_framework_of_tomorrow_needs_no_change_here(result):
    result.modes.append(Mode("jax", "jit", "crashed", "why"))
    result.modes.append(Mode("mlx", "eager", "crashed", "why"))
    text = Page(html.render(result)).text
    assert "JAX jit" in text
    assert "mlx eager" in text
