"""Pictures of the memories' cost: array clocks by cause, and delay over the size of the output memory."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.details import MemoryDetails
from pivotsim.engines.memory.fit_check import units
from pivotsim.engines.memory.schedule import STALLS
from pivotsim.engines.memory.use import by_module
from pivotsim.errors import InputError, check_choice, check_real, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.memory import BUFFERS, UNLIMITED
from pivotsim.hardware.spec import Hardware
from pivotsim.plots.style import new_axes, plain_axes, save_figure
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOTAL = "all"
VISIBLE_FRAC = 0.005  # of the tallest bar
# cause -> label, colour, hatch; Okabe and Ito's palette as in style.py
CAUSES = {
    "unlimited": ("unlimited memories", "#0072B2", ""),
    "chunks": ("chunks", "#E69F00", "//"),
    "weight": ("waits for weights", "#009E73", ".."),
    "input": ("waits for inputs", "#CC79A7", "++"),
    "output": ("waits for outputs", "#56B4E9", "xx"),
    "dram": ("waits for DRAM or its ports", "#D55E00", "\\\\"),
}
LINES = {"single": ("#0072B2", "o"), "ping_pong": ("#D55E00", "s")}
# 4 KiB to 1 MiB; 9 and 13.5 KiB hold 64 and 96 steps of 36 columns, which divide the streams of usual models
SIZES = (*(int(eighth * 128) << power for power in range(2, 10) for eighth in (8, 9, 10, 12, 13.5, 14.5)), 2**20)
TICKS_MS = tuple(digit * 10.0**power for power in range(-3, 7) for digit in (1, 1.5, 2, 3, 4, 5, 6, 8))

Clocks = dict[str, dict[str, int]]  # bar -> cause -> array clocks


class OpmemPoint(NamedTuple):
    """One size of the output memory.

    ``stream_bytes`` is the memory that streams (is: WTMEM), ``chunk`` the most steps that both hold. ``limited_by``
    names the memory that holds the fewer, or is 'none' where the longest stream needs no chunks.
    """

    opmem_bytes: int
    stream_bytes: int
    chunk: int
    limited_by: str
    delay_ms: float


class OpmemCurve(NamedTuple):
    """Delay over the output memory's size, and the smallest size within the bound, if any is."""

    opmem_buffers: str
    is_stream_grown: bool
    points: list[OpmemPoint]
    smallest: OpmemPoint | None


class OpmemData(NamedTuple):
    """Four curves, the hardware's own point, the memory that streams, the delay without limits and the bound on it."""

    curves: list[OpmemCurve]
    own: OpmemPoint
    stream: str
    unlimited_ms: float
    bound_frac: float


def clocks_data(report: Report) -> Clocks:
    """Return {module: {cause: array clocks}} of a run with engine `memory`, all encoders together, and their sum."""
    if not isinstance(report.details, MemoryDetails):
        raise InputError(f"clocks_data: needs a run with engine 'memory' {got(report.options['engine'])}")
    data: Clocks = {
        module: {"unlimited": row["unlimited_cycles"], "chunks": row["chunk_cycles"], **row["stall_cycles"]}
        for module, row in by_module(report.details.uses).items()
    }
    data[TOTAL] = {cause: sum(causes[cause] for causes in data.values()) for cause in ("unlimited", "chunks", *STALLS)}
    return data


def draw_clocks(data: Clocks, axes: "Axes", title: str = "", label: str = "module") -> "Axes":
    """Draw one stacked bar per entry, causes by colour and hatch; the legend names those that can be seen."""
    from matplotlib.patches import Patch

    tallest = max((sum(bar.values()) for bar in data.values()), default=0) or 1
    for position, bar in enumerate(data.values()):
        bottom = 0.0
        for cause, (_, colour, hatch) in CAUSES.items():
            height = bar.get(cause, 0) / 1e6
            axes.bar(position, height, bottom=bottom, color=colour, hatch=hatch, edgecolor="white", width=0.75)
            bottom += height
        axes.text(position, bottom, f"{bottom:.2f}", ha="center", va="bottom", fontsize=8)
    axes.set_xticks(range(len(data)), list(data), fontsize=8)
    axes.set_ylim(0, 1.3 * tallest / 1e6)
    axes.set_xlabel(label)
    axes.set_ylabel("array clocks, millions")
    axes.set_title(title, fontsize=10)
    seen = [CAUSES[c] for c in CAUSES if any(bar.get(c, 0) > VISIBLE_FRAC * tallest for bar in data.values())]
    handles = [Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=name) for name, colour, hatch in seen]
    axes.legend(handles=handles, loc="upper left", ncols=3, fontsize=8, frameon=False)
    return plain_axes(axes)


