"""Fig. 8: the energy-delay product over the low effort constraint, and its parts for PVDS-50.

    EDP = F_L * P * D_L^2  +  F_H * P * D_L^2  +  F_H * P * D_H^2        low effort, re-computation, high effort

the sum over efforts that the paper's tables print, F_H = 1 - F_L. F_L is taken to be the LEC, which Phase 2 raises the
threshold for; of real images at least that share leaves.
"""

from typing import TYPE_CHECKING, NamedTuple

from pivotsim.plots.papers.pivot.bars import PUBLISHED
from pivotsim.plots.style import plain_axes
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison
from pivotsim.published.pivot.statements import efforts_of
from pivotsim.simulation.run import simulate
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.attention_skipping import skip_attention

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LECS = (0.6, 0.7, 0.8, 0.9, 1.0)
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
PARTS = {"low": "low effort", "recomputation": "re-computation", "high": "high effort"}
PART_STYLES = {"low": ("#56B4E9", ""), "recomputation": ("#D55E00", "xx"), "high": ("#0072B2", "//")}
ROW = "PVDS-50"


class Parts(NamedTuple):
    """The parts of an EDP in J*ms."""

    low: float
    recomputation: float
    high: float


def parts_at(low_edp_j_ms: float, high_edp_j_ms: float, low_frac: float) -> Parts:
    """Return the parts at F_L, from the EDP of each effort alone.

    >>> parts_at(10.0, 20.0, 0.75)
    Parts(low=7.5, recomputation=2.5, high=5.0)
    """
    high_frac = 1 - low_frac
    return Parts(low_frac * low_edp_j_ms, high_frac * low_edp_j_ms, high_frac * high_edp_j_ms)


def printed_edps(audit: Audit | BoardComparison) -> dict[str, float]:
    """Return the EDPs in J*ms that Table 2 prints, row -> value."""
    rows = {f.claim.model: f.claim.number for f in audit.findings if f.claim.quantity == "edp"}
    return {row: rows[row] or 0.0 for row in ("DeiT-S", "PVDS-50", "PVDS-35") if rows.get(row)}


def parts_data(audit: Audit | BoardComparison) -> dict[float, Parts]:
    """Return Fig. 8b: LEC -> the parts for PVDS-50's efforts, its own F_L among them."""
    mix = audit.mixes[ROW]
    low, high = (effort.energy_j * effort.delay_ms for effort in mix.efforts)
    return {fraction: parts_at(low, high, fraction) for fraction in sorted({*LECS, own_frac(audit)})}


def own_frac(audit: Audit | BoardComparison) -> float:
    """Return PVDS-50's own F_L, which is inferred."""
    return round(audit.mixes[ROW].efforts[0].exit_frac, 4)


def lec_data(audit: Audit | BoardComparison) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """Return Fig. 8a: DeiT-S's pair (low, all attentions) -> [(LEC, EDP in J*ms)]."""
    whole = plan("deit_s")
    full = audit.baselines["DeiT-S"].edp_j_ms
    found = {}
    for effort in efforts_of([finding.claim for finding in audit.findings], "DeiT-S"):
        low = simulate(skip_attention(whole, active=range(1, effort + 1)), audit.hw).edp_j_ms
        found[effort, len(whole.encoders)] = [(lec, sum(parts_at(low, full, lec))) for lec in LECS]
    return found


def draw_lec(data: dict[tuple[int, int], list[tuple[float, float]]], printed: dict[str, float], axes: "Axes") -> "Axes":
    """Draw the EDP of every pair over LEC, printed EDPs as lines."""
    for colour, (pair, points) in zip(COLOURS, data.items(), strict=False):
        axes.plot([100 * lec for lec, _ in points], [edp for _, edp in points], "o-", color=colour, markersize=4,
                  linewidth=1, label=f"efforts {pair}")  # fmt: skip
    for row, edp in printed.items():
        axes.hlines(edp, 58, 100.5, color=PUBLISHED, linestyle="--", linewidth=1)
        axes.text(101, edp, f"{row}, printed {edp:g}", va="center", fontsize=8, color="#555555")
    axes.set_xlim(58, 116)
    axes.set_xticks([100 * lec for lec in LECS])
    axes.set_ylim(0, 1.08 * max([*printed.values(), *(edp for points in data.values() for _, edp in points)]))
    axes.set_xlabel("LEC, % of the images that leave at the low effort (100: low effort only)")
    axes.set_ylabel("EDP, sum over efforts, J*ms")
    axes.set_title("Fig. 8a: EDP over LEC, DeiT-S pairs (high effort: all attentions, inferred)", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="lower left", ncols=2)
    return plain_axes(axes)


def draw_parts(data: dict[float, Parts], own: float, printed: float | None, axes: "Axes") -> "Axes":
    """Draw the parts as stacked bars over LEC, and the total that Table 2 prints as a line at the row's own F_L."""
    for place, parts in enumerate(data.values()):
        bottom = 0.0
        for name, height in parts._asdict().items():
            colour, hatch = PART_STYLES[name]
            axes.bar(place, height, 0.75, bottom, color=colour, hatch=hatch, edgecolor="white",
                     label=PARTS[name] if place == 0 else None)  # fmt: skip
            if height:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                axes.text(place, bottom + height / 2, f"{height:.2f}", ha="center", va="center", fontsize=8, bbox=box)
            bottom += height
        axes.text(place, bottom + 0.3, f"sum {bottom:.2f}", ha="center", fontsize=8)
    if printed is not None:
        place = list(data).index(own)
        axes.hlines(printed, place - 0.5, place + 0.5, color="black", linestyle="--", linewidth=1.5,
                    label=f"sum in Table 2, printed {printed:g}")  # fmt: skip
    axes.set_xticks(range(len(data)), [f"{100 * lec:.4g}" for lec in data])
    axes.set_ylim(0, 1.35 * max(sum(parts) for parts in data.values()))
    axes.set_xlabel("LEC, %")
    axes.set_ylabel("EDP, sum over efforts, J*ms")
    axes.set_title(f"Fig. 8b: parts of {ROW}'s EDP (pair inferred; the paper prints no part)", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=2)
    return plain_axes(axes)
