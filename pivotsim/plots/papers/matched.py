"""Methods at matched MACs on several machines: what of the saved MACs becomes saved time, and what eats the rest."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.hardware.spec import Hardware
from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.matching import Matched
from pivotsim.workload.plans import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN_MODULES = ("score", "sort", "gather", "merge", "predictor")  # what a token method adds
# part of a delay -> (label, colour, hatch)
PARTS = {
    "gemm": ("matrix multiplications", "#0072B2", ""),
    "other": ("softmax and the rest", "#E69F00", "//"),
    "own": ("the method's own work", "#D55E00", "xx"),
}

TEXT_PERCENT = 9.0  # of an axis, that a number takes


class Cost(NamedTuple):
    """One method on one machine: its parts in ms, and what its MACs' share of the dense delay would be."""

    name: str
    setting: str
    parts: dict[str, float]
    delay_ms: float
    proportional_ms: float


def parts_of(report: Report) -> dict[str, float]:
    """Return the delay of a serial run by part: the method's own work, GEMMs, everything else."""
    sums = dict.fromkeys(PARTS, 0.0)
    for row in report.rows:
        sums["own" if row.module in OWN_MODULES else "gemm" if row.kind == "gemm" else "other"] += row.delay_ms
    return sums


def matched_data(
    plan: Plan, matched: Sequence[Matched], boards: Mapping[str, Hardware], *, profile: str = "paper"
) -> dict[str, list[Cost]]:
    """Return machine -> one Cost per method, the dense model first; whole models, patch embedding and head included."""
    dense_macs = lower(plan).macs
    workloads = [Matched("dense", "", plan, dense_macs), *matched]
    costs: dict[str, list[Cost]] = {}
    for label, hw in boards.items():
        reports = [simulate(m.plan, hw, profile=profile, scope="all") for m in workloads]
        costs[label] = [
            Cost(m.name, m.setting, parts_of(r), r.delay_ms, reports[0].delay_ms * m.macs / dense_macs)
            for m, r in zip(workloads, reports, strict=True)
        ]
    return costs


def draw_matched(costs: Sequence[Cost], axes: "Axes", title: str = "", *, has_names: bool = True) -> "Axes":
    """Draw one stacked bar per method over the dense delay = 100 %, a line where its MACs alone would end it."""
    dense_ms = costs[0].delay_ms
    for position, cost in enumerate(costs):
        left = 0.0
        for part, (_, colour, hatch) in PARTS.items():
            width = 100 * cost.parts[part] / dense_ms
            axes.barh(position, width, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.7)
            left += width
        mark = 100 * cost.proportional_ms / dense_ms
        is_inside = left < mark < left + TEXT_PERCENT  # the line stands where the number would
        axes.text(
            left - 1 if is_inside else left + 1, position, f"{left:.0f}", ha="right" if is_inside else "left",
            va="center", fontsize=8, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8} if is_inside else None,
        )  # fmt: skip
        axes.plot([mark, mark], [position - 0.45, position + 0.45], color="black", linewidth=1.5)
    names = [f"{cost.name}  {cost.setting}".strip() for cost in costs]
    axes.set_yticks(range(len(costs)), names if has_names else [""] * len(costs))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(100 * sum(cost.parts.values()) / dense_ms for cost in costs))
    axes.set_xlabel(f"delay, % of dense ({dense_ms:.2f} ms)")
    axes.set_title(title, fontsize=10)
    return plain_axes(axes)


def plot_matched(costs: Mapping[str, Sequence[Cost]], folder: Path) -> Path:
    """Write one picture with a column per machine and return its path."""
    figure, axes = new_axes(1.5 + 3.8 * len(costs), 1.2 + 0.3 * max(map(len, costs.values())), len(costs))
    for place, (ax, (label, rows)) in enumerate(zip(axes, costs.items(), strict=True)):
        draw_matched(rows, ax, label, has_names=place == 0)
    draw_parts_legend(axes[0])
    return save_figure(figure, folder, "matched_macs")


def draw_parts_legend(axes: "Axes") -> None:
    """Put the meaning of colours and of the line above a figure's axes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label) for label, colour, hatch in PARTS.values()
    ]
    handles.append(Line2D([0], [0], color="black", linewidth=1.5, label="if time fell as MACs do"))
    axes.figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
