"""Table 4 the other way round: the random-removal accuracies that make its R the best at its alphas.

The paper prints neither its accuracy table nor its measured staircase. What a choice leans on is the latency of all
blocks at n tokens; the published latencies prune at encoder 10. [inferred] A difference between them is that of the
blocks behind it, so that all blocks together differ by depth / blocks behind as much. [assumed] The whole model is the
slowest and the most accurate point of the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pivotsim.models.spec import load_model
from pivotsim.pruning.inverse_check import Choice, LossInterval, losses_that_choose
from pivotsim.published.base.claims import printed
from pivotsim.published.tokens.claims import BASELINE, MODELS, WHOLE_TOP1_PCT, Table, TokenClaim
from pivotsim.tables import Table as PrintedTable
from pivotsim.tables import number


@dataclass(frozen=True)
class InverseCheck:
    """The intervals of one device of Table 4, with the claims of R on either side of each."""

    device: str
    slowest_ms: float
    removed: tuple[TokenClaim, ...]
    intervals: tuple[LossInterval, ...]

    def about(self, claim: TokenClaim) -> str:
        """Return what a row's R asks of the accuracies, in words; nothing where the row is not of this device."""
        asked = [
            f"{f.tokens} to {f.next_tokens} tokens at random cost {f.least_points:.2f} to {f.most_points:.2f} points"
            for f in self._beside(claim)
        ]
        return f"best at its alphas if {' and '.join(asked)}" if asked else ""

    def is_possible(self, claim: TokenClaim) -> bool:
        """Tell whether some accuracies make a row's R the best at its alphas."""
        return all(interval.possible for interval in self._beside(claim))

    def _beside(self, claim: TokenClaim) -> list[LossInterval]:
        places = [i for i, row in enumerate(self.removed) if row.id == claim.id]
        return [self.intervals[i] for place in places for i in (place - 1, place) if 0 <= i < len(self.intervals)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and text."""
        return {
            "device": self.device, "slowest_ms": self.slowest_ms,
            "intervals": [{**vars(f), "possible": f.possible} for f in self.intervals],
        }  # fmt: skip


def inverse_checks(table: Table, slowest_ms: dict[str, float]) -> list[InverseCheck]:
    """Return the check of each device of Table 4; ``slowest_ms`` is the baseline where the table prints none."""
    devices = list(dict.fromkeys(claim.device for claim in table.of("removed", where="table4")))
    return [_check(table, device, slowest_ms) for device in devices]


def _check(table: Table, device: str, slowest_ms: dict[str, float]) -> InverseCheck:
    rows = list(table.of("removed", device=device))
    whole = table.one("latency", device=device, model=rows[0].model, method=BASELINE, batch=rows[0].batch)
    slowest = slowest_ms[device] if whole is None else whole.number or 0.0
    model = load_model(MODELS[rows[0].model])
    behind = model.depth - (rows[0].encoder or 0)
    scale = model.depth / behind
    choices, digits = [], 0.0
    for row in rows:
        latency = table.one("latency", where=row.where, setting=row.setting)
        alpha = table.one("alpha", where=row.where, setting=row.setting)
        assert latency is not None and alpha is not None  # every row of Table 4 has both
        low, high = map(float, alpha.text.split("-"))
        choices.append(Choice(model.tokens - (row.removed or 0), scale * (latency.number or 0.0), low, high))
        digits = max(digits, scale * (printed(latency.text).high - (latency.number or 0.0)))
    found = losses_that_choose(choices, slowest_ms=slowest, highest_pct=WHOLE_TOP1_PCT[rows[0].model], within_ms=digits)
    return InverseCheck(device, slowest, tuple(rows), tuple(found))


def inverse_table(checks: Sequence[InverseCheck]) -> PrintedTable:
    """Return a row per pair of neighbouring R: what random removal must cost between them."""
    rows = [
        (c.device, number(c.slowest_ms), f.tokens, f.next_tokens, number(f.least_points), number(f.most_points),
         number(f.halfway_points), "yes" if f.possible else "no")
        for c in checks for f in c.intervals
    ]  # fmt: skip
    return PrintedTable(
        "Table 4 the other way round: points that random removal must cost for the printed R to be the best",
        ("device", "whole, ms", "from tokens", "to tokens", "least", "most", "alpha halfway", "possible"),
        rows,
        (1, 2, 3, 4, 5, 6),
        (
            "[inferred] latencies of all blocks at n tokens: the printed differences, times depth over blocks behind.",
            "[assumed] the whole model is the grid's slowest and most accurate point.",
        ),
    )
