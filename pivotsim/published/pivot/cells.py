"""Cells of the paper's tables and figures, each answered by a simulated case."""

from collections.abc import Callable

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.published.pivot.hypotheses import Hypothesis
from pivotsim.simulation.report import Report


def qkt_sv_percent(report: Report | MixedReport) -> float:
    """Return the share of QK^T and SV together, the part that attention sparsity can save (section 1)."""
    modules = report.breakdown("module")
    return 100 * sum(modules[m]["share"] for m in ("qkt", "sv"))


def _group_percent(case: Report | MixedReport, base: Report, best: Hypothesis | None, *groups: str) -> float:
    total = base.delay_ms if best is not None and best.share_base == "baseline" else case.delay_ms
    return 100 * sum(case.breakdown("group").get(g, {"delay_ms": 0.0})["delay_ms"] for g in groups) / total


def _edp(case: Report | MixedReport, base: Report, best: Hypothesis | None) -> float:
    if isinstance(case, Report) or best is None:
        return case.edp_j_ms
    return {
        "sum over efforts": case.edp_sum_of_efforts_j_ms,
        "mean image": case.edp_j_ms,
        "mean over images": case.edp_mean_of_images_j_ms,
    }[best.edp_definition]


def _mlp_increase(case: Report | MixedReport, base: Report, best: Hypothesis | None) -> float:
    return 100 * (case.breakdown("group")["mlp"]["delay_ms"] / base.breakdown("group")["mlp"]["delay_ms"] - 1)


# quantity -> value in the claim's unit, from (the row's case, its baseline, the hypothesis behind it)
CELLS: dict[str, Callable[[Report | MixedReport, Report, Hypothesis | None], float]] = {
    "delay": lambda case, base, best: case.delay_ms,
    "energy": lambda case, base, best: case.energy_j,
    "edp": _edp,
    "fps_per_watt": lambda case, base, best: case.fps_per_watt,
    "delay_reduction": lambda case, base, best: base.delay_ms / case.delay_ms,
    "energy_reduction": lambda case, base, best: base.energy_j / case.energy_j,
    "edp_reduction": lambda case, base, best: base.edp_j_ms / _edp(case, base, best),
    "fps_per_watt_gain": lambda case, base, best: case.fps_per_watt / base.fps_per_watt,
    "attention_share": lambda case, base, best: _group_percent(case, base, best, "attention_mac", "softmax"),
    "softmax_share": lambda case, base, best: _group_percent(case, base, best, "softmax"),
    "attention_mac_share": lambda case, base, best: _group_percent(case, base, best, "attention_mac"),
    "mlp_share": lambda case, base, best: _group_percent(case, base, best, "mlp"),
    "mlp_delay_increase": _mlp_increase,
}
