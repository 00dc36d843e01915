"""The token-pruning paper's figures: published points beside the GPU wave model."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.models.spec import load_model
from pivotsim.plots.exploration.schedule_sweep import draw_sweep, sweep_data
from pivotsim.plots.style import Written, new_axes, plain_axes, save_figure
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.staircase import staircase_of
from pivotsim.pruning.sweeps.plans import method_sweep, plans_at_equal_macs
from pivotsim.pruning.token_workload import workload_size
from pivotsim.published.tokens.audit import TokenAudit
from pivotsim.published.tokens.claims import BASELINE, MODELS, OURS, TokenClaim
from pivotsim.published.tokens.latency import plan_of
from pivotsim.workload.plans import plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {OURS: "#0072B2", "Top-K": "#E69F00", "ToMe": "#56B4E9", "DyViT": "#D55E00", BASELINE: "#000000"}
MARKERS = {OURS: "o", "Top-K": "s", "ToMe": "^", "DyViT": "D", BASELINE: "*"}
STAIRS = (("TX2", "DeiT-B", (1, 2)), ("AGX Orin", "DinoV2-G", (1, 2)), ("A100", "DinoV2-G", (4, 16)))
SINGLE = 69  # R of Table 7
TABLE_NAMES = {"one layer": OURS, "Top-K": "Top-K", "ToMe": "ToMe", "DynamicViT": "DyViT"}
MODELLED = "wave model (not validated)"


class Pair(NamedTuple):
    """A published latency with the model's, in ms, and the claim that it is; degradation in points where printed."""

    claim: TokenClaim
    published_ms: float
    modelled_ms: float
    degradation: float | None


def latency_data(audit: TokenAudit) -> list[Pair]:
    """Return every latency with a model's, each setting of a table once, in the claims' order."""
    lost = {(f.claim.where, f.claim.setting): f.claim.number for f in _of(audit, "degradation")}
    return [
        Pair(f.claim, f.claim.number, f.simulated, lost.get((f.claim.where, f.claim.setting)))
        for f in _of(audit, "latency")
        if isinstance(f.simulated, float) and f.claim.number is not None
    ]


def alpha_data(audit: TokenAudit, device: str) -> list[tuple[float, float, Pair]]:
    """Return Table 4's rows of a device: least and greatest alpha, and the latency (Fig. 6)."""
    ranges = {f.claim.setting: f.claim.text for f in _of(audit, "alpha")}
    rows = [pair for pair in latency_data(audit) if pair.claim.where == "table4" and pair.claim.device == device]
    return [(*map(float, ranges[pair.claim.setting].split("-")), pair) for pair in rows]  # type: ignore[misc]


def front_data(audit: TokenAudit) -> dict[str, list[Pair]]:
    """Return the comparisons of Tables 6, 7 and 9 by device, model and batch (Fig. 7 and section 8.2)."""
    found: dict[str, list[Pair]] = {}
    for pair in latency_data(audit):
        claim = pair.claim
        if claim.where in ("table6", "table7", "table9"):
            found.setdefault(f"{claim.model}, {claim.device}, batch {claim.batch}", []).append(pair)
    return found


def _of(audit: TokenAudit, quantity: str) -> Iterator["TokenFinding"]:
    for finding in audit.findings:
        claim = finding.claim
        assert isinstance(claim, TokenClaim)  # all of this audit's are
        if claim.quantity == quantity:
            yield TokenFinding(claim, finding.simulated)


class TokenFinding(NamedTuple):
    """A claim and what was found."""

    claim: TokenClaim
    simulated: float | str | None


