"""The catalogue of statements: each has a rule, and says how it is tested."""

from __future__ import annotations

import pytest

from isograd.claims.catalogue import catalogue, chosen
from isograd.claims.rules import RULES
from isograd.errors import UsageError


def test_every_statement_has_a_rule_and_every_rule_a_statement() -> None:
    assert [claim.id for claim in catalogue()] == list(dict.fromkeys(c.id for c in catalogue()))
    assert {claim.id for claim in catalogue()} == set(RULES)


def test_every_statement_says_who_says_it_and_how_it_is_tested() -> None:
    for claim in catalogue():
        assert claim.statement.endswith(".")
        assert claim.tested
        assert claim.needs
        assert claim.sources, claim.id


def test_no_verdict_is_written_down() -> None:
    for claim in catalogue():
        assert not {"verdict", "result"} & set(vars(claim))


def test_statements_are_chosen_by_id() -> None:
    assert [claim.id for claim in chosen(["tf-static", "pruning"])] == ["pruning", "tf-static"]
    assert chosen([]) == catalogue()
    with pytest.raises(UsageError, match="Unknown claim 'prunning'") as caught:
        chosen(["prunning"])
    assert caught.value.hint == "Did you mean 'pruning'?"
