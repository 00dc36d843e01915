"""The ranked effort pairs behind one row of PIVOT's tables."""

from collections.abc import Iterator
from dataclasses import dataclass

from pivotsim.published.pivot.effort_pairs import Hypothesis

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
