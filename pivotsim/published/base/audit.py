"""The form of all audits: a finding per claim, the expected verdicts, what differs, and the tables."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from pivotsim.published.base.findings import MEANINGS, VERDICTS, Finding
from pivotsim.tables import Table, as_html, as_text, percent


@dataclass(frozen=True, repr=False)
class Findings(ABC):
    """Findings for every claim of a paper, beside the verdicts that are expected."""

    title: ClassVar[str]
    found: ClassVar[str] = "simulated"  # what the column beside the published values is called
    verdicts: ClassVar[tuple[str, ...]] = VERDICTS
    judged: ClassVar[bool] = True  # whether the claims have verdicts
    headlines: ClassVar[tuple[str, ...]] = ()  # quantities of the claims that the summary prints

    findings: list[Finding]
    expected: dict[str, str] = field(repr=False)

    @cached_property
    def unexpected(self) -> list[str]:
        """One line per claim whose verdict is not the expected one, or that is missing on either side."""
        if not self.judged:
            return []
        found = {f.claim.id: f.verdict for f in self.findings}
        return [
            f"{i}: expected '{self.expected.get(i, 'no such claim')}', found '{found.get(i, 'no such claim')}'"
            for i in sorted({*found, *self.expected})
            if found.get(i) != self.expected.get(i)
        ]

    def counts(self) -> dict[str, int]:
        """Return how many claims have each verdict."""
        return {v: sum(f.verdict == v for f in self.findings) for v in self.verdicts}

    @abstractmethod
    def tables(self) -> Iterator[Table]:
        """Yield what is printed, the findings first; the verdicts follow them."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain numbers and text, the form that ``--json`` prints."""

    def findings_table(self, title: str, *, folds: bool) -> Table:
        """Return a row per claim; ``folds`` takes the reasons out where the rows are too long."""
        rows = [
            (f.claim.id, f.claim.text, f.shown, percent(f.deviation_frac, sign=True), f.claim.unit, f.verdict, f.reason)
            for f in self.findings
        ]
        columns = ("claim", "published", self.found, "deviation", "unit", "verdict", "reason")
        return Table(title, columns, rows, (1, 2, 3), folds=6 if folds else None)

    def verdict_table(self) -> Table:
        """Return how many claims have each verdict, and what it means."""
        rows = [(verdict, number, MEANINGS[verdict]) for verdict, number in self.counts().items()]
        return Table("Verdicts", ("verdict", "claims", "meaning"), rows, (1,))

    def summary(self) -> Iterator[Table]:
        """Yield what is printed first: how many claims have each verdict and how far they are off, and headlines."""
        rows = []
        for verdict, count in self.counts().items():
            own = (f.deviation_frac for f in self.findings if f.verdict == verdict)
            off = max((abs(deviation) for deviation in own if deviation is not None), default=None)
            rows.append((verdict, count, percent(off), MEANINGS[verdict]))
        columns = ("verdict", "claims", "off by", "meaning")
        yield Table(f"{self.title}: {len(self.findings)} claims", columns, rows, (1, 2))
        chosen = [f for f in self.findings if f.claim.quantity in self.headlines]
        if chosen:
            shown = [
                (f.claim.id, f.claim.text, f.shown, percent(f.deviation_frac, sign=True), f.claim.unit, f.verdict)
                for f in chosen
            ]
            yield Table(
                "Among them", ("claim", "published", self.found, "deviation", "unit", "verdict"), shown, (1, 2, 3)
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.findings)} claims, {len(self.unexpected)} verdicts not as expected>"

    def __str__(self) -> str:
        title = f"{self.title}: {len(self.findings)} claims"
        return as_text([self.verdict_table()._replace(title=title, closing=self.unexpected)])

    def _repr_html_(self) -> str:
        return as_html([*self.tables(), *([self.verdict_table()] if self.judged else [])])
