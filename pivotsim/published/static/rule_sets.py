"""The two rule sets of the MPCA side by side: how many clocks apart, and what each reason takes of the difference.

The reasons are walked one after the other, from this package's schedule to the authors' estimator. What is left once
DMA, fill, headers, element-wise work and the lanes' balance are gone are the tiles: the schedule hands row tiles of
p_pe tokens to p_t rows of PEs and block columns to p_h p_c lanes, and rounds both up; the estimator hands b x b blocks
of the result to all PEs of a head module at once, block columns to head modules, and rounds once. Q, K and V are one
matrix to the schedule and three to the estimator, which is part of that too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pivotsim.hardware.kinds.mpca import AUTHORS, MpcaHardware, as_mpca
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.tables import Table
from pivotsim.workload.plans import Plan

STEPS = (
    ("DMA of weights", {"mpca.dma_bytes_per_cycle": UNLIMITED}),
    ("fill", {"mpca.fill": False}),
    ("headers", {"mpca.header_cycles": 0}),
)
UNITS, BALANCE, TILES = "element-wise work but row sums", "balance of lanes", "tiles"


@dataclass(frozen=True, repr=False)
class RuleGap:
    """Clocks of one plan under both rule sets.

    ``by_module`` maps a module to (schedule, estimator); ``reasons`` are clocks that each takes off, their sum is
    ``schedule_cycles - estimator_cycles``.
    """

    name: str
    schedule_cycles: int
    estimator_cycles: int
    by_module: dict[str, tuple[int, int]]
    reasons: dict[str, int] = field(default_factory=dict)

    def tables(self) -> Iterator[Table]:
        """Yield clocks by module, and reasons."""
        columns = ("module", "schedule", "estimator", "ratio")
        rows = [
            (module, f"{own:,}", f"{theirs:,}", f"{own / theirs:.2f}" if theirs else "-")
            for module, (own, theirs) in self.by_module.items()
        ]
        ratio = f"{self.schedule_cycles / self.estimator_cycles:.2f}"
        total = ("together", f"{self.schedule_cycles:,}", f"{self.estimator_cycles:,}", ratio)
        yield Table(f"{self.name}: clocks under both rule sets", columns, [*rows, total], (1, 2, 3))
        apart = self.schedule_cycles - self.estimator_cycles
        reasons = [(reason, f"{cycles:,}", f"{cycles / apart:.1%}") for reason, cycles in self.reasons.items()]
        yield Table(f"{self.name}: {apart:,} clocks apart", ("reason", "clocks", "share"), reasons, (1, 2))


def rule_gap(name: str, plan: Plan, hw: "MpcaHardware | str" = "u250_mpca") -> RuleGap:
    """Return how far the rule sets are apart on a plan, its encoders alone.

    Examples
    --------
    >>> import pivotsim as ps
    >>> gap = rule_gap("dense", ps.plan(ps.load_model("deit_s").replace({"prefix_tokens": 2})))
    >>> gap.schedule_cycles, gap.estimator_cycles, sum(gap.reasons.values())
    (1189032, 958464, 230568)
    """
    board = as_mpca(load_hardware(hw), "rule_gap")
    theirs = simulate(plan, board.replace({"mpca.rules": AUTHORS}))
    before = own = simulate(plan, board)
    reasons: dict[str, int] = {}
    changes: dict[str, object] = {}
    for reason, change in STEPS:
        changes |= change
        after = simulate(plan, board.replace(changes))
        reasons[reason] = before.pl_cycles - after.pl_cycles
        before = after
    row_sums = _cycles(theirs).get("softmax", 0)
    reasons[UNITS] = before.unit_cycles - row_sums
    reasons[BALANCE] = _unbalanced(before)
    reasons[TILES] = before.pl_cycles - theirs.pl_cycles - reasons[UNITS] - reasons[BALANCE]
    mine, other = _cycles(own), _cycles(theirs)
    by_module = {module: (mine[module], other[module]) for module in mine if mine[module] or other[module]}
    return RuleGap(name, own.pl_cycles, theirs.pl_cycles, by_module, reasons)


def _cycles(report: Report) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in report.rows:
        found[row.module] = found.get(row.module, 0) + row.cycles
    return found


def _unbalanced(report: Report) -> int:
    """Return the clocks that masked matrices take above what perfect balance of their lanes would."""
    rows = report.to_dict()["mpca_by_module"].values()
    return sum(row["cycles"] - row["lower_bound_cycles"] for row in rows if row["kernel"] == "sbmm")
