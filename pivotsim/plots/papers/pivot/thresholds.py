"""Phase 2 on digits (Figs. 2c and 8a): what a threshold lets leave, and what each low effort constraint loses.

Thresholds are set on the calibration images, which no training saw; losses are of the test images at them, in points
of accuracy against every attention active.
"""

from statistics import mean, stdev
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pivotsim.effort.entropy import exit_threshold
from pivotsim.effort.outputs import EffortOutputs
from pivotsim.plots.papers.pivot.recordings import IMAGES, SEEDS, Recordings
from pivotsim.plots.style import plain_axes
from pivotsim.units import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LECS = (0.6, 0.7, 0.8, 0.9, 1.0)
LEC = 0.8
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7")
STEPS = 401
LEAST = 1e-4  # the lowest threshold shown; the axis is logarithmic


class Curve(NamedTuple):
    """One seed: thresholds, the share of images below each, and the threshold that LEC 80 asks for."""

    thresholds: FloatArray
    leaves_frac: FloatArray
    chosen: float


class Loss(NamedTuple):
    """Points of accuracy lost against every attention active: mean and standard deviation over the seeds."""

    mean_points: float
    stdev_points: float


def threshold_data(recordings: Recordings, effort: int) -> dict[int, Curve]:
    """Return seed -> F_L over the threshold, on the calibration images of one effort."""
    found = {}
    for seed in SEEDS:
        entropies = recordings.outputs(seed, "calibration", [effort]).entropies[effort]
        thresholds = np.geomspace(LEAST, 1, STEPS)
        below = (entropies[None, :] < thresholds[:, None]).mean(axis=1)
        found[seed] = Curve(thresholds, below, exit_threshold(entropies, LEC))
    return found


def loss_data(recordings: Recordings) -> dict[tuple[int, int], dict[float, Loss]]:
    """Return (low, high) -> {LEC: Loss}, the high effort being the one with every attention active."""
    efforts = [e for e in recordings.outputs(SEEDS[0], "calibration").efforts if isinstance(e, int)]
    *lower, full = efforts
    parts = [(recordings.outputs(s, "calibration", efforts), recordings.outputs(s, "test", efforts)) for s in SEEDS]
    found: dict[tuple[int, int], dict[float, Loss]] = {}
    for low in lower:
        losses = {lec: [_loss_points(*part, (low, full), lec) for part in parts] for lec in LECS}
        found[low, full] = {lec: Loss(mean(points), stdev(points)) for lec, points in losses.items()}
    return found


def _loss_points(calibration: EffortOutputs, test: EffortOutputs, pair: tuple[int, int], lec: float) -> float:
    low, high = pair
    assert test.right is not None  # Recordings.outputs
    leaves = test.entropies[low] < exit_threshold(calibration.entropies[low], lec)
    right = np.where(leaves, test.right[low], test.right[high])
    return 100 * float(test.right[high].mean() - right.mean())


def draw_thresholds(data: dict[int, Curve], effort: int, axes: "Axes") -> "Axes":
    """Draw F_L over the threshold, a line for each seed, with LEC 80 and the thresholds that meet it."""
    for (seed, curve), colour in zip(data.items(), COLOURS, strict=False):
        axes.plot(curve.thresholds, 100 * curve.leaves_frac, color=colour, label=f"seed {seed}: Th {curve.chosen:.3f}")
        axes.plot(curve.chosen, 100 * LEC, "o", color=colour)
    axes.axhline(100 * LEC, color="black", linestyle="--", linewidth=1, label="LEC 80")
    axes.set_xscale("log")
    axes.set_xlabel("threshold Th on the normalised entropy")
    axes.set_ylabel("F_L: images that leave, %")
    axes.set_ylim(0, 104)
    axes.set_title(f"Fig. 2c's threshold, effort {effort} of 8\n({IMAGES})", fontsize=9)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
    return plain_axes(axes)


def draw_losses(data: dict[tuple[int, int], dict[float, Loss]], axes: "Axes") -> "Axes":
    """Draw the loss of every pair over LEC, error bars of one standard deviation over the seeds."""
    for place, ((pair, losses), colour) in enumerate(zip(data.items(), COLOURS, strict=False)):
        shift = 0.6 * (place - (len(data) - 1) / 2)  # so that error bars stand side by side
        axes.errorbar(
            [100 * lec + shift for lec in losses], [loss.mean_points for loss in losses.values()],
            [loss.stdev_points for loss in losses.values()], marker="o", markersize=4, capsize=2, linewidth=1,
            color=colour, label=f"efforts {pair}",
        )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks([100 * lec for lec in LECS])
    axes.set_xlabel("LEC, % (100: low effort only)")
    axes.set_ylabel("accuracy lost, points")
    axes.set_title(f"Fig. 8a's accuracy over LEC, mean of {len(SEEDS)} seeds\n({IMAGES})", fontsize=9)
    axes.legend(fontsize=8, frameon=False)
    return plain_axes(axes)
