"""PIVOT's figures: for each a data function and a drawing function, all written by ``plot_audit``."""

from pivotsim.plots.papers.pivot.figures import FIGURES, figure_table, plot_audit
from pivotsim.plots.papers.pivot.recordings import recordings_in

__all__ = ["FIGURES", "figure_table", "plot_audit", "recordings_in"]
