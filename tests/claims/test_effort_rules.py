"""Which API is simpler is counted; how people learn is not tested."""

from __future__ import annotations

from evidences import comparison, found, graphs, view

from isograd.claims.rules import RULES
from isograd.effort.record import Effort, Script
from isograd.effort.source import Usage
from isograd.evidence import Evidence
from isograd.views.view import Event


def script(framework: str, size: int) -> Script:
    names = [f"n{n}" for n in range(size)]
    return Script("net", framework, "emitted", Usage(size, names, [], names, size))


def counted(torch: Script, tensorflow: Script) -> Evidence:
    return Evidence(efforts=[found(Effort("", "", {}, [torch, tensorflow]))])


def test_the_api_that_takes_less_of_everything_is_simpler() -> None:
    less = counted(script("torch", 5), script("tensorflow", 9))
    outcome = RULES["simpler-api"](less)
    assert outcome.verdict == "holds"
    assert "statements, fewer in 1 of 1 pairs and more in 0" in outcome.result
    more = counted(script("torch", 9), script("tensorflow", 5))
    assert RULES["simpler-api"](more).verdict == "does not hold"


def test_where_it_takes_more_of_one_thing_and_less_of_another_it_depends() -> None:
    mixed = script("torch", 5)
    mixed.usage.statements = 20
    assert RULES["simpler-api"](counted(mixed, script("tensorflow", 9))).verdict == "depends"


def test_a_quantity_that_one_side_lacks_does_not_count() -> None:
    silent = script("torch", 9)
    silent.usage.before_result = None
    figures = RULES["simpler-api"](counted(silent, script("tensorflow", 9))).figures
    assert [figure.vote for figure in figures] == ["", "", ""]


def test_a_network_in_one_framework_alone_is_compared_with_nothing() -> None:
    alone = Evidence(efforts=[found(Effort("", "", {}, [script("torch", 5)]))])
    assert RULES["simpler-api"](alone).verdict == "not testable"


def test_the_learning_curve_is_not_testable_whatever_was_measured() -> None:
    result = comparison({})
    for mode in result.modes:
        mode.import_s, mode.build_s = 2.0, 0.5
    again = Event("retrace", "traced again: another batch size", count=2)
    shown = graphs(view("tensorflow/function", "forward", events=(again,)))
    outcome = RULES["learning-curve"](Evidence([found(result)], [found(shown)]))
    assert outcome.verdict == "not testable"
    assert [figure.value for figure in outcome.figures] == [2.51, 2.51, 2.0]
    assert len(outcome.evidence) == 2
