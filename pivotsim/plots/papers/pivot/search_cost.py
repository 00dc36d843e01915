"""Fig. 4b and c: paths that a search without scores would face, and what training all efforts takes.

Training is counted in epochs, as they are and weighted by what an image costs at each effort: by MACs, and by the
simulated delay of the board. Neither is GPU hours; distillation's teacher is not counted.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.effort.search.paths import count_paths
from pivotsim.models.spec import load_model
from pivotsim.plots.papers.pivot.bars import PUBLISHED, Series, draw_groups
from pivotsim.plots.style import plain_axes
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison
from pivotsim.published.pivot.statements import MODELS, efforts_of
from pivotsim.published.pivot.worded import paths_per_pair
from pivotsim.simulation.run import simulate
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.attention_skipping import skip_attention

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCRATCH_EPOCHS = 300  # [assumed] as DeiT and LV-ViT were trained; the paper does not say
COUNTED_PAIR = (3, 6)  # whose paths section 3.3 prints
SHOWN_PAIRS = ((3, 6), (6, 9), (3, 12), (6, 12))  # the text's two pairs, and the two that are inferred


class Space(NamedTuple):
    """Paths that a pair of efforts has without scores, where PIVOT has one; ``printed`` is None where it is not."""

    label: str
    paths: float
    printed: float | None


class Training(NamedTuple):
    """How many times less than from scratch training all efforts takes: epochs as they are, and weighted.

    ``trained`` says what was trained, ``printed`` what the paper prints of GPU hours.
    """

    trained: str
    epochs: float
    macs: float
    delay: float
    printed: float | None


def space_data(audit: Audit | BoardComparison) -> list[Space]:
    """Return Fig. 4b: paths per combination of efforts, DeiT-S; the mean is over all pairs of trained efforts."""
    claims = [finding.claim for finding in audit.findings]
    depth, efforts = load_model("deit_s").depth, efforts_of(claims, "DeiT-S")
    printed = {c.quantity: c for c in claims}
    of_pair, of_mean = printed.get("paths_for_efforts_3_6"), printed.get("search_space_over_pivot")
    rows = [
        Space(f"{list(pair)}", count_paths(depth, pair), of_pair.number if of_pair and pair == COUNTED_PAIR else None)
        for pair in SHOWN_PAIRS
    ]
    mean = f"mean of the\n{math.comb(len(efforts), 2)} pairs"
    power = 10 ** float(of_mean.text.removeprefix("10^")) if of_mean else None
    return [*rows, Space(mean, paths_per_pair(depth, efforts), power)]


def training_data(audit: Audit | BoardComparison) -> dict[str, Training]:
    """Return Fig. 4c: model -> how many times less than from scratch."""
    claims = [finding.claim for finding in audit.findings]
    epochs = next(c.number or 0.0 for c in claims if c.quantity == "epochs")
    printed = {c.model: c.number for c in claims if c.quantity == "gpu_hours_reduction"}
    found = {}
    for name, model in MODELS.items():
        whole, trained = plan(model), efforts_of(claims, name)
        efforts = [skip_attention(whole, active=range(1, effort + 1)) for effort in trained]
        macs = sum(lower(effort).macs for effort in efforts) / lower(whole).macs
        delay = sum(simulate(effort, audit.hw).delay_ms for effort in efforts) / simulate(whole, audit.hw).delay_ms
        plain, by_macs, by_delay = (SCRATCH_EPOCHS / (epochs * passes) for passes in (len(efforts), macs, delay))
        label = f"{len(trained)} efforts of {epochs:g} epochs"
        found[name] = Training(label, plain, by_macs, by_delay, printed.get(name))
    return found


def draw_space(data: list[Space], axes: "Axes") -> "Axes":
    """Draw the paths per combination on a logarithmic axis; PIVOT's one path is its lower end."""
    for place, row in enumerate(data):
        axes.bar(place, row.paths, 0.6, color="#0072B2", hatch="//", edgecolor="white",
                 label="counted" if place == 0 else None)  # fmt: skip
        axes.text(place, 2.2 * row.paths, f"{row.paths:,.0f}", ha="center", fontsize=8)
        if row.printed is not None:
            axes.plot(place, row.printed, "D", color="black", markersize=6,
                      label="published: 2.03 * 10^5, and ~10^5" if place == 0 else None)  # fmt: skip
    axes.axhline(1, color="#D55E00", linewidth=2, label="with path scores: 1")
    axes.set_yscale("log")
    axes.set_ylim(0.5, 3e7)
    axes.set_xticks(range(len(data)), [row.label for row in data], fontsize=8)
    axes.set_xlabel("efforts of the pair")
    axes.set_ylabel("paths per pair of efforts")
    axes.set_title("Fig. 4b: search space of Phase 2, DeiT-S", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="upper center", ncols=3)
    return plain_axes(axes)


def draw_training(data: dict[str, Training], axes: "Axes") -> "Axes":
    """Draw how many times less training all efforts takes than training from scratch."""
    series = [
        Series("published, GPU hours", [row.printed for row in data.values()], PUBLISHED, ""),
        Series("epochs", [row.epochs for row in data.values()], "#56B4E9", ""),
        Series("epochs by MACs", [row.macs for row in data.values()], "#0072B2", ".."),
        Series("epochs by delay", [row.delay for row in data.values()], "#E69F00", "//"),
    ]
    names = [f"{name}\n{row.trained}" for name, row in data.items()]
    draw_groups(names, series, axes, "{:.2f}x")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_ylabel("training from scratch / of all efforts")
    axes.set_title(f"Fig. 4c: training cost ({SCRATCH_EPOCHS} epochs from scratch assumed, teacher not counted)",
                   fontsize=9)  # fmt: skip
    return axes