def draw_stairs(audit: TokenAudit, axes: "Axes", device: str, model: str, batches: tuple[int, ...]) -> "Axes":
    """Draw the wave model's latency over workload size (Fig. 1), published whole models as stars."""
    spec = load_model(MODELS[model])
    for batch, style in zip(batches, ("-", "--"), strict=True):
        stairs = staircase_of(plan(spec), GpuWave(audit.gpus[device]), batch=batch)
        sizes = [workload_size(spec, n, batch) / 1e6 for n in stairs.tokens.tolist()]
        axes.plot(sizes, stairs.latency_ms, style, drawstyle="steps-pre", color=COLOURS[OURS],
                  label=f"batch {batch}, {MODELLED}")  # fmt: skip
    wholes = {
        (p.claim.batch, p.published_ms) for p in latency_data(audit)
        if (p.claim.device, p.claim.model, p.claim.method) == (device, model, BASELINE) and p.claim.batch in batches
    }  # fmt: skip
    for batch, published in sorted(wholes):
        axes.plot(workload_size(spec, None, batch or 1) / 1e6, published, "*", color="black", markersize=9,
                  label="published, whole models")  # fmt: skip
    axes.set_ylim(bottom=0)
    return _finished(axes, "workload B * N * D, millions", "latency, ms", f"{model} on {device}")


def draw_alpha(rows: list[tuple[float, float, Pair]], axes: "Axes", title: str) -> "Axes":
    """Draw latency over alpha, one bar of a published and one of a modelled latency per range (Fig. 6)."""
    for i, (low, high, pair) in enumerate(rows):
        ends = (low - 0.02, high + 0.02)
        axes.plot(ends, (pair.published_ms,) * 2, "-", color="black", linewidth=3, label="" if i else "published")
        axes.plot(ends, (pair.modelled_ms,) * 2, "--", color=COLOURS[OURS], linewidth=2, label="" if i else MODELLED)
        below = min(pair.published_ms, pair.modelled_ms)
        axes.annotate(f"R = {pair.claim.removed}\n-{pair.degradation} points", ((low + high) / 2, below),
                      xytext=(0, -24), textcoords="offset points", fontsize=8, ha="center")  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.25 * max(max(pair[1:3]) for _, _, pair in rows))
    return _finished(axes, "alpha, weight of latency", "latency, ms", title)


def draw_location(pairs: list[Pair], axes: "Axes") -> "Axes":
    """Draw latency over the encoder that prunes (Table 5), by batch."""
    for batch, marker, colour in ((1, "o", COLOURS[OURS]), (2, "s", COLOURS["Top-K"])):
        rows = [p for p in pairs if p.claim.where == "table5" and p.claim.batch == batch]
        places = [p.claim.encoder or 0 for p in rows]
        axes.plot(places, [p.published_ms for p in rows], marker, color=colour, label=f"published, batch {batch}")
        axes.plot(places, [p.modelled_ms for p in rows], "--", color=colour, label=f"batch {batch}, wave model")
    title = "Table 5: DinoV2-G on AGX Orin (inferred)\nbatch 2 is behind the model's share for scoring"
    return _finished(axes, "encoder that prunes", "latency, ms", title)


def draw_tokens(axes: "Axes") -> "Axes":
    """Draw the tokens of every encoder's MLP: one layer that prunes, and many, at about the same MACs (Fig. 4)."""
    for label, pruned in plans_at_equal_macs(plan("deit_s"), SINGLE).items():
        method = TABLE_NAMES.get(label[0])
        if method is not None:
            counts = [e.mlp_tokens for e in pruned.encoders]
            axes.plot(range(1, len(counts) + 1), counts, drawstyle="steps-mid", color=COLOURS[method],
                      marker=MARKERS[method], markersize=4, label=f"{label[0]}, {label[1]}")  # fmt: skip
    axes.set_ylim(bottom=0)
    return _finished(axes, "encoder", "tokens of the MLP", "Fig. 4: DeiT-S, one layer or many at about the same MACs")


def draw_front(pairs: list[Pair], axes: "Axes", title: str) -> "Axes":
    """Draw points lost over latency (Fig. 7): published full, modelled hollow, a line between."""
    for pair in pairs:
        method, lost = pair.claim.method, pair.degradation or 0.0
        colour, marker = COLOURS[method], MARKERS[method]
        axes.plot((pair.published_ms, pair.modelled_ms), (lost, lost), "-", color=colour, linewidth=0.8)
        axes.plot(pair.published_ms, lost, marker, color=colour, label="whole model" if method == BASELINE else method)
        axes.plot(pair.modelled_ms, lost, marker, markerfacecolor="white", markeredgecolor=colour)
    axes.set_ylim(bottom=min(axes.get_ylim()[0], -0.1))
    return _finished(axes, "latency, ms", "accuracy lost, points", title)


