"""One proof of each mode, and what they come to together."""

from __future__ import annotations

from dataclasses import dataclass, field

import cattrs

from isograd.proof.judge import worst
from isograd.result import DerivativeRow, Mode, Proof, Stage, Verdict, to_json


@dataclass
class ProofReport:
    """What `prove` found: a verdict over all modes that ran, and each mode's proof."""

    model: str
    reference: str
    verdict: Verdict
    parameters: int
    modes: list[Mode]
    derivatives: list[DerivativeRow] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)

    @property
    def proofs(self) -> dict[str, Proof]:
        """Mode label to proof, for the modes that have one."""
        return {mode.label: mode.proof for mode in self.modes if mode.proof}

    @property
    def stages(self) -> list[Stage]:
        """For each stage, the mode in which it went worst; `detail` says which."""
        return worst_stages(self.proofs)

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null."""
        return to_json({**cattrs.unstructure(self), "stages": cattrs.unstructure(self.stages)})


def worst_stages(proofs: dict[str, Proof]) -> list[Stage]:
    """For each stage the worst over the modes, named in its detail."""
    rows = zip(*(proof.stages for proof in proofs.values()), strict=True)
    chosen = []
    for row in rows:
        verdict = worst([stage.verdict for stage in row])
        label, stage = max(
            (
                (label, stage)
                for label, stage in zip(proofs, row, strict=True)
                if stage.verdict == verdict
            ),
            key=lambda pair: pair[1].ratio,
        )
        chosen.append(
            Stage(
                stage.name,
                verdict,
                max(s.max_abs for s in row),
                max(s.max_rel for s in row),
                stage.envelope,
                stage.ratio,
                stage.worst,
                f"{label}: {stage.detail}",
            )
        )
    return chosen
