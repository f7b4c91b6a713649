"""For test suites: ``assert_equivalent(reference, twin, inputs)``."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.ir.inputs import InputSpec
from isograd.models import load
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Proof
from isograd.run.pair import describe, pair_up, prove_pair
from isograd.training import Recipe

__all__ = ["assert_equivalent"]


def assert_equivalent(
    reference: object,
    twin: object,
    inputs: Sequence[str | InputSpec] = (),
    *,
    twin_inputs: Sequence[str | InputSpec] | None = None,
    recipe: Recipe | None = None,
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
) -> Proof:
    """Asserts that two networks are the same function and train alike.

    The networks may be of two frameworks or of one. They are aligned by their structure; the
    reference's weights are then moved into the twin, and forward pass, training pass, loss,
    gradients and optimizer steps are held against each other in float64 (see `isograd.prove`).
    Neither network is changed.

    Args:
        reference: an ``nn.Module``, a ``keras.Model``, or whatever else `isograd.load` takes.
        twin: the same.
        inputs: what the reference is called with, such as ``"x=float32[N,3,32,32]"``.
        twin_inputs: what the twin is called with, where that has another layout; by default like
            the reference.
        recipe: the training; by default Adam on the mean squared error to random targets.
        seed: of weights that are all alike, inputs and targets.
        recorded: the training steps after which the two are compared, in order; fewer take less
            time.

    Returns the proof. Raises `AssertionError`, with the first difference and the user's lines, when
    the two are not proven equivalent, and `UsageError` for what cannot be read.

    """
    __tracebackhide__ = True  # pytest shows the test's line instead
    pair = pair_up(
        load(reference, inputs), load(twin, inputs if twin_inputs is None else twin_inputs)
    )
    if pair.alignment.differences:
        shown = [describe(difference) for difference in pair.alignment.differences[:5]]
        raise AssertionError("The networks differ in structure:\n  " + "\n  ".join(shown))
    if pair.alignment.ambiguous:
        ours, theirs = pair.alignment.ambiguous[0]
        raise AssertionError(
            "Structure cannot tell which parameters correspond: "
            f"{', '.join(ours)} and {', '.join(theirs)}."
        )
    recipe = recipe or Recipe(loss="mean_squared_error", batch_size=8)
    proof = prove_pair(pair, recipe, seed, recorded)
    if proof.verdict != "equivalent":
        stages = [
            f"{stage.name}: {stage.verdict}, {stage.ratio:.1f} times the rounding envelope, "
            f"at {stage.worst} ({stage.detail})"
            for stage in proof.stages
            if stage.verdict != "equivalent"
        ]
        raise AssertionError(f"The networks are {proof.verdict}:\n  " + "\n  ".join(stages))
    return proof
