"""Both rule sets of the MPCA, module by module, and what each reason takes of the difference."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.published.static.rule_sets import RuleGap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN, THEIRS = "#0072B2", "#E69F00"
GROUPS = {
    "qkv": ("qkv",), "QK^T": ("qkt",), "softmax": ("softmax",), "SV": ("sv",), "proj": ("proj",), "fc1": ("fc1",),
    "fc2": ("fc2",),
}  # fmt: skip
REST = "rest"


def rule_data(gap: RuleGap) -> dict[str, tuple[int, int]]:
    """Return {module: (schedule, estimator)} in clocks; norms, activations, sums and token dropping are one row."""
    found = {name: gap.by_module.get(modules[0], (0, 0)) for name, modules in GROUPS.items()}
    named = {module for modules in GROUPS.values() for module in modules}
    others = [pair for module, pair in gap.by_module.items() if module not in named]
    return {**found, REST: (sum(own for own, _ in others), sum(theirs for _, theirs in others))}


def draw_rules(gap: RuleGap, axes: "Axes") -> "Axes":
    """Draw bars of both rule sets by module, in thousands of clocks."""
    data = rule_data(gap)
    places = range(len(data))
    for side, (label, colour, hatch) in enumerate((("schedule", OWN, ""), ("authors' estimator", THEIRS, "//"))):
        heights = [pair[side] / 1e3 for pair in data.values()]
        x = [place + (side - 0.5) * 0.4 for place in places]
        axes.bar(x, heights, 0.4, color=colour, hatch=hatch, edgecolor="white", label=label)
    axes.set_xticks(list(places), list(data), fontsize=8)
    axes.set_ylabel("thousand clocks")
    apart = gap.schedule_cycles / gap.estimator_cycles
    axes.set_title(f"{gap.name}: {gap.schedule_cycles:,} and {gap.estimator_cycles:,} clocks, {apart:.2f}x", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def draw_reasons(gaps: Sequence[RuleGap], axes: "Axes") -> "Axes":
    """Draw what each reason takes of the difference, in thousands of clocks, a bar per plan."""
    names = list(gaps[0].reasons)
    for side, (gap, colour) in enumerate(zip(gaps, ("#999999", "#D55E00"), strict=True)):
        y = [place + (side - 0.5) * 0.4 for place in range(len(names))]
        values = [gap.reasons[name] / 1e3 for name in names]
        axes.barh(y, values, 0.4, color=colour, hatch="//" * side, edgecolor="white", label=gap.name)
        for at, value in zip(y, values, strict=True):
            axes.text(value + 2, at, f"{value:.1f}", va="center", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("thousand clocks that the estimator does not count")
    axes.margins(x=0.12)
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def plot_rules(gaps: Sequence[RuleGap], folder: Path) -> list[Path]:
    """Draw two plans under both rule sets, and the reasons; return the file written."""
    figure, (*plans, reasons) = new_axes(14, 4.2, 3)
    for gap, axes in zip(gaps, plans, strict=True):
        draw_rules(gap, axes)
    draw_reasons(gaps, reasons)
    return [save_figure(figure, folder, "mpca_rules")]
