"""The order of the batches: one permutation per epoch, the same for every framework."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.data import batch_order
from isograd.errors import UsageError

seeds = st.integers(0, 2**32 - 1)


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, int, int, int]:
    examples = draw(st.integers(1, 200))
    return examples, draw(st.integers(1, examples)), draw(st.integers(1, 4)), draw(seeds)


@given(plans())
def test_no_example_comes_twice_in_an_epoch(plan: tuple[int, int, int, int]) -> None:
    examples, batch, epochs, _ = plan
    order = batch_order(*plan)
    assert order.shape == (epochs, examples // batch, batch)
    assert order.dtype == np.int64
    assert order.min() >= 0
    assert order.max() < examples
    for epoch in order:
        assert len(np.unique(epoch)) == epoch.size


@given(st.integers(1, 20), st.integers(1, 10), seeds)
def test_every_example_comes_when_the_batches_fit(steps: int, batch: int, seed: int) -> None:
    (epoch,) = batch_order(steps * batch, batch, 1, seed)
    np.testing.assert_array_equal(np.sort(epoch.ravel()), np.arange(steps * batch))


@given(plans())
def test_equal_seeds_give_equal_orders(plan: tuple[int, int, int, int]) -> None:
    np.testing.assert_array_equal(batch_order(*plan), batch_order(*plan))


@given(plans())
def test_more_epochs_leave_the_first_ones_as_they_were(plan: tuple[int, int, int, int]) -> None:
    examples, batch, epochs, seed = plan
    longer = batch_order(examples, batch, epochs + 1, seed)
    np.testing.assert_array_equal(longer[:epochs], batch_order(*plan))


@given(seeds)
def test_epochs_differ(seed: int) -> None:
    first, second = batch_order(64, 8, 2, seed)
    assert (first != second).any()


@given(seeds)
def test_seeds_differ(seed: int) -> None:
    assert (batch_order(64, 8, 1, seed) != batch_order(64, 8, 1, seed + 1)).any()


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_without_examples_is_refused(batch_size: int) -> None:
    with pytest.raises(UsageError, match=f"batch of {batch_size} ") as caught:
        batch_order(10, batch_size, 1, 0)
    assert "--batch-size" in (caught.value.hint or "")


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(UsageError, match=r"batch of 11 .*10 examples") as caught:
        batch_order(10, 11, 1, 0)
    assert "--batch-size" in (caught.value.hint or "")
