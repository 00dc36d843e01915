"""Findings: one per claim, with its verdict; ``MEANINGS`` says what each verdict means, of all papers."""

from dataclasses import dataclass
from typing import Any

from pivotsim.published.base.claims import Claim

REPRODUCED, CALIBRATED, INFERRED = "reproduced", "calibrated", "inferred"
INPUT, NOT_MET = "input", "not met"
CONTRADICTS, NOT_MODELLED = "source contradicts itself", "not modelled"
NO_VERDICT = ""  # of a claim that is set beside another board than the paper's
RECOMPUTED, UNVALIDATED = "recomputed", "not validated"
VERDICTS = (REPRODUCED, INPUT, CALIBRATED, INFERRED, NOT_MET, CONTRADICTS, NOT_MODELLED)
MEANINGS = {
    REPRODUCED: "simulated within its tolerance, nothing fitted to it",
    RECOMPUTED: "follows from the paper's own tables",
    INPUT: "the paper sets it, the model takes it: no result",
    CALIBRATED: "a constant is fitted to it, or to one it follows from",
    INFERRED: "rests on unstated settings; the reason says of how many",
    UNVALIDATED: "GPU wave model, fitted to few points; shown, not judged",
    NOT_MET: "simulated, and missed by more than the tolerance",
    CONTRADICTS: "the paper's other numbers imply another value, by rule",
    NOT_MODELLED: "outside the model; the reason says why",
}


@dataclass(frozen=True)
class Finding:
    """One claim with what became of it; ``simulated`` and ``deviation_frac`` are None where there is none."""

    claim: Claim
    simulated: float | str | None
    deviation_frac: float | None
    verdict: str
    reason: str

    @property
    def ratio(self) -> float | None:
        """Simulated over published; None where either is no number."""
        return None if self.deviation_frac is None else 1 + self.deviation_frac

    @property
    def shown(self) -> str:
        """The simulated value with one digit more than the paper prints; '-' where there is none."""
        if not isinstance(self.simulated, float):
            return self.simulated or "-"
        places = 0 if self.simulated.is_integer() and self.claim.resolution == 1 else self.claim.places + 1
        return f"{self.simulated:.{places}f}"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain numbers and text."""
        return {
            "id": self.claim.id,
            "where": self.claim.where,
            "model": self.claim.model,
            "quantity": self.claim.quantity,
            "published": self.claim.text,
            "unit": self.claim.unit,
            "simulated": self.simulated,
            "deviation_frac": self.deviation_frac,
            "verdict": self.verdict,
            "reason": self.reason,
        }
