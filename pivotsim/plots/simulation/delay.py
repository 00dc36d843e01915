"""Delay breakdowns: by module, by encoder, by effort."""

from pathlib import Path
from typing import TYPE_CHECKING

from pivotsim.effort.mixed_report import MixedReport
from pivotsim.plots.style import GROUP_COLOURS, GROUP_HATCHES, GROUP_LABELS, new_axes, plain_axes, save_figure
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.shares import add_up
from pivotsim.workload.ops import GROUP_OF

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_SEEN = 0.004  # of the highest bar
Stacks = dict[str, dict[str, float]]  # bar -> group -> ms


def module_delay_data(report: Report | MixedReport) -> list[tuple[str, str, float]]:
    """Return (module, group, ms), longest first."""
    rows = [
        (m, GROUP_OF.get(m, "entropy" if m == "entropy" else "other"), e["delay_ms"])
        for m, e in report.breakdown("module").items()
    ]
    return sorted(rows, key=lambda row: -row[2])


def quantity_label(report: Report | MixedReport) -> str:
    """Return what bars show: delay, or work where resources work side by side and the delay is less than its sum."""
    return "work, ms" if report.overlap_ms else "delay, ms"


def draw_module_delay(
    data: list[tuple[str, str, float]], axes: "Axes", title: str = "", quantity: str = "delay, ms"
) -> "Axes":
    """Draw one bar per module, its group by colour, its share of the total as text."""
    total = sum(ms for _, _, ms in data)
    for position, (_, group, ms) in enumerate(data):
        axes.barh(position, ms, color=GROUP_COLOURS[group], hatch=GROUP_HATCHES[group], edgecolor="white")
        axes.text(ms, position, f"  {ms:.2f} ms, {100 * ms / total if total else 0:.1f} %", va="center", fontsize=8)
    axes.set_yticks(range(len(data)), [module for module, _, _ in data])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.35 * max((ms for _, _, ms in data), default=1.0))
    axes.set_xlabel(quantity)
    axes.set_title(title, fontsize=10)
    _legend(axes, {group for _, group, _ in data}, "lower right")
    return plain_axes(axes)


def encoder_delay_data(report: Report) -> Stacks:
    """Return {encoder: {group: ms}}; an encoder without attention shows its MLP alone."""
    stacks: Stacks = {}
    for encoder in dict.fromkeys(row.encoder for row in report.rows):
        rows = [row for row in report.rows if row.encoder == encoder]
        name = str(encoder) if encoder else "outside"
        stacks[name] = add_up((GROUP_OF.get(row.module, "other"), row.delay_ms) for row in rows)
    return stacks


def effort_delay_data(mix: MixedReport) -> Stacks:
    """Return {bar: {group: ms}}: each effort on its own, then the mean image."""
    names = ["low", "high"] if len(mix.efforts) == 2 else [str(i + 1) for i in range(len(mix.efforts))]
    stacks: Stacks = {}
    for name, effort in zip(names, mix.efforts, strict=True):
        entries = effort.report.breakdown("group")
        stacks[f"{name}\n{100 * effort.reach_frac:.0f} % run it"] = {k: v["delay_ms"] for k, v in entries.items()}
    stacks["mean image"] = {k: v["delay_ms"] for k, v in mix.breakdown("group").items()}
    return stacks


def draw_stacks(
    data: Stacks, axes: "Axes", title: str = "", label: str = "encoder", quantity: str = "delay, ms"
) -> "Axes":
    """Draw one stacked bar per entry, groups by colour and hatch; one too thin to be seen is told in words instead."""
    top = max((sum(stack.values()) for stack in data.values()), default=1.0)
    most = {g: max((stack.get(g, 0.0) for stack in data.values()), default=0.0) for g in GROUP_LABELS}
    groups = [g for g in GROUP_LABELS if most[g] >= LEAST_SEEN * top and any(g in stack for stack in data.values())]
    thin = [f"{GROUP_LABELS[g]} {most[g]:.2g} ms" for g in GROUP_LABELS if 0 < most[g] < LEAST_SEEN * top]
    for position, stack in enumerate(data.values()):
        bottom = 0.0
        for group in groups:
            height = stack.get(group, 0.0)
            axes.bar(
                position, height, bottom=bottom, color=GROUP_COLOURS[group], hatch=GROUP_HATCHES[group],
                edgecolor="white", width=0.75,
            )  # fmt: skip
            bottom += height
    axes.set_xticks(range(len(data)), list(data))
    axes.set_ylim(0, 1.25 * top)
    axes.set_xlabel(label)
    axes.set_ylabel(quantity)
    axes.set_title(title, fontsize=10)
    _legend(axes, set(groups), "upper center", f"too thin to be seen: {', '.join(thin)}" if thin else "")
    return plain_axes(axes)


def _legend(axes: "Axes", groups: set[str], place: str, note: str = "") -> None:
    from matplotlib.patches import Patch

    shown = [g for g in GROUP_LABELS if g in groups]
    handles = [
        Patch(facecolor=GROUP_COLOURS[g], hatch=GROUP_HATCHES[g], edgecolor="white", label=GROUP_LABELS[g])
        for g in shown
    ]
    columns = len(shown) if place == "upper center" else 1
    axes.legend(
        handles=handles, loc=place, ncols=columns, fontsize=8, frameon=False, title=note or None, title_fontsize=7
    )


def plot_run(report: Report, folder: Path) -> list[Path]:
    """Write the pictures of one run and return their paths."""
    modules = module_delay_data(report)
    encoders = encoder_delay_data(report)
    title = f"{report.workload} on {report.hardware}: {report.delay_ms:.2f} ms"
    if report.overlap_ms:
        title += f", {report.busy_ms:.2f} ms of work"
    figure, (axes,) = new_axes(7, 1.2 + 0.3 * len(modules))
    draw_module_delay(modules, axes, title, quantity_label(report))
    paths = [save_figure(figure, folder, "delay_by_module")]
    figure, (axes,) = new_axes(max(5.0, 2 + 0.4 * len(encoders)), 3.5)
    draw_stacks(encoders, axes, title, quantity=quantity_label(report))
    return [*paths, save_figure(figure, folder, "delay_by_encoder")]


def plot_mix(mix: MixedReport, folder: Path) -> list[Path]:
    """Write the pictures of one effort combination and return their paths."""
    figure, (axes,) = new_axes(2.5 + 1.3 * (len(mix.efforts) + 1), 3.8)
    title = f"{mix.efforts[-1].report.workload}: {mix.delay_ms:.2f} ms for the mean image"
    if mix.overlap_ms:
        title += f", {mix.busy_ms:.2f} ms of work"
    draw_stacks(effort_delay_data(mix), axes, title, "effort", quantity_label(mix))
    paths = [save_figure(figure, folder, "delay_by_effort")]
    modules = module_delay_data(mix)
    figure, (axes,) = new_axes(7, 1.2 + 0.3 * len(modules))
    draw_module_delay(modules, axes, title, quantity_label(mix))
    return [*paths, save_figure(figure, folder, "delay_by_module")]
