"""Figs. 1b and 6a and the delays of Tables 2 and 3, published beside simulated."""

from typing import TYPE_CHECKING

from pivotsim.plots.papers.pivot.bars import Delays
from pivotsim.plots.style import GROUP_COLOURS, GROUP_LABELS, plain_axes
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARES = {"softmax_share": "softmax", "attention_mac_share": "attention_mac", "mlp_share": "mlp"}
SHARES_TITLE = "Fig. 6a: delay by module (PVDS-50, PVLS-50: pairs and base of the shares inferred)"
ROWS = ("DeiT-S", "PVDS-50", "PVDS-35", "LVViT-S", "PVLS-50", "PVLS-35")

Shares = dict[str, dict[str, dict[str, float]]]  # model -> published | simulated -> group -> %


def share_data(audit: Audit | BoardComparison) -> Shares:
    """Return the shares of Fig. 6a: {row: {'published' | 'simulated': {group: % of delay}}}."""
    data: Shares = {}
    for finding in audit.findings:
        group = SHARES.get(finding.claim.quantity)
        if group is None or not isinstance(finding.simulated, float) or finding.claim.number is None:
            continue
        bars = data.setdefault(finding.claim.model, {"published": {}, "simulated": {}})
        bars["published"][group] = finding.claim.number
        bars["simulated"][group] = finding.simulated
    return data


def attention_data(audit: Audit | BoardComparison) -> Delays:
    """Return the attention shares of Fig. 1b: (model, published %, simulated %, verdict)."""
    return _cells(audit, "attention_share")


def delay_data(audit: Audit | BoardComparison) -> Delays:
    """Return the delays of Tables 2 and 3: (row, published ms, simulated ms, verdict)."""
    return _cells(audit, "delay")


def _cells(audit: Audit | BoardComparison, quantity: str) -> Delays:
    found = {f.claim.model: f for f in audit.findings if f.claim.quantity == quantity}
    return [
        (row, f.claim.number, f.simulated, f.verdict)
        for row in ROWS
        if (f := found.get(row)) is not None and isinstance(f.simulated, float) and f.claim.number is not None
    ]


def draw_shares(data: Shares, axes: "Axes", title: str = SHARES_TITLE) -> "Axes":
    """Draw published and simulated shares as neighbouring stacked bars, numbers inside."""
    from matplotlib.patches import Patch

    ticks, names = [], []
    for index, (row, bars) in enumerate(data.items()):
        for side, (kind, shares) in enumerate(bars.items()):
            x, bottom = index * 2.4 + side, 0.0
            ticks.append(x)
            names.append(f"{row}\n{kind}" if side == 0 else f"\n{kind}")
            for group in SHARES.values():
                if group in shares:
                    axes.bar(
                        x, shares[group], bottom=bottom, width=0.9, color=GROUP_COLOURS[group],
                        hatch="//" if kind == "simulated" else "", edgecolor="white",
                    )  # fmt: skip
                    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                    axes.text(x, bottom + shares[group] / 2, f"{shares[group]:.3g}", ha="center", va="center",
                              fontsize=8, bbox=box)  # fmt: skip
                    bottom += shares[group]
            missing = [GROUP_LABELS[group] for group in SHARES.values() if group not in shares]
            if missing and side == 0:  # why both bars end below 100 %
                note = f"no share of {', '.join(missing)}\nis printed for {row}"
                axes.text(x + 0.5, bottom + 3, note, ha="center", va="bottom", fontsize=7)
    axes.set_xticks(ticks, names, fontsize=7)
    axes.set_ylabel("share of delay, %")
    axes.set_ylim(0, 119)
    axes.set_title(title, fontsize=9)
    handles = [Patch(facecolor=GROUP_COLOURS[g], label=GROUP_LABELS[g]) for g in SHARES.values()]
    handles += [Patch(facecolor="#999999", hatch=h, edgecolor="white", label=k)
                for k, h in (("published", ""), ("simulated", "//"))]  # fmt: skip
    axes.legend(handles=handles, loc="upper center", ncols=5, fontsize=8, frameon=False)
    return plain_axes(axes)
