"""Proving that two implementations are the same network, stage by stage."""

from isograd.proof.prove import (
    Baseline,
    Evidence,
    establish,
    gather,
    judge_evidence,
    prove_side,
)
from isograd.proof.trial import Trial, make_trial

__all__ = [
    "Baseline",
    "Evidence",
    "Trial",
    "establish",
    "gather",
    "judge_evidence",
    "make_trial",
    "prove_side",
]
