"""Ops and networks in every mode of TensorFlow that compiles; the suite takes one mode for each."""

from __future__ import annotations

import pytest
from test_emit_networks import ALL
from test_emit_ops import COMPILED, label
from twins import assert_twins, one_op


@pytest.mark.parametrize("mode", ["function", "xla"])
@pytest.mark.parametrize("case", COMPILED, ids=label)
def test_an_op_is_the_same_when_compiled_for_any_batch_size(case, mode) -> None:
    op, *kinds = case
    assert_twins(one_op(op, *kinds), batch=2, mode=mode)


@pytest.mark.parametrize("mode", ["function", "session", "xla"])
@pytest.mark.parametrize("name", ALL)
def test_a_network_is_the_same_when_compiled_for_any_batch_size(name, mode) -> None:
    assert_twins(ALL[name](), batch=2, seed=1, mode=mode)
