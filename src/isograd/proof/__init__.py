"""Proving that two implementations are the same network, stage by stage."""

from isograd.proof.prove import Baseline, establish, prove_side
from isograd.proof.trial import Trial, make_trial

__all__ = ["Baseline", "Trial", "establish", "make_trial", "prove_side"]
