"""Verdicts: what becomes of one published claim beside what the simulator says.

Verdicts
    reproduced                  simulated within the claim's tolerance, and not fitted to it
    input                       a number that the paper sets, and the model takes
    calibrated                  fitted to this very number, or following from such a fit alone
    inferred                    simulated with an effort pair or a variant that is inferred, within tolerance
    not met                     modelled, and missed by more than the tolerance
    source contradicts itself   the paper's own rules and cells imply another value (found, not listed)
    not modelled                outside the model
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.device_fit import fit
from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import Claim
from pivotsim.published.base.findings import (
    CALIBRATED,
    CONTRADICTS,
    INFERRED,
    INPUT,
    NOT_MET,
    NOT_MODELLED,
    REPRODUCED,
    Finding,
)
from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.cells import CELLS
from pivotsim.published.pivot.hypotheses import Hypothesis, Search
from pivotsim.published.pivot.lvvit_variants import MODEL as LVVIT_S
from pivotsim.published.pivot.lvvit_variants import TABLE, VariantSearch
from pivotsim.published.pivot.reasons import (
    BESIDE,
    FOLLOWS,
    INFERRED_FRAC,
    INFERRED_POINTS,
    INPUTS,
    OUTSIDE,
    RESOURCES,
    SET_BY_PAPER,
    TOLERANCE_FRAC,
    TOLERANCE_POINTS,
)
from pivotsim.published.pivot.statements import MODELS, target_of
from pivotsim.published.pivot.worded import Answer, Worded, input_verdict, kib_or_unlimited
from pivotsim.simulation.report import Report

BY_CONSTANTS = {"fpga.use.counted_by": "fitted"}  # that are fitted to the published design, not the Verilog that ships
CUT = ", only if digits are cut, not rounded"
OF_TABLE = ("delay", "energy", "edp", "fps_per_watt")  # LV-ViT-S's cells of Table 3, by the variant that meets it


@dataclass(frozen=True)
class Judge:
    """Turns claims into findings.

    Attributes
    ----------
    searches, variants
        What was tried for the effort pairs and for LV-ViT-S.
    baselines : mapping
        Model -> its report, as released.
    of_table : Report or None
        LV-ViT-S by the variant that meets Table 3; None where none does.
    bases, mixes : mapping
        Row -> the report of its baseline in the row's variant, and the row's mean image.
    """

    hw: SystolicHardware
    claims: list[Claim]
    hits: list[Hit]
    searches: list[Search]
    variants: VariantSearch
    baselines: Mapping[str, Report]
    of_table: Report | None
    bases: Mapping[str, Report]
    mixes: Mapping[str, MixedReport]

    def finding(self, claim: Claim) -> Finding:
        """Return the claim with its simulated value, deviation, verdict and reason."""
        value: float | str | None
        deviation = None
        if claim.quantity in self.in_words:
            value, verdict, why = self.in_words[claim.quantity](claim)
        else:
            simulated, tolerance = self.simulated(claim)
            verdict, why = self.verdict(claim, simulated, tolerance)
            value = None if simulated is None else float(simulated)
            if simulated is not None and claim.number:
                deviation = simulated / claim.number - 1
        hit = next((h for h in self.hits if h.id == claim.id), None)
        if hit is not None and hit.marked:
            size = "" if hit.size_frac is None else f" ({100 * hit.size_frac:+.1f} %)"
            verdict, why = CONTRADICTS, f"the paper's own cells imply {hit.implied}{size}: {hit.rule}"
        elif hit is not None and hit.size_frac is not None:
            digits = f", unless digits are {hit.remark.split()[0]}" if hit.remark else ""
            why += f"; off its own rule by {100 * hit.size_frac:+.1f} % ({hit.rule}{digits})"
        if value is not None and claim.quantity in BESIDE:
            why += f"; {BESIDE[claim.quantity]}"
        return Finding(claim, value, deviation, verdict, why)

    @cached_property
    def in_words(self) -> dict[str, Callable[[Claim], Answer]]:
        """Quantity -> what returns (value, verdict, reason) where the value is words."""
        return Worded(self.hw, self.claims, self.baselines).answers

    # -- values ---------------------------------------------------------------------------------------------
    def simulated(self, claim: Claim) -> tuple[float | None, float]:
        """Return (value in the claim's unit, tolerance as a fraction of the published value)."""
        value = self._plain_value(claim)
        if value is not None:
            return value, TOLERANCE_FRAC.get(claim.quantity, 0.0)
        of_variant = self.of_table if (claim.model == LVVIT_S and claim.quantity in OF_TABLE) else None
        case = of_variant or self.baselines.get(claim.model) or self.mixes.get(claim.model)
        getter = CELLS.get(claim.quantity)
        if case is None or getter is None:
            return None, 0.0
        best = self._best(claim.model)
        base = self.bases[claim.model] if best else self.baselines[claim.model]
        return getter(case, base, best), self._tolerance(claim, best, inferred=bool(best or of_variant))

    def _best(self, row: str) -> Hypothesis | None:
        return next((s.best for s in self.searches if s.row == row), None)

    def _plain_value(self, claim: Claim) -> float | None:
        """Return a value that no run of its own is needed for."""
        hw, depth = self.hw, load_model("deit_s").depth
        values: dict[str, Callable[[], float]] = {
            "power": lambda: hw.power.board_w,
            "clock": lambda: hw.array.clock_mhz,
            "global_sram": lambda: kib_or_unlimited(hw.memories.gb_bytes),
            **{name: functools.partial(self._resource, name) for name in RESOURCES},
            "entropy_delay": lambda: self.baselines["DeiT-S"].gate_ms or 0.0,
            "paths_for_efforts_3_6": lambda: math.comb(depth, 3) * math.comb(depth, 6),
            "overhead": lambda: self._recomputed_percent(claim.model),
        }
        return values[claim.quantity]() if claim.quantity in values else None

    def _recomputed_percent(self, row: str) -> float:
        """Return the share of a row's delay that images at high effort spent at low effort: F_H * D_L / D."""
        mix = self.mixes[row]
        low, high = mix.efforts
        return 100 * high.reach_frac * low.delay_ms / mix.delay_ms

    def _resource(self, quantity: str) -> float:
        return fit(self.hw.replace(BY_CONSTANTS))[RESOURCES[quantity][0]].demand

    def _tolerance(self, claim: Claim, best: Hypothesis | None, *, inferred: bool) -> float:
        if claim.unit.startswith("%"):
            return (INFERRED_POINTS if inferred else TOLERANCE_POINTS) / (claim.number or 1.0)
        if best is not None and best.reading.by_target and claim.quantity == "delay":
            target = target_of(claim.model, self.claims)
            return target.high / target.value - 1
        return INFERRED_FRAC if inferred else TOLERANCE_FRAC.get(claim.quantity, 0.0)

    # -- verdicts -------------------------------------------------------------------------------------------
    def verdict(self, claim: Claim, simulated: float | None, tolerance: float) -> tuple[str, str]:
        """Return verdict and reason of a plain number, contradictions aside."""
        if claim.quantity in OUTSIDE:
            return NOT_MODELLED, OUTSIDE[claim.quantity]
        if claim.quantity in SET_BY_PAPER:
            return INPUT, SET_BY_PAPER[claim.quantity]
        if claim.quantity in INPUTS:
            return input_verdict(claim, simulated == claim.number)
        if simulated is None:
            return NOT_MODELLED, "no rule of this model gives it"
        off = simulated / (claim.number or 1.0) - 1
        search = next((s for s in self.searches if s.row == claim.model), None)
        if search is not None:
            return self._pair_verdict(search, claim, off, tolerance)
        if claim.model == LVVIT_S and claim.quantity in OF_TABLE:
            return self._table_verdict(claim, off, tolerance)
        if abs(off) > tolerance:
            return NOT_MET, f"missed by {100 * off:+.1f} %"
        if (claim.model, claim.quantity) == ("DeiT-S", "delay"):
            return CALIBRATED, "the one free constant, softmax per element, is fitted to it"
        if claim.model == "DeiT-S" and claim.quantity in ("energy", "edp", "fps_per_watt"):
            return CALIBRATED, "follows from the calibrated delay and the power, an input"
        if claim.quantity == "paths_for_efforts_3_6":
            return REPRODUCED, "C(depth, 3) * C(depth, 6), exact"
        if claim.quantity in RESOURCES:
            return RESOURCES[claim.quantity][1:]
        why = FOLLOWS
        if claim.quantity == "mlp_share":
            why += "; published as what the other two shares leave of 100 %"
        if claim.model == LVVIT_S:
            why += "; the released model, of MLP ratio 3"
        return REPRODUCED, why

    def _table_verdict(self, claim: Claim, off: float, tolerance: float) -> tuple[str, str]:
        """Judge a cell of LV-ViT-S's row of Table 3, which the released model does not meet."""
        variants, released = self.variants, self.baselines[LVVIT_S]
        if self.of_table is None or abs(off) > tolerance:
            at = "" if self.of_table else f" at {load_model(MODELS[LVVIT_S]).depth} encoders; no variant meets Table 3"
            return NOT_MET, f"missed by {100 * off:+.1f} %{at}"
        own, meeting = CELLS[claim.quantity](released, released, None), variants.meeting(TABLE)
        why = (
            f"within {100 * tolerance:g} % with {variants.of_table}, inferred: {len(meeting)} of {variants.tried}"
            " variants tried meets delay and energy within print; the released model, of MLP ratio 3, gives"
            f" {own:.4g} ({100 * (own / (claim.number or 1.0) - 1):+.1f} %)"
        )
        return INFERRED, why + (f"; {variants.near_text}" if claim.quantity == "delay" else "")

    def _pair_verdict(self, search: Search, claim: Claim, off: float, tolerance: float) -> tuple[str, str]:
        """Judge a cell of a row whose pair is inferred."""
        best = search.best
        if not best.fits:
            others = "".join(f"; {one}, of efforts or LECs that the paper does not state" for one in search.holding)
            return NOT_MET, f"open: {search.counted}{others}; simulated is {best}"
        points = claim.unit.startswith("%")
        limit = f"{INFERRED_POINTS:g} points" if points else f"{100 * tolerance:g} %"
        where = f"pair {best}, inferred{CUT if best.digits == 'cut' else ''}: {search.count_text(best.reading)}"
        if points and best.share_base and claim.unit == "% of delay":
            where += f"; shares of the {best.share_base} delay, 1 of 2 readings"
        if best.reading.by_target and claim.quantity == "delay":
            where = f"the target in the row's name, as phase 2 accepts it: {where}"
        if abs(off) > tolerance:
            return NOT_MET, f"missed by {100 * off:+.1f} %, not within {limit} with {where}"
        return INFERRED, f"within {limit} {'of ' if where.startswith('the target') else 'with '}{where}"
