"""Pruned and sparse ViTs, published points beside what is simulated: one picture per method."""

from pathlib import Path
from typing import TYPE_CHECKING

from pivotsim.models.spec import load_model
from pivotsim.plots.style import Written, new_axes, plain_axes, save_figure
from pivotsim.published.base.inference import Inference
from pivotsim.published.static.audit import StaticAudit
from pivotsim.published.static.kept_heads import TOKEN_RATES, WEIGHT_RATES, Kept, distilled, ratios
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#999999"
RATES = tuple(round(0.35 + 0.05 * i, 2) for i in range(13))  # 0.35 to 0.95
METHODS = {"evit": ("EViT", BLUE, "-", "o"), "dynamicvit": ("DynamicViT", RED, "--", "s")}
CYCLES = ("preload", "decode", "compute", "attention", "linear_preload", "linear", "ffn", "linear_and_ffn")

Points = list[tuple[float, float]]


def gmacs_data(audit: StaticAudit) -> dict[str, tuple[Points, Points]]:
    """Return {method: (simulated, published)} of DeiT-S: (keep rate, GMACs); the dense model stands at rate 1."""
    whole = plan("deit_s")
    found: dict[str, tuple[Points, Points]] = {}
    for method in METHODS:
        curve = [(rate, lower(prune_tokens(whole, method, keep_rate=rate)).macs / 1e9) for rate in RATES]
        points = [
            (float(f.claim.note.partition("keep_rate=")[2] or 1), f.claim.number)
            for f in audit.findings
            if f.claim.quantity == f"gmacs_{method}" and f.claim.model == "DeiT-S" and f.claim.number is not None
        ]
        found[method] = [*curve, (1.0, lower(whole).macs / 1e9)], points
    return found


def setting_data(heads: int = 60) -> list[tuple[str, float, float]]:
    """Return (setting, compute reduction, compression) of the shares in the repository, with 5 of 6 heads."""
    model = distilled()
    found = []
    for weights in WEIGHT_RATES:
        for tokens in TOKEN_RATES:
            compute, size = ratios(Kept(heads, "alike", weights, tokens, "linear layers", "whole"), model)
            found.append((f"r_b {weights:g}\nr_t {tokens:g}", compute, size))
    return found


def cycle_data(audit: StaticAudit) -> list[tuple[str, float, float]]:
    """Return (part, published, simulated) clocks of ViTCoD's logs."""
    found = {f.claim.quantity: f for f in audit.findings}
    rows = [(name, found[f"vitcod_{name}"]) for name in CYCLES]
    return [(name, f.claim.number or 0.0, float(f.simulated or 0)) for name, f in rows]


def token_data(audit: StaticAudit) -> tuple[list[int], list[tuple[int, float, float]]]:
    """Return HeatViT's tokens in attention by encoder, and its published points: (encoder, tokens, pruned %).

    A published share of pruned patches stands for the patches that stay, class and package token on top.
    """
    model = load_model("deit_s")
    tokens = [e.attention_tokens for e in prune_tokens(plan(model), "heatvit").encoders]
    points = [
        (int(f.claim.quantity.rpartition("_")[2]), model.patches * (1 - f.claim.number / 100) + 2, f.claim.number)
        for f in audit.findings
        if f.claim.quantity.startswith("heatvit_pruned_") and f.claim.number is not None
    ]
    return tokens, points


def draw_gmacs(data: dict[str, tuple[Points, Points]], axes: "Axes") -> "Axes":
    """Draw GMACs over keep rate, lines simulated and points published."""
    for method, (curve, points) in data.items():
        label, colour, line, marker = METHODS[method]
        axes.plot(*zip(*curve, strict=True), line, color=colour, label=f"{label}, simulated")
        (drawn,) = axes.plot(*zip(*points, strict=True), marker, ls="", ms=7, label=f"{label}, published")
        drawn.set(color=colour, markerfacecolor="white", markeredgewidth=1.6)
    axes.set(xlabel="keep rate", ylabel="GMACs of DeiT-S", title="Token pruning: EViT and DynamicViT")
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def draw_settings(data: list[tuple[str, float, float]], printed: dict[str, float], axes: "Axes") -> "Axes":
    """Draw both ratios of each setting, beside the two that are printed."""
    places, box = range(len(data)), {"facecolor": "white", "edgecolor": "none", "pad": 1}
    series = (("compute", BLUE, "", 1), ("size", ORANGE, "//", 2))
    for side, (quantity, colour, hatch, column) in enumerate(series):
        x = [place + (side - 0.5) * 0.4 for place in places]
        heights = [float(row[column]) for row in data]
        axes.bar(x, heights, 0.4, color=colour, hatch=hatch, edgecolor="white", label=f"{quantity}, 5 of 6 heads")
        for at, height in zip(x, heights, strict=True):
            axes.text(at, height + 0.07, f"{height:.2f}", ha="center", fontsize=7, bbox=box)
        axes.axhline(printed[quantity], color=colour, lw=1, ls="--", zorder=1)
        axes.text(len(data) - 0.45, printed[quantity], f"up to {printed[quantity]:g}x,\nprinted", va="center",
                  fontsize=8, color=colour, bbox=box)  # fmt: skip
    axes.set_xticks(list(places), [row[0] for row in data], fontsize=8)
    axes.set(ylabel="dense over pruned", title="Parikh et al.: by setting, heads inferred")
    axes.set_ylim(0, 4.3)
    axes.set_xlim(-0.6, len(data) + 0.4)
    axes.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)
    return plain_axes(axes)


