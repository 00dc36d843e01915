"""Bars: delay by module, energy by component, stacks by encoder or effort, pairs of results, verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.pages.bokeh_figures import HATCHES, PALETTE, add_hover, new_figure, new_source, place_legend, plain
from pivotsim.plots.style import GROUP_COLOURS, GROUP_HATCHES, GROUP_LABELS
from pivotsim.tables import figures, percent

ROW_PX, AROUND_PX = 30, 110  # a bar's height, and what a chart takes beside its bars


def group_bars(rows: Sequence[tuple[str, str, float]], unit: str = "ms") -> Any:
    """Return a bar for each (name, group, amount), its group by colour and hatch, its share where the pointer is."""
    total = sum(amount for *_, amount in rows)
    figure = new_figure(
        f"delay, {unit}", "", height=_height(len(rows)), y_range=[plain(name) for name, *_ in reversed(rows)]
    )
    bars = []
    for group in [name for name in GROUP_LABELS if any(row[1] == name for row in rows)]:
        own = [row for row in rows if row[1] == group]
        source = new_source({
            "name": [name for name, *_ in own], "amount": [amount for *_, amount in own],
            "share": [percent(amount / total if total else 0.0) for *_, amount in own],
        })  # fmt: skip
        bars.append(figure.hbar(
            y="name", right="amount", height=0.72, source=source, color=GROUP_COLOURS[group],
            hatch_pattern=_hatch(group), hatch_color="white", hatch_alpha=0.6, line_color="white",
            legend_label=GROUP_LABELS[group],
        ))  # fmt: skip
    return _finished(figure, bars, [("", "@name"), (unit, "@amount{0,0.000}"), ("share", "@share")])


def plain_bars(rows: Sequence[tuple[str, float]], label: str, unit: str) -> Any:
    """Return a bar for each (name, amount), all of one colour; below 0 they go to the left."""
    figure = new_figure(label, "", height=_height(len(rows)), y_range=[plain(name) for name, _ in reversed(rows)])
    source = new_source({"name": [name for name, _ in rows], "amount": [amount for _, amount in rows],
                         "text": [figures(amount) for _, amount in rows]})  # fmt: skip
    bars = figure.hbar(y="name", right="amount", height=0.7, source=source, color=PALETTE[0], line_color="white")
    is_signed = any(amount < 0 for _, amount in rows)
    return _finished(figure, [bars], [("", "@name"), (unit or "value", "@text")], is_signed=is_signed)


def group_stacks(stacks: Mapping[str, Mapping[str, float]], label: str) -> Any:
    """Return a stacked bar for each name, groups by colour and hatch, in ms."""
    names = [name.replace("\n", ", ") for name in stacks]
    groups = [g for g in GROUP_LABELS if any(g in stack for stack in stacks.values())]
    data: dict[str, Sequence[Any]] = {"name": names}
    data |= {group: [stack.get(group, 0.0) for stack in stacks.values()] for group in groups}
    figure = new_figure(label, "delay, ms", x_range=[plain(name) for name in names])
    bars = figure.vbar_stack(
        groups, x="name", width=0.78, source=new_source(data), color=[GROUP_COLOURS[g] for g in groups],
        hatch_pattern=[_hatch(g) for g in groups], hatch_color="white", hatch_alpha=0.6, line_color="white",
        legend_label=[GROUP_LABELS[g] for g in groups],
    )  # fmt: skip
    if max(map(len, names), default=0) > 9:
        figure.xaxis.major_label_orientation = 0.6
    figure.y_range.start = 0
    place_legend(figure)
    for group, bar in zip(groups, bars, strict=True):
        add_hover(figure, [bar], [(label, "@name"), (f"{GROUP_LABELS[group]}, ms", f"@{group}{{0,0.000}}")])
    return figure


def paired_bars(names: Sequence[str], results: Mapping[str, Sequence[float]], unit: str) -> Any:
    """Return bars side by side for each name, one for each result."""
    from bokeh.transform import dodge

    figure = new_figure(f"delay, {unit}", "", height=_height(len(names) * max(1, len(results)) * 2 // 3),
                        y_range=[plain(name) for name in reversed(names)])  # fmt: skip
    source = new_source({"name": list(names)} | {f"r{i}": list(v) for i, v in enumerate(results.values())})
    step = 0.8 / max(1, len(results))
    bars = []
    for place, label in enumerate(results):
        shift = 0.4 - step * (place + 0.5)  # the first result on top
        bars.append(figure.hbar(
            y=dodge("name", shift, range=figure.y_range), right=f"r{place}", height=step * 0.92, source=source,
            color=PALETTE[place % len(PALETTE)], line_color="white", legend_label=plain(label),
        ))  # fmt: skip
    tips = [("", "@name"), *((label, f"@r{i}{{0,0.000}} {unit}") for i, label in enumerate(results))]
    return _finished(figure, bars, tips)


def _hatch(group: str) -> str | None:
    return HATCHES.get(GROUP_HATCHES[group])


def _height(bars: int) -> int:
    return AROUND_PX + ROW_PX * max(bars, 2)


def _finished(figure: Any, bars: Sequence[Any], tips: Sequence[tuple[str, str]], *, is_signed: bool = False) -> Any:
    if not is_signed:
        figure.x_range.start = 0
    figure.ygrid.grid_line_color = None
    figure.yaxis.major_tick_line_color = None
    add_hover(figure, bars, tips)
    place_legend(figure)
    return figure
