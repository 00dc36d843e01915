"""What the audit finds: one finding per claim, and one search per row of inferred effort pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pivotsim.published.claims import Claim
from pivotsim.published.pairs import Hypothesis


@dataclass(frozen=True)
class Finding:
    """One claim with what became of it; ``simulated`` and ``deviation_frac`` are None where there is none."""

    claim: Claim
    simulated: float | str | None
    deviation_frac: float | None
    verdict: str
    reason: str

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


ABSOLUTE, RELATIVE = "absolute", "relative"


@dataclass(frozen=True)
class Search:
    """The ranked hypotheses for one row, judged on absolute delays and relative to the baseline's."""

    row: str
    absolute: list[Hypothesis]
    relative: list[Hypothesis]
    definition: str

    @property
    def best(self) -> Hypothesis:
        """The first of the relative ranking, which the baseline's own residual does not move, under the one
        definition of EDP that all rows share.
        """
        return next(h for h in self.relative if h.edp_definition == self.definition)

    @property
    def ties(self) -> list[Hypothesis]:
        """Other hypotheses of the same score and definition."""
        best = self.best
        return [
            h
            for h in self.relative
            if h is not best and h.edp_definition == self.definition and abs(h.score - best.score) < 1e-9
        ]

    def shown(self, count: int) -> Iterator[tuple[str, int, Hypothesis]]:
        """Yield (ranking, rank, hypothesis): the first of each ranking, and the one in use wherever it stands."""
        for kind, ranked in ((ABSOLUTE, self.absolute), (RELATIVE, self.relative)):
            for rank, hypothesis in enumerate(ranked, start=1):
                if rank <= count or (kind == RELATIVE and hypothesis is self.best):
                    yield kind, rank, hypothesis
