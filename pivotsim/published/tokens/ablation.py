"""Table 2's rows as workloads: what scoring by Q, K or V, and by mean, sum or maximum over heads, costs.

The paper prints accuracies alone, and names neither model nor R. [assumed] DeiT-S at R = 77, as in Table 6.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pivotsim.hardware.loading import load_hardware
from pivotsim.pruning.cost import host_pruning_ms
from pivotsim.published.tokens.claims import Table, TokenClaim
from pivotsim.published.tokens.other_methods import element_work_ms
from pivotsim.tables import Table as PrintedTable
from pivotsim.tables import number
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

MODEL, REMOVED, ENCODER = "deit_s", 77, 4
DEVICE, BOARD = "TX2", "zcu102"
OPTION = {"feature": "feature", "heads": "reduction"}  # how Table 2's columns are called in `prune_tokens`


class ScoringCost(NamedTuple):
    """The cost of one row: elements that scoring reads or divides per image, and the pruning's time on two machines."""

    claim: TokenClaim
    elements: int
    gpu_ms: float
    board_ms: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and text."""
        return {
            "id": self.claim.id, "elements": self.elements, f"{DEVICE.lower()}_ms": self.gpu_ms,
            f"{BOARD}_ms": self.board_ms,
        }  # fmt: skip


def scoring_costs(table: Table) -> Iterator[ScoringCost]:
    """Yield what each row of Table 2 costs."""
    board = load_hardware(BOARD)
    for claim in table.of("top1"):
        column, _, value = claim.parameter.partition("=")
        choice = {OPTION[column]: value.lower()}
        pruned = prune_tokens(plan(MODEL), "single", r=REMOVED, encoder=ENCODER, **choice)
        trace = lower(pruned)
        elements = sum(op.elements for op in trace if op.module == "score" and op.kind != "softmax")
        yield ScoringCost(claim, elements, element_work_ms(trace, DEVICE), host_pruning_ms(pruned, board))


def ablation_table(costs: list[ScoringCost]) -> PrintedTable:
    """Return a row per row of Table 2, its accuracy as printed beside its cost."""
    rows = [
        (c.claim.parameter, c.claim.text, f"{c.elements:,}", number(c.gpu_ms, 4), number(c.board_ms, 3)) for c in costs
    ]
    return PrintedTable(
        "Table 2's rows as workloads: elements that scoring works on, and the time of all of the pruning's own work",
        ("row", "top-1 printed, %", "elements", f"{DEVICE}'s RAM, ms", f"{BOARD}'s processor, ms"),
        rows,
        (1, 2, 3, 4),
        (f"[assumed] {MODEL}, R = {REMOVED} in encoder {ENCODER}, one image: the paper names neither model nor R.",),
    )