def draw_hypotheses(audit: StaticAudit, axes: "Axes") -> "Axes":
    """Draw both ratios of every hypothesis, and the box of what the printed digits stand for."""
    from matplotlib.patches import Rectangle

    inferences: tuple[tuple[Inference, str, str, str], ...] = (
        (audit.densities, "one density", GREY, "x"),
        (audit.settings, "rates, count and heads open", BLUE, "."),
        (audit.heads, "heads open", ORANGE, "o"),
    )
    for found, name, colour, marker in inferences:
        x, y = ([one.values[q] for one in found.candidates] for q in ("compute", "size"))
        label = f"{name}: {len(found.fitting)} of {found.tried}"
        axes.plot(x, y, marker, color=colour, ms=4, mfc="none", ls="", label=label)
    compute, size = (cell.interval for cell in audit.heads.cells)
    corner, sides = (compute.low, size.low), (compute.high - compute.low, size.high - size.low)
    axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=RED, lw=1.5, zorder=3))
    axes.annotate(
        f"printed: {compute.value:g}x, {size.value:g}x",
        (compute.high, size.low), (compute.high + 0.12, size.low - 0.12), fontsize=8, color=RED,
        arrowprops={"arrowstyle": "-", "color": RED},
    )  # fmt: skip
    axes.set(
        xlabel="compute reduction", ylabel="compression", title="Parikh et al.: hypotheses, and those within print"
    )
    axes.set_ylim(0.7, None)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return plain_axes(axes)


def draw_cycles(data: list[tuple[str, float, float]], axes: "Axes") -> "Axes":
    """Draw clocks on a logarithmic axis, published and simulated, with the simulated number."""
    places = range(len(data))
    for side, (label, colour, hatch) in enumerate((("log", GREY, ""), ("closed form", BLUE, "//"))):
        x = [place + (side - 0.5) * 0.4 for place in places]
        axes.bar(x, [row[1 + side] for row in data], 0.4, color=colour, hatch=hatch, edgecolor="white", label=label)
    for place, (_, _, value) in zip(places, data, strict=True):
        axes.text(place, value * 1.15, f"{value:,.0f}", ha="center", fontsize=7)
    axes.set_yscale("log")
    axes.set_ylim(1e3, 1e7)
    axes.set_xticks(list(places), [name.replace("_", "\n") for name, _, _ in data], fontsize=8)
    axes.set(ylabel="clocks of all layers", title="ViTCoD: DeiT-T, 95 % of the scores left out")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return plain_axes(axes)


def draw_tokens(data: tuple[list[int], list[tuple[int, float, float]]], axes: "Axes") -> "Axes":
    """Draw HeatViT's tokens by encoder, and what its published shares leave."""
    tokens, points = data
    axes.step(range(1, len(tokens) + 1), tokens, where="mid", color=BLUE, label="simulated")
    at, left, pruned = zip(*points, strict=True)
    axes.plot(at, left, "o", color=RED, mfc="white", ms=7, mew=1.6, ls="", label="published share of pruned patches")
    for x, y, share in zip(at, left, pruned, strict=True):
        axes.text(x + 0.25, y + 6, f"{share:g} %", fontsize=8, color=RED)
    axes.set(
        xlabel="encoder", ylabel="tokens in attention", title="HeatViT on DeiT-S: shares are an input", ylim=(0, 210)
    )
    axes.set_xticks(range(1, len(tokens) + 1))
    axes.legend(frameon=False, fontsize=8)
    return plain_axes(axes)


def plot_audit(audit: StaticAudit, folder: Path) -> Written:
    """Draw the audit's pictures into a folder and return the files written."""
    printed = {cell.quantity: cell.interval.value for cell in audit.heads.cells}
    figure, (left, right) = new_axes(11, 4.2, 2)
    draw_gmacs(gmacs_data(audit), left)
    draw_tokens(token_data(audit), right)
    written = [save_figure(figure, folder, "static_tokens")]
    figure, (left, right) = new_axes(12, 4.6, 2)
    draw_settings(setting_data(), printed, left)
    draw_hypotheses(audit, right)
    written.append(save_figure(figure, folder, "static_parikh"))
    figure, (axes,) = new_axes(8, 4)
    draw_cycles(cycle_data(audit), axes)
    return Written([*written, save_figure(figure, folder, "static_vitcod")], [])
