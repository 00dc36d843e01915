"""Table 4's systems on PIVOT's own array: delay under both profiles, beside the accuracies that the paper prints."""

from typing import TYPE_CHECKING

from pivotsim.plots.papers.pivot.bars import Series, draw_groups
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_systems import PROFILES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"paper": ("#0072B2", "//"), "full": ("#E69F00", "..")}


def system_data(audit: Audit) -> dict[str, dict[str, float]]:
    """Return {system: {profile: delay in ms}}; ViTCoD's rows are numbered in the table's order."""
    names = [system.name for system in audit.other_systems]
    labels = []
    for place, system in enumerate(audit.other_systems):
        several = names.count(system.name) > 1
        number = f" {names[: place + 1].count(system.name)}" if several else ""
        top1 = "" if system.top1_percent is None else f"\n{system.top1_percent:.1f} %"
        labels.append(f"{system.name}{number}{top1}")
    return {
        label: {profile: system.costs[profile].delay_ms for profile in PROFILES}
        for label, system in zip(labels, audit.other_systems, strict=True)
    }


def system_notes(audit: Audit) -> list[str]:
    """Return what the numbered rows stand for, a line each."""
    found = [system for system in audit.other_systems if system.name == "ViTCoD"]
    return [f"ViTCoD {number}: {system.setting}" for number, system in enumerate(found, start=1)]


def draw_systems(data: dict[str, dict[str, float]], notes: list[str], axes: "Axes") -> "Axes":
    """Draw the delays side by side, the notes below."""
    series = [
        Series(f"profile {profile}", [row[profile] for row in data.values()], *COLOURS[profile]) for profile in PROFILES
    ]
    draw_groups(list(data), series, axes, "{:.1f}")
    axes.set_ylabel("simulated delay, ms")
    axes.set_xlabel("\n".join(["top-1 accuracies as the paper prints them", *notes]), fontsize=8)
    axes.set_title("Table 4's systems on PIVOT's own array (the paper compares them on processors alone)", fontsize=9)
    return axes
