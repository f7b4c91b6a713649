"""Tapes of every form of the recurrent ops; the suite takes every third one."""

from __future__ import annotations

import pytest
from recurrent_cases import CASES
from test_tape import assert_tape_is_executor, every_framework
from twins import one_op


@every_framework
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_tape_of_a_recurrence_gives_what_the_executor_gives(framework, case) -> None:
    assert_tape_is_executor(framework, one_op(*case))
