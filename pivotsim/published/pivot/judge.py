"""Verdicts: what becomes of one published claim beside what the simulator says.

Verdicts
    reproduced                  simulated within the claim's tolerance, and not fitted to it
    calibrated                  an input of the model, or fitted to this very number
    inferred                    simulated with an effort pair that is inferred, within tolerance
    source contradicts itself   the paper's own rules and cells imply another value (found, not listed)
    not modelled                outside the model, or not met by it; the deviation is printed where there is one
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.resources import fit
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import Claim
from pivotsim.published.base.findings import CALIBRATED, CONTRADICTS, INFERRED, NOT_MODELLED, REPRODUCED, Finding
from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.cells import CELLS, qkt_sv_percent
from pivotsim.published.pivot.contradictions import BASELINES
from pivotsim.published.pivot.effort_pairs import FITS_BELOW, Hypothesis
from pivotsim.published.pivot.pair_ranking import Search
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.units import kib
from pivotsim.workload.plans import plan

MODELS = {"DeiT-S": "deit_s", "LVViT-S": "lvvit_s"}
LOOSER_DEPTH = 17  # encoders of LV-ViT-S that would meet its published delay; an inference, never used

# quantity -> tolerance: a fraction of the published value, or "pp" percentage points for shares
TOLERANCE_FRAC = {"delay": 0.005, "energy": 0.01, "edp": 0.01, "fps_per_watt": 0.015, "lut": 0.01}
TOLERANCE_POINTS = 0.7
INFERRED_FRAC = 0.025
INFERRED_POINTS = 3.0
FOLLOWS = f"follows from the one calibrated constant, not fitted; within {TOLERANCE_POINTS} points"

# how often the baseline's own residual in delay stands in a cell of a pair
RESIDUAL_POWER = {"delay": 1, "energy": 1, "edp": 2, "fps_per_watt": -1}

INPUTS = {
    "power": "input: power.board_w, the same in Tables 2 and 3",
    "pe_array": "input: array.rows x array.cols",
    "clock": "input: array.clock_mhz",
    "global_sram": "input: memories.gb_bytes",
    "ipmem, wtmem, opmem": "input: memories of 8 KB each",
    "entropy_delay": "input: host.paper.entropy, charged by combine",
}
# quantity -> (resource of the fit, verdict and reason where it is met)
RESOURCES = {
    "dsp": ("dsp", REPRODUCED, "one DSP per PE"),
    "lut": ("lut", CALIBRATED, "two LUTs per PE, this very figure rounded"),
    "registers": ("ff", CALIBRATED, "8 per PE, and what this figure leaves beside them"),
    "bram": ("bram36", CALIBRATED, "blocks of the memories at their ports, and what this figure leaves beside them"),
}
OUTSIDE = {
    "top1": "accuracy needs trained weights",
    "overhead": "measured on CPUs and GPUs",
    "delay_reduction_on_cpu_gpu": "measured on CPUs and GPUs",
    "delay_constraint_tolerance": "a rule of the co-search, not a result",
}


@dataclass(frozen=True)
class Judge:
    """Turns claims into findings; each method answers for one family of quantities."""

    hw: SystolicHardware
    claims: list[Claim]
    hits: list[Hit]
    searches: list[Search]
    baselines: dict[str, Report]
    mixes: dict[str, MixedReport]

    def finding(self, claim: Claim) -> Finding:
        """Return the claim with its simulated value, deviation, verdict and reason."""
        value: float | str | None
        deviation, remark = None, ""
        if claim.quantity in self.in_words:
            value, verdict, why = self.in_words[claim.quantity](claim)
        else:
            simulated, tolerance, remark = self.simulated(claim)
            verdict, why = self.verdict(claim, simulated, tolerance)
            value = None if simulated is None else float(simulated)
            if simulated is not None and claim.number:
                deviation = simulated / claim.number - 1
        hit = next((h for h in self.hits if h.id == claim.id), None)
        if hit is not None and hit.marked:
            size = "" if hit.size_frac is None else f" ({100 * hit.size_frac:+.1f} %)"
            verdict, why = CONTRADICTS, f"the paper's own cells imply {hit.implied}{size}: {hit.rule}"
        elif hit is not None and hit.size_frac is not None:
            cut = ", unless digits are cut" if hit.cut_explains else ""
            why += f"; off its own rule by {100 * hit.size_frac:+.1f} % ({hit.rule}{cut})"
        return Finding(claim, value, deviation, verdict, why + remark)

    @property
    def in_words(self) -> dict[str, Callable[[Claim], tuple[str | None, str, str]]]:
        """Quantity -> what returns (value, verdict, reason) where the value is words."""
        return {
            "dataflow": self._dataflow,
            "qkt_plus_smv_share": self._qkt_plus_smv_share,
            "pe_array": self._pe_array,
            "ipmem, wtmem, opmem": self._local_memories,
        }

    def delay_ms(self, model: str) -> float:
        """Return the published delay of a baseline."""
        return next(c.number or 0.0 for c in self.claims if (c.model, c.quantity) == (model, "delay"))

    # -- values ---------------------------------------------------------------------------------------------
    def simulated(self, claim: Claim) -> tuple[float | None, float, str]:
        """Return (value in the claim's unit, tolerance as a fraction of the published value, remark)."""
        value = self._plain_value(claim.quantity)
        if value is not None:
            return value, TOLERANCE_FRAC.get(claim.quantity, 0.0), ""
        case: Report | MixedReport | None = self.baselines.get(claim.model) or self.mixes.get(claim.model)
        getter = CELLS.get(claim.quantity)
        if case is None or getter is None:
            return None, 0.0, ""
        base = self.baselines[BASELINES.get(claim.model, claim.model)]
        best = next((s.best for s in self.searches if s.row == claim.model), None)
        return getter(case, base, best), self._tolerance(claim, best), self._remark(claim, case)

    def _plain_value(self, quantity: str) -> float | None:
        """Return a value that no run is needed for."""
        hw, depth = self.hw, load_model("deit_s").depth
        values: dict[str, Callable[[], float]] = {
            "power": lambda: hw.power.board_w,
            "clock": lambda: hw.array.clock_mhz,
            "global_sram": lambda: _kib(hw.memories.gb_bytes),
            **{name: functools.partial(self._resource, name) for name in RESOURCES},
            "entropy_delay": lambda: self.baselines["DeiT-S"].gate_ms or 0.0,
            "paths_for_efforts_3_6": lambda: math.comb(depth, 3) * math.comb(depth, 6),
        }
        return values[quantity]() if quantity in values else None

    def _tolerance(self, claim: Claim, best: Hypothesis | None) -> float:
        points = TOLERANCE_POINTS if best is None else INFERRED_POINTS
        if claim.unit.startswith("%"):
            return points / (claim.number or 1.0)
        return INFERRED_FRAC if best is not None else TOLERANCE_FRAC.get(claim.quantity, 0.0)

    def _remark(self, claim: Claim, case: Report | MixedReport) -> str:
        if (claim.model, claim.quantity) == ("LVViT-S", "delay"):
            deeper = plan(load_model("lvvit_s").replace({"depth": LOOSER_DEPTH}))
            delay = simulate(deeper, self.hw).delay_ms
            off = 100 * (delay / (claim.number or 1.0) - 1)
            return f"; {LOOSER_DEPTH} encoders, an inference, would give {delay:.2f} ms ({off:+.1f} %)"
        return ""

    # -- verdicts -------------------------------------------------------------------------------------------
    def verdict(self, claim: Claim, simulated: float | None, tolerance: float) -> tuple[str, str]:
        """Return verdict and reason of a plain number, contradictions aside."""
        if claim.quantity in OUTSIDE:
            return NOT_MODELLED, OUTSIDE[claim.quantity]
        if claim.quantity in INPUTS:
            return _input_verdict(claim, simulated == claim.number)
        if simulated is None:
            return NOT_MODELLED, "no rule of this model gives it"
        published = claim.number or 0.0
        search = next((s for s in self.searches if s.row == claim.model), None)
        if search is not None:
            return self._pair_verdict(search, claim, simulated, tolerance)
        off = abs(simulated / published - 1)
        if off > tolerance:
            at = f" at {load_model(MODELS[claim.model]).depth} encoders" if claim.model in MODELS else ""
            return NOT_MODELLED, f"missed by {100 * (simulated / published - 1):+.1f} %{at}"
        if (claim.model, claim.quantity) == ("DeiT-S", "delay"):
            return CALIBRATED, "the one free constant, softmax per element, is fitted to it"
        if claim.model == "DeiT-S" and claim.quantity in ("energy", "edp", "fps_per_watt"):
            return CALIBRATED, "follows from the calibrated delay and the power, both inputs"
        if claim.quantity == "paths_for_efforts_3_6":
            return REPRODUCED, "C(depth, 3) * C(depth, 6), exact"
        if claim.quantity in RESOURCES:
            verdict, why = RESOURCES[claim.quantity][1:]
            return verdict, why
        if claim.quantity == "mlp_share":
            return REPRODUCED, f"{FOLLOWS}; published as what the other two shares leave of 100 %"
        return REPRODUCED, FOLLOWS

    def _pair_verdict(self, search: Search, claim: Claim, simulated: float, tolerance: float) -> tuple[str, str]:
        """Judge a cell of an inferred pair relative to its baseline, so that the baseline's residual counts once."""
        best = search.best
        if not best.fits:
            return NOT_MODELLED, (
                f"open: no pair fits all cells under the EDP of all rows, {search.definition}; nearest {best}"
                f" (score {best.score:.1f}, fits below {FITS_BELOW:g})"
            )
        residual = self.delay_ms(BASELINES[claim.model]) / self.baselines[BASELINES[claim.model]].delay_ms
        relative = simulated * residual ** RESIDUAL_POWER.get(claim.quantity, 0)
        off = relative / (claim.number or 1.0) - 1
        where = f"pair {best}, inferred"
        if search.ties:
            where += f" (ties with {', '.join(f'({h.low}, {h.high})' for h in search.ties)})"
        if abs(relative / simulated - 1) > 0.001:
            where += f"; {100 * off:+.1f} % once the baseline's own residual is taken out"
        share = claim.unit.startswith("%")
        limit = f"{INFERRED_POINTS:g} points" if share else f"{100 * INFERRED_FRAC:g} %"
        if abs(off) > tolerance:
            return NOT_MODELLED, f"not within {limit} with {where}"
        return INFERRED, f"within {limit} with {where}"

    def _resource(self, quantity: str) -> float:
        return fit(self.hw)[RESOURCES[quantity][0]].demand

    def _dataflow(self, claim: Claim) -> tuple[str | None, str, str]:
        """Try all dataflows on all published shares, softmax being calibrated anew for each."""
        misses = {flow: self._worst_share_points(flow) for flow in DATAFLOW}
        meets = [flow for flow in DATAFLOW if misses[flow] <= TOLERANCE_POINTS]
        each = ", ".join(f"{flow} {'no fit' if math.isinf(m) else format(m, '.1f')}" for flow, m in misses.items())
        why = f"worst miss of all shares, in points: {each}; {' and '.join(meets) or 'none'} within {TOLERANCE_POINTS}"
        nearest = min(misses, key=lambda flow: misses[flow])
        found = None if math.isinf(misses[nearest]) else DATAFLOW[nearest].words
        return found, REPRODUCED if [DATAFLOW[flow].words for flow in meets] == [claim.text] else NOT_MODELLED, why

    def _worst_share_points(self, flow: str) -> float:
        """Return the worst miss over all shares, softmax refitted to DeiT-S's delay; infinite where it cannot be."""
        hw = self.hw.replace({"array.dataflow": flow})
        start = simulate(plan("deit_s"), hw)
        softmax_ms = start.breakdown("group").get("softmax", {"delay_ms": 0.0})["delay_ms"]
        wanted_ms = self.delay_ms("DeiT-S") - (start.delay_ms - softmax_ms)
        if softmax_ms <= 0 or wanted_ms <= 0:
            return math.inf
        path = "host.paper.softmax.cycles_per_element"
        hw = hw.replace({path: hw.processor().paper.of("softmax").cycles_per_element * wanted_ms / softmax_ms})
        worst = 0.0
        for name, model in MODELS.items():
            report = simulate(plan(model), hw)
            for c in self.claims:
                if c.model == name and c.unit == "% of delay":
                    worst = max(worst, abs(CELLS[c.quantity](report, report, None) - (c.number or 0.0)))
        return worst

    def _qkt_plus_smv_share(self, claim: Claim) -> tuple[str, str, str]:
        low, high = (float(part) for part in claim.text.split("-"))
        shares = sorted(qkt_sv_percent(report) for report in self.baselines.values())
        off = max(abs(shares[0] - low), abs(shares[-1] - high))
        met = off <= TOLERANCE_POINTS
        why = FOLLOWS if met else f"missed by {off:.1f} points"
        return f"{shares[0]:.1f}-{shares[-1]:.1f}", REPRODUCED if met else NOT_MODELLED, why

    def _pe_array(self, claim: Claim) -> tuple[str, str, str]:
        text = f"{self.hw.array.rows}x{self.hw.array.cols}"
        return text, *_input_verdict(claim, text == claim.text)

    def _local_memories(self, claim: Claim) -> tuple[str, str, str]:
        memories = self.hw.memories
        sizes = {memories.ipmem_bytes, memories.wtmem_bytes, memories.opmem_bytes}
        text = ", ".join(f"{8 * kib_value:g}" for kib_value in sorted(_kib(size) for size in sizes))
        return text, *_input_verdict(claim, text == claim.text)


def _kib(size_bytes: int | str) -> float:
    """Return a memory's size in KiB; infinite where it is unlimited."""
    return math.inf if isinstance(size_bytes, str) else kib(size_bytes)


def _input_verdict(claim: Claim, unchanged: bool) -> tuple[str, str]:
    if unchanged:
        return CALIBRATED, INPUTS[claim.quantity]
    return NOT_MODELLED, f"this hardware differs from the paper's; {INPUTS[claim.quantity]}"
