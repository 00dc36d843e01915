"""Figs. 1c and 7: what HeatViT, ViTCoD and the pair cost a general-purpose processor, from a recording of one.

Each method stands beside the run that isolates its own work, and what is left of its time is compute:

    HeatViT    overhead = with selectors - a bare cut to as many tokens
    ViTCoD     overhead = with a mask - the same attention without one: a dense kernel computes every score anyway
    PVDS-50    mean image = low effort, gate, and F_H of the high effort; overhead = F_H of the low effort, run for
               images that run the high effort too, and the gate (PIVOT, sections 3.1 and 4.3)

Other work on the machine only adds to a time, so the fastest of the repeats are compared.
"""

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.errors import InputError
from pivotsim.plots.papers.pivot.bars import PUBLISHED
from pivotsim.plots.papers.pivot.recordings import Rows
from pivotsim.plots.style import plain_axes
from pivotsim.tables import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS = (
    ("baseline", "fused attention"),
    ("pair", "low effort alone"),
    ("pair", "easy image: low effort, gate"),
    ("pair", "hard image: low effort, gate, high effort"),
    ("heatvit", "bare cut to as many tokens"),
    ("heatvit", "selectors"),
    ("vitcod", "masked, fused attention"),
)
PLATFORMS = ("V100", "RTX 2080 Ti", "Orin Nano", "Xeon", "Raspberry Pi 4")  # the paper's, Fig. 7
RAN = "Xeon"
PRINTED_THROUGHPUT = (1.3, 2.0)  # of PIVOT over the baseline, section 1 and Fig. 1c
PRINTED_SPEEDUP = (1.2, 1.5)  # the same in section 4.3, Fig. 7
NOTE_CHARACTERS = 75  # in a line of a note, which fits a paper's column, too
COLOURS = {"DeiT-S": "#56B4E9", "HeatViT": "#E69F00", "ViTCoD": "#009E73", "PVDS-50": "#0072B2"}


class Method(NamedTuple):
    """Time of one image in ms: compute, and what the method adds to it."""

    name: str
    compute_ms: float
    overhead_ms: float

    @property
    def total_ms(self) -> float:
        """Both together."""
        return self.compute_ms + self.overhead_ms


def overhead_data(recorded: Rows, low_frac: float) -> list[Method]:
    """Return Fig. 7's bars: DeiT-S, HeatViT, ViTCoD, and the pair (6, 12) at F_L ``low_frac``."""
    repeats: dict[tuple[str, str], list[float]] = {}
    for row in recorded.rows:
        repeats.setdefault((row["method"], row["part"]), []).append(float(row["latency_ms"]))
    absent = [key for key in PARTS if key not in repeats]
    if absent:
        raise InputError(f"{recorded.path}: holds no row of {', '.join(absent[0])}")
    ms = {key: min(values) for key, values in repeats.items()}
    base, low, easy, hard, cut, selectors, masked = (ms[key] for key in PARTS)
    gate, high_frac = easy - low, 1 - low_frac
    mean_image = low_frac * (low + gate) + high_frac * hard
    own_work = high_frac * low + gate
    return [
        Method("DeiT-S", base, 0.0),
        Method("HeatViT", cut, selectors - cut),
        Method("ViTCoD", base, masked - base),
        Method("PVDS-50", mean_image - own_work, own_work),
    ]


def draw_overheads(data: list[Method], machine: str, axes: "Axes") -> "Axes":
    """Draw compute and overhead as stacked bars; platforms that never ran are named."""
    base = data[0].total_ms
    for place, method in enumerate(data):
        axes.bar(place, method.compute_ms, 0.6, color="#56B4E9", edgecolor="white",
                 label="compute" if place == 0 else None)  # fmt: skip
        axes.bar(place, method.overhead_ms, 0.6, method.compute_ms, color="#D55E00", hatch="//", edgecolor="white",
                 label="overhead" if place == 0 else None)  # fmt: skip
        share = percent(method.overhead_ms / method.total_ms)
        text = f"{method.total_ms:.1f} ms, {base / method.total_ms:.2f}x\noverhead {share}"
        axes.text(place, method.total_ms + 0.02 * base, text if place else f"{base:.1f} ms", ha="center", fontsize=8)
    axes.set_xticks(range(len(data)), [method.name for method in data])
    axes.set_ylim(0, 1.65 * base)
    axes.set_ylabel("time of one image, ms")
    low, high = PRINTED_SPEEDUP
    absent = ", ".join(name for name in PLATFORMS if name != RAN)
    ran = f"Run: {machine}, one thread, fused attention, fastest of the repeats. Not run: {absent}."
    printed = f"Published for PVDS-50: {low:g}-{high:g}x faster than DeiT-S on all five, overhead 6 %."
    axes.set_xlabel("\n".join([*textwrap.wrap(ran, NOTE_CHARACTERS), printed]), fontsize=8)
    axes.set_title("Fig. 7: compute and overhead, DeiT-S's shapes, pair (6, 12) inferred", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=2)
    return plain_axes(axes)


def draw_throughput(data: list[Method], machine: str, axes: "Axes") -> "Axes":
    """Draw throughput against the baseline, a place for each of the paper's platforms, those that never ran empty."""
    base = data[0].total_ms
    low, high = PRINTED_THROUGHPUT
    axes.axhspan(low, high, color=PUBLISHED, alpha=0.35, label=f"PIVOT, published: {low:g}-{high:g}x", zorder=0)
    for place, platform in enumerate(PLATFORMS):
        if platform != RAN:
            axes.text(place, 0.5, "not run", ha="center", fontsize=9, color="#555555")
            continue
        for side, method in enumerate(data):
            x, value = place + (side - 1.5) * 0.22, base / method.total_ms
            axes.bar(x, value, 0.2, color=COLOURS[method.name], edgecolor="white", label=method.name)
            axes.text(x, value + 0.02, f"{value:.2f}", ha="center", fontsize=7)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(PLATFORMS)), PLATFORMS, fontsize=8)
    axes.set_xlim(-0.5, len(PLATFORMS) - 0.5)
    axes.set_ylim(0, 2.6)
    axes.set_ylabel("throughput / DeiT-S")
    axes.set_xlabel(f"Run: {machine}", fontsize=8)
    axes.set_title("Fig. 1c: throughput on processors, DeiT-S's shapes, pair (6, 12) inferred", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=3)
    return plain_axes(axes)