def with_opmem(hw: SystolicHardware, opmem_bytes: int, steps: int = 0) -> SystolicHardware:
    """Return hardware with another output memory and, with ``steps``, a streaming memory that holds that many."""
    changes: dict[str, object] = {"memories.opmem_bytes": opmem_bytes}
    stream = _stream_memory(hw)
    size = getattr(hw.memories, f"{stream}_bytes")
    if size != UNLIMITED:
        halves = 1 + BUFFERS.index(getattr(hw.memories, f"{stream}_buffers"))
        changes[f"memories.{stream}_bytes"] = max(size, halves * steps * hw.array.rows)
    return hw.replace(changes)


def _stream_memory(hw: SystolicHardware) -> str:
    """Return the memory of the operand that streams past the held one."""
    return DATAFLOW[hw.array.dataflow].memories[1]


class _Sweep:
    """One plan on one hardware, for any size of its output memory."""

    def __init__(self, plan: Plan, hw: SystolicHardware, is_stream_grown: bool) -> None:
        chunked = [name for name, flow in DATAFLOW.items() if not flow.drains]
        check_choice("dataflow", hw.array.dataflow, chunked)  # sums that stay in the array are no chunks in OPMEM
        self.plan, self.hw, self.is_stream_grown = plan, hw, is_stream_grown
        sizes = [(op.m, op.k, op.n) for op in lower(plan) if op.kind == "gemm" and op.encoder]
        streamed = [DATAFLOW[hw.array.dataflow].sizes(m, k, n)[2] for m, k, n in sizes]
        self.steps = max(streamed)
        self.longest = sizes[streamed.index(self.steps)]
        self.shape = hw.array.rows, hw.array.cols, hw.array.dataflow

    def chunk(self, hw: SystolicHardware) -> tuple[int, str]:
        """Return the most steps of the longest stream that a half of every memory holds, and which memory limits."""
        limits = limits_of(hw.memories, hw.array.clock_mhz)
        held = [(self.steps, "none")]  # where two hold as many, the earlier is named
        for memory, _, _, per_step in reversed(units(self.longest, *self.shape, 1, limits)):  # opmem first
            half = limits.half_bytes(memory)
            if per_step and half is not None:
                held.append((8 * half // per_step, memory))
        return min(held, key=lambda entry: entry[0])

    def opmem_bytes(self, steps: int) -> int:
        """Return the output memory that holds so many steps."""
        halves = 1 + BUFFERS.index(self.hw.memories.opmem_buffers)
        limits = limits_of(self.hw.memories, self.hw.array.clock_mhz)
        per_step = units(self.longest, *self.shape, 1, limits)[2][3]
        return halves * steps * per_step // 8

    def point(self, opmem_bytes: int) -> OpmemPoint:
        """Return chunk, limit and delay at a size of the output memory."""
        grown = min(self.steps, opmem_bytes // self.opmem_bytes(1)) if self.is_stream_grown else 0
        hw = with_opmem(self.hw, opmem_bytes, grown)
        chunk, limited_by = self.chunk(hw)
        size = getattr(hw.memories, f"{_stream_memory(hw)}_bytes")
        delay_ms = simulate(self.plan, hw, engine="memory", memory="hw").delay_ms
        return OpmemPoint(opmem_bytes, size, chunk, limited_by, delay_ms)

    def smallest(self, limit_ms: float) -> OpmemPoint | None:
        """Return the smallest output memory within a delay; more memory is never slower, so bisection finds it."""
        low, high = 0, self.steps
        best = self.point(self.opmem_bytes(high))
        if best.delay_ms > limit_ms:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            point = self.point(self.opmem_bytes(middle))
            if point.delay_ms > limit_ms:
                low = middle
            else:
                high, best = middle, point
        return best


def opmem_data(plan: Plan, hw: Hardware, sizes: tuple[int, ...] = SIZES, bound_frac: float = 1.05) -> OpmemData:
    """Return delay over the output memory's size, single and ping-pong, the streaming memory as it is and grown alike.

    Parameters
    ----------
    plan : Plan
        The model.
    hw : Hardware
        Input or weight stationary.
    sizes : tuple of int
        Output memories in bytes; each holds a step or more in every half.
    bound_frac : float
        The smallest size is sought whose delay is at most this times the one with unlimited memories.
    """
    check_real("bound_frac", bound_frac)
    hw = as_systolic(hw, "opmem_data")
    unlimited_ms = simulate(plan, hw).delay_ms
    curves = []
    for is_grown in (False, True):
        for buffers in BUFFERS:
            sweep = _Sweep(plan, hw.replace({"memories.opmem_buffers": buffers}), is_grown)
            points = [sweep.point(size) for size in sizes]
            curves.append(OpmemCurve(buffers, is_grown, points, sweep.smallest(bound_frac * unlimited_ms)))
    own = _Sweep(plan, hw, False).point(int(hw.memories.opmem_bytes))
    return OpmemData(curves, own, _stream_memory(hw), unlimited_ms, bound_frac)


def draw_opmem(data: OpmemData, axes: "Axes", title: str = "") -> "Axes":
    """Draw delay over the output memory's size; markers are filled where the output memory limits the chunk."""
    from matplotlib.lines import Line2D

    ceiling_ms = data.bound_frac * data.unlimited_ms
    handles: list[Any] = []
    for curve in data.curves:
        colour, marker = LINES[curve.opmem_buffers]
        sizes = [point.opmem_bytes / 1024 for point in curve.points]
        delays = [point.delay_ms for point in curve.points]
        fills = [colour if point.limited_by == "opmem" else "white" for point in curve.points]
        kept = f"{data.stream.upper()} {'grows with it' if curve.is_stream_grown else 'as given'}"
        # the wide, light line is seen below a thin one of the same course
        width, alpha = (1.2, 1.0) if curve.is_stream_grown else (4.5, 0.35)
        axes.plot(sizes, delays, color=colour, linewidth=width, alpha=alpha, solid_capstyle="round", zorder=2)
        handles.append(
            Line2D(
                [], [], color=colour, linewidth=width, alpha=alpha, marker=marker, markersize=4,
                label=f"{_words(curve.opmem_buffers)} OPMEM, {kept}",
            )
        )  # fmt: skip
        axes.scatter(sizes, delays, s=14, c=fills, edgecolors=colour, linewidths=0.8, marker=marker, zorder=3)
    axes.axhline(data.unlimited_ms, color="black", linewidth=0.8)
    handles += [
        Line2D(
            [],
            [],
            linestyle="none",
            marker="o",
            markersize=4,
            markerfacecolor=face,
            markeredgecolor="black",
            label=text,
        )
        for face, text in (("black", "OPMEM limits the chunk"), ("white", "OPMEM does not limit it"))
    ]
    handles.append(
        axes.axhspan(
            data.unlimited_ms, ceiling_ms, color="#999999", alpha=0.4, linewidth=0,
            label=f"unlimited memories, {data.unlimited_ms:.2f} ms, to {100 * (data.bound_frac - 1):+.0f} %",
        )
    )  # fmt: skip
    _mark(axes, data.own, "as given", (-30, -34), "center")
    for curve, side in zip((c for c in data.curves if c.smallest is not None), ("left", "right"), strict=False):
        place = (10, -30) if side == "left" else (-10, -30)
        if curve.smallest is not None:
            _mark(axes, curve.smallest, f"smallest {_words(curve.opmem_buffers)}", place, side)
    shown = [point.opmem_bytes / 1024 for curve in data.curves for point in curve.points]
    axes.set_xscale("log", base=2)
    axes.set_xticks([2.0**power for power in range(64) if min(shown) <= 2.0**power <= max(shown)])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    top = max(point.delay_ms for curve in data.curves for point in curve.points)
    axes.set_yscale("log")
    axes.set_yticks([tick for tick in TICKS_MS if data.unlimited_ms <= tick <= 1.2 * top], minor=False)
    axes.set_yticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(0.75 * data.unlimited_ms, 1.2 * top)
    axes.set_xlabel("OPMEM, KiB")
    axes.set_ylabel("delay, ms per image")
    axes.set_title(title, fontsize=10)
    axes.legend(handles=handles, fontsize=8, frameon=False, loc="upper right")
    return plain_axes(axes)


def _words(buffers: str) -> str:
    return buffers.replace("_", "-")


def _mark(axes: "Axes", point: OpmemPoint, name: str, offset: tuple[int, int], side: str) -> None:
    axes.annotate(
        f"{name}: {point.opmem_bytes / 1024:.4g} KiB\n{point.delay_ms:.2f} ms",
        (point.opmem_bytes / 1024, point.delay_ms), xytext=offset, textcoords="offset points", fontsize=8, zorder=4,
        ha=side, va="center", arrowprops={"arrowstyle": "-", "linewidth": 0.8},
    )  # fmt: skip
    axes.scatter([point.opmem_bytes / 1024], [point.delay_ms], s=110, marker="*", c="#F0E442", edgecolors="black",
                 linewidths=0.8, zorder=5)  # fmt: skip


def plot_opmem(plan: Plan, hw: Hardware, folder: Path) -> Path:
    """Write the picture of the output memory's size and return its path."""
    figure, (axes,) = new_axes(8, 4.2)
    draw_opmem(opmem_data(plan, hw), axes, f"{plan.model.name} on {hw.name}: what the output memory must hold")
    return save_figure(figure, folder, "memory_opmem")
