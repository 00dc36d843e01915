"""What audits of all papers share: a finding per claim, the verdicts that are expected, and what differs."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from pivotsim.published.base.findings import VERDICTS, Finding


@dataclass(frozen=True)
class Findings:
    """Findings for every claim of a paper, beside the verdicts that are expected."""

    verdicts: ClassVar[tuple[str, ...]] = VERDICTS

    findings: list[Finding]
    expected: dict[str, str] = field(repr=False)

    @cached_property
    def unexpected(self) -> list[str]:
        """One line per claim whose verdict is not the expected one, or that is missing on either side."""
        found = {f.claim.id: f.verdict for f in self.findings}
        return [
            f"{i}: expected '{self.expected.get(i, 'no such claim')}', found '{found.get(i, 'no such claim')}'"
            for i in sorted({*found, *self.expected})
            if found.get(i) != self.expected.get(i)
        ]

    def counts(self) -> dict[str, int]:
        """Return how many claims have each verdict."""
        return {v: sum(f.verdict == v for f in self.findings) for v in self.verdicts}
