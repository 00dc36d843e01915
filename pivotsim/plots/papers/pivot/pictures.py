"""The pictures of PIVOT's figures: each takes the audit and the recordings, and puts one figure together.

``Found`` is an audit of the paper's board, or another board beside the paper's figures.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pivotsim.plots.papers.pivot import recordings as files
from pivotsim.plots.papers.pivot.bars import draw_pairs
from pivotsim.plots.papers.pivot.components import draw_reductions, published_reductions, reduction_data
from pivotsim.plots.papers.pivot.edp import ROW, draw_lec, draw_parts, lec_data, own_frac, parts_data, printed_edps
from pivotsim.plots.papers.pivot.processors import draw_overheads, draw_throughput, overhead_data
from pivotsim.plots.papers.pivot.recordings import Recordings
from pivotsim.plots.papers.pivot.redundancy import (
    ACCURACIES,
    CKA_TITLE,
    PATH_TITLE,
    SCORE_TITLE,
    cka_data,
    draw_cka,
    draw_paths,
    draw_scores,
    path_data,
    score_data,
)
from pivotsim.plots.papers.pivot.search_cost import draw_space, draw_training, space_data, training_data
from pivotsim.plots.papers.pivot.shares import SHARES_TITLE, attention_data, delay_data, draw_shares, share_data
from pivotsim.plots.papers.pivot.systems import draw_systems, system_data, system_notes
from pivotsim.plots.papers.pivot.thresholds import draw_losses, draw_thresholds, loss_data, threshold_data
from pivotsim.plots.style import new_axes
from pivotsim.published.pivot.audit import Audit
from pivotsim.published.pivot.other_board import BoardComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

Found = Audit | BoardComparison
THRESHOLD_EFFORT = 4  # half of the digits model's attentions, as 6 is of DeiT-S's


def fig1b(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 1b: attention's share of delay."""
    figure, (axes,) = new_axes(4, 4)
    draw_pairs(attention_data(audit), axes, "share of delay, %", "Fig. 1b: attention's share of delay")
    return figure


def fig1c(audit: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 1c: throughput on processors."""
    return _on_a_processor(audit, recorded, draw_throughput, 7)


def fig7(audit: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 7: compute and overhead on processors."""
    return _on_a_processor(audit, recorded, draw_overheads, 8)


def _on_a_processor(
    audit: Found, recorded: Recordings, draw: "Callable[..., Axes]", width_in: float
) -> "Drawing":  # fmt: skip
    table = recorded.table(files.PROCESSOR)
    figure, (axes,) = new_axes(width_in, 4)
    data = overhead_data(table, audit.mixes[ROW].efforts[0].exit_frac)
    draw(data, table.header.get("machine", "a machine that is not named"), axes)
    return figure


def fig2c(_: Found, recorded: Recordings) -> "Drawing":
    """Return what Fig. 2c's threshold lets leave."""
    figure, (axes,) = new_axes(5.5, 3.8)
    draw_thresholds(threshold_data(recorded, THRESHOLD_EFFORT), THRESHOLD_EFFORT, axes)
    return figure


def fig3a(_: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 3a: CKA matrices."""
    matrices = cka_data(recorded)
    figure, axes = new_axes(11, 3.8, len(matrices))
    pictures = [draw_cka(cka, ax, f"seed {seed}") for ax, (seed, cka) in zip(axes, matrices.items(), strict=True)]
    figure.colorbar(pictures[-1], ax=axes, label="CKA")
    figure.suptitle(CKA_TITLE, fontsize=10)
    return figure


def fig4a(_: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 4a: accuracy over path score."""
    figure, axes = new_axes(9, 4, len(ACCURACIES))
    for ax, (column, label) in zip(axes, ACCURACIES.items(), strict=True):
        draw_scores(score_data(recorded.table(files.PATHS), column), ax, label)
    figure.suptitle(SCORE_TITLE, fontsize=10)
    return figure


def fig4b(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 4b: the search space."""
    figure, (axes,) = new_axes(6.5, 3.8)
    draw_space(space_data(audit), axes)
    return figure


def fig4c(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 4c: the cost of training."""
    figure, (axes,) = new_axes(6.5, 3.8)
    draw_training(training_data(audit), axes)
    return figure


def fig6a(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 6a: delay by module."""
    figure, (axes,) = new_axes(8, 4)
    draw_shares(share_data(audit), axes, SHARES_TITLE)
    return figure


def fig6b(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 6b: energy reduction by component."""
    figure, (axes,) = new_axes(8, 4)
    draw_reductions(published_reductions(audit), reduction_data(audit), axes)
    return figure


def fig8a(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 8a: EDP over LEC."""
    figure, (axes,) = new_axes(7, 4.2)
    draw_lec(lec_data(audit), printed_edps(audit), axes)
    return figure


def fig8a_accuracy(_: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 8a's accuracy over LEC."""
    figure, (axes,) = new_axes(5.5, 3.8)
    draw_losses(loss_data(recorded), axes)
    return figure


def fig8b(audit: Found, _: Recordings) -> "Drawing":
    """Return Fig. 8b: the parts of PVDS-50's EDP."""
    figure, (axes,) = new_axes(6.5, 4.2)
    draw_parts(parts_data(audit), own_frac(audit), printed_edps(audit).get(ROW), axes)
    return figure


def fig9(_: Found, recorded: Recordings) -> "Drawing":
    """Return Fig. 9: the paths of all efforts."""
    seeds = path_data(recorded.table(files.EFFORTS))
    figure, axes = new_axes(12, 3.4, len(seeds))
    for ax, (seed, paths) in zip(axes, seeds.items(), strict=True):
        draw_paths(paths, max(paths), ax, f"seed {seed}")
    figure.suptitle(PATH_TITLE, fontsize=10)
    return figure


def tables_2_3(audit: Found, _: Recordings) -> "Drawing":
    """Return the delays of Tables 2 and 3."""
    figure, (axes,) = new_axes(8, 4)
    draw_pairs(delay_data(audit), axes, "delay, ms", "Tables 2 and 3: delay on the ZCU102 (pairs inferred)")
    return figure


def table4(audit: Found, _: Recordings) -> "Drawing":
    """Return Table 4's systems on PIVOT's array."""
    assert isinstance(audit, Audit)  # figures.py asks
    figure, (axes,) = new_axes(8, 5)
    draw_systems(system_data(audit), system_notes(audit), axes)
    return figure