def draw_batches(audit: TokenAudit, axes: "Axes") -> "Axes":
    """Draw the change by R = 166 and 185 over the batch on the A100, published ones beside (section 8.2)."""
    pairs = [p for p in latency_data(audit) if p.claim.device == "A100" and p.claim.batch and p.claim.where != "table8"]
    whole = {p.claim.batch: p for p in pairs if p.claim.method == BASELINE}
    gpu, model, batches = audit.gpus["A100"], plan("dinov2_g"), range(1, 25)
    plain, scored = GpuWave(gpu), GpuWave(gpu, scored=True)
    own = [p for p in pairs if p.claim.method == OURS]
    for pair, colour in zip(own, (COLOURS[OURS], COLOURS["Top-K"]), strict=True):
        claim, batch = pair.claim, pair.claim.batch
        pruned = plan_of(claim)
        assert pruned is not None and batch is not None  # the row states all
        change = [100 * (scored.latency_ms(pruned, b) / plain.latency_ms(model, b) - 1) for b in batches]
        axes.plot(batches, change, "--", color=colour, label=f"R = {claim.removed}, {MODELLED}")
        published = 100 * (pair.published_ms / whole[batch].published_ms - 1)
        axes.plot(batch, published, "o", color=colour, label=f"R = {claim.removed}, published")
    axes.set_ylim(-65, 45)
    axes.axhline(0, color="#999999", linewidth=0.8)
    return _finished(axes, "batch, images", "change of latency, %", "DinoV2-G on A100: larger workloads gain more")


def _finished(axes: "Axes", x: str, y: str, title: str) -> "Axes":
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize=9)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(once.values(), once.keys(), fontsize=7, frameon=False)
    return plain_axes(axes)


def plot_audit(audit: TokenAudit, folder: Path) -> Written:
    """Write the pictures of the audit and return their paths."""
    paths = []
    figure, axes = new_axes(13, 3.6, columns=3)
    for ax, (device, model, batches) in zip(axes, STAIRS, strict=True):
        draw_stairs(audit, ax, device, model, batches)
    paths.append(save_figure(figure, folder, "tokens_fig1_staircases"))
    figure, axes = new_axes(9, 3.6, columns=2)
    for ax, device in zip(axes, ("AGX Orin", "A100"), strict=True):
        draw_alpha(alpha_data(audit, device), ax, f"Fig. 6, Table 4: DinoV2-G on {device} (batch 2 inferred)")
    paths.append(save_figure(figure, folder, "tokens_fig6_alpha"))
    figure, axes = new_axes(10, 3.8, columns=2)
    draw_location(latency_data(audit), axes[0])
    draw_batches(audit, axes[1])
    paths.append(save_figure(figure, folder, "tokens_table5_location_and_batch"))
    figure, axes = new_axes(10, 3.8, columns=2)
    draw_tokens(axes[0])
    draw_sweep(sweep_data(method_sweep(plan("deit_s"), GpuWave(audit.gpus["TX2"]), SINGLE)), axes[1],
               "DeiT-S on TX2, batch 1, wave model (not validated)")  # fmt: skip
    paths.append(save_figure(figure, folder, "tokens_fig4_one_layer_or_many"))
    fronts = front_data(audit)
    for name, of in (("tx2", "TX2"), ("dinov2", "DinoV2-G")):
        chosen = {title: pairs for title, pairs in fronts.items() if of in title}
        figure, axes = new_axes(4.2 * len(chosen), 3.6, columns=len(chosen))
        for ax, (title, pairs) in zip(axes, chosen.items(), strict=True):
            draw_front(pairs, ax, f"{title}\nfull: published, hollow: wave model")
        paths.append(save_figure(figure, folder, f"tokens_fig7_{name}"))
    return Written(paths, [])
