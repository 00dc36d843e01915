"""Claims of PIVOT in words, ranges and bounds: each with its value as text, its verdict and the reason."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pivotsim.effort.search.paths import count_paths
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import Claim
from pivotsim.published.base.findings import INPUT, NOT_MET, NOT_MODELLED, REPRODUCED
from pivotsim.published.pivot.cells import CELLS, qkt_sv_percent
from pivotsim.published.pivot.reasons import FOLLOWS, INPUTS, OUTSIDE, SET_BY_PAPER, TOLERANCE_POINTS
from pivotsim.published.pivot.statements import MODELS, efforts_of
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.units import kib
from pivotsim.workload.plans import plan

Answer = tuple[str | None, str, str]  # value, verdict, reason


@dataclass(frozen=True)
class Worded:
    """Answers to the claims whose value is no plain number."""

    hw: SystolicHardware
    claims: list[Claim]
    baselines: Mapping[str, Report]

    @property
    def answers(self) -> dict[str, Callable[[Claim], Answer]]:
        """Quantity -> what answers a claim of it."""
        stated: dict[str, Callable[[Claim], Answer]] = {
            **{quantity: lambda claim: (None, NOT_MODELLED, OUTSIDE[claim.quantity]) for quantity in OUTSIDE},
            **{quantity: lambda claim: (None, INPUT, SET_BY_PAPER[claim.quantity]) for quantity in SET_BY_PAPER},
        }
        return {
            **{c.quantity: stated[c.quantity] for c in self.claims if c.number is None and c.quantity in stated},
            "dataflow": self._dataflow,
            "qkt_plus_smv_share": self._qkt_plus_smv_share,
            "pe_array": self._pe_array,
            "ipmem, wtmem, opmem": self._local_memories,
            "search_space_over_pivot": self._search_space,
            "entropy_share": self._entropy_share,
        }

    def _delay_ms(self, model: str) -> float:
        """Return the published delay of a baseline."""
        return next(c.number or 0.0 for c in self.claims if (c.model, c.quantity) == (model, "delay"))

    def _dataflow(self, claim: Claim) -> Answer:
        """Try all dataflows on all published shares, softmax being calibrated anew for each."""
        misses = {flow: self._worst_share_points(flow) for flow in DATAFLOW}
        meets = [flow for flow in DATAFLOW if misses[flow] <= TOLERANCE_POINTS]
        each = ", ".join(f"{flow} {'no fit' if math.isinf(m) else format(m, '.1f')}" for flow, m in misses.items())
        why = f"worst miss of all shares, in points: {each}; {' and '.join(meets) or 'none'} within {TOLERANCE_POINTS}"
        why += f", of {len(DATAFLOW)} dataflows tried"
        nearest = min(misses, key=lambda flow: misses[flow])
        found = None if math.isinf(misses[nearest]) else DATAFLOW[nearest].words
        return found, REPRODUCED if [DATAFLOW[flow].words for flow in meets] == [claim.text] else NOT_MET, why

    def _worst_share_points(self, flow: str) -> float:
        """Return the worst miss over all shares, softmax refitted to DeiT-S's delay; infinite where it cannot be."""
        hw = self.hw.replace({"array.dataflow": flow, "array.mac_packing": 1})  # os packs none
        start = simulate(plan("deit_s"), hw)
        softmax_ms = start.breakdown("group").get("softmax", {"delay_ms": 0.0})["delay_ms"]
        wanted_ms = self._delay_ms("DeiT-S") - (start.delay_ms - softmax_ms)
        if softmax_ms <= 0 or wanted_ms <= 0:
            return math.inf
        path = "host.paper.softmax.cycles_per_element"
        hw = hw.replace({path: hw.processor().paper.of("softmax").cycles_per_element * wanted_ms / softmax_ms})
        worst = 0.0
        for name, model in MODELS.items():
            report = simulate(plan(model), hw)
            for c in self.claims:
                if c.model == name and c.unit == "% of delay" and c.quantity in CELLS:
                    worst = max(worst, abs(CELLS[c.quantity](report, report, None) - (c.number or 0.0)))
        return worst

    def _qkt_plus_smv_share(self, claim: Claim) -> Answer:
        low, high = (float(part) for part in claim.text.split("-"))
        shares = sorted(qkt_sv_percent(report) for report in self.baselines.values())
        off = max(abs(shares[0] - low), abs(shares[-1] - high))
        met = off <= TOLERANCE_POINTS
        why = FOLLOWS if met else f"missed by {off:.1f} points"
        return f"{shares[0]:.1f}-{shares[-1]:.1f}", REPRODUCED if met else NOT_MET, why

    def _pe_array(self, claim: Claim) -> Answer:
        text = f"{self.hw.array.rows}x{self.hw.array.cols}"
        return text, *input_verdict(claim, text == claim.text)

    def _local_memories(self, claim: Claim) -> Answer:
        memories = self.hw.memories
        sizes = {memories.ipmem_bytes, memories.wtmem_bytes, memories.opmem_bytes}
        text = ", ".join(f"{8 * kib_value:g}" for kib_value in sorted(kib_or_unlimited(size) for size in sizes))
        return text, *input_verdict(claim, text == claim.text)

    def _search_space(self, claim: Claim) -> Answer:
        """Count paths of all pairs of efforts against one path for each pair, to the printed order of magnitude."""
        depth = load_model(MODELS[claim.model]).depth
        efforts = efforts_of(self.claims, claim.model)
        own, whole = (paths_per_pair(depth, [*efforts, *more]) for more in ([], [depth]))
        found = math.log10(own)
        met = f"10^{found:.0f}" == claim.text == f"10^{math.log10(whole):.0f}"
        why = f"{own:.2g} with pairs of efforts {efforts[0]} to {efforts[-1]}, {whole:.2g} with the whole model too"
        return f"10^{found:.2f}", REPRODUCED if met else NOT_MET, f"{why}; as an order of magnitude"

    def _entropy_share(self, claim: Claim) -> Answer:
        base = self.baselines["DeiT-S"]
        share = 100 * (base.gate_ms or 0.0) / base.delay_ms
        met = share < float(claim.text.lstrip("<"))
        return f"{share:.4f}", REPRODUCED if met else NOT_MET, "of DeiT-S's delay, the longest with 12 encoders"


def paths_per_pair(depth: int, efforts: Iterable[int]) -> float:
    """Return the mean over pairs of efforts of the paths that a pair has: C(depth, low) * C(depth, high)."""
    pairs = list(itertools.combinations(efforts, 2))
    return sum(count_paths(depth, pair) for pair in pairs) / len(pairs)


def kib_or_unlimited(size_bytes: int | str) -> float:
    """Return a memory's size in KiB; infinite where it is unlimited."""
    return math.inf if isinstance(size_bytes, str) else kib(size_bytes)


def input_verdict(claim: Claim, unchanged: bool) -> tuple[str, str]:
    """Return the verdict on a number that the board sets."""
    if unchanged:
        return INPUT, INPUTS[claim.quantity]
    return NOT_MET, f"this hardware differs from the paper's; {INPUTS[claim.quantity]}"
