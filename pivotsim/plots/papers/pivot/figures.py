"""All figures of PIVOT, one row each: its picture and data, or why there is none; and all pictures at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pivotsim.plots.papers.pivot import pictures
from pivotsim.plots.papers.pivot import recordings as files
from pivotsim.plots.papers.pivot.pictures import Found
from pivotsim.plots.papers.pivot.recordings import Recordings
from pivotsim.plots.style import Written, save_figure
from pivotsim.published.pivot.audit import Audit
from pivotsim.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


class Figure(NamedTuple):
    """One figure of the paper.

    ``draw`` takes the audit and the recordings; ``needs`` names the recorded files; ``data`` says what the picture is
    made of, or why there is none. ``on_board`` tells whether another board's picture has other numbers.
    """

    number: str
    shows: str
    data: str
    picture: str = ""
    draw: "Callable[[Found, Recordings], Drawing] | None" = None
    needs: tuple[str, ...] = ()
    on_board: bool = True


DIGITS, SCHEME = f"recorded: {files.IMAGES}", "a drawing of the method, without data"
SHARES, PROCESSOR = "simulated, beside the printed shares", "recorded: one processor; the paper's other four never ran"
FIGURES = (
    Figure("1a", "an encoder", SCHEME),
    Figure("1b", "attention's share of delay", SHARES, "pivot_fig1b_attention", pictures.fig1b),
    Figure("1c", "throughput on GPUs and CPUs", PROCESSOR, "pivot_fig1c_throughput", pictures.fig1c,
           (files.PROCESSOR,), False),
    Figure("1d", "inference with two efforts", SCHEME),
    Figure("2a-b", "inference, and Phase 1", SCHEME),
    Figure("2c", "Phase 2 and its threshold", f"the drawing has no data; F_L over the threshold {DIGITS}",
           "pivot_fig2c_threshold", pictures.fig2c, files.CALIBRATION, False),
    Figure("3a", "CKA matrix", f"{DIGITS}; DeiT-S needs trained weights and images", "pivot_fig3a_cka", pictures.fig3a,
           files.CKA, False),
    Figure("3b", "skipping one attention", SCHEME),
    Figure("4a", "path score and accuracy", DIGITS, "pivot_fig4a_path_scores", pictures.fig4a, (files.PATHS,), False),
    Figure("4b", "search space of Phase 2", "counted, beside the printed 2.03e5 and ~10^5", "pivot_fig4b_search_space",
           pictures.fig4b, (), False),
    Figure("4c", "GPU hours of training", "epochs by MACs and by simulated delay, beside the printed 3x and 2x",
           "pivot_fig4c_training", pictures.fig4c),
    Figure("5", "the simulator", SCHEME),
    Figure("6a", "delay by module", SHARES, "pivot_fig6a_shares", pictures.fig6a),
    Figure("6b", "energy reduction by component",
           "rule activity with the constants' ranges, beside the printed factors",
           "pivot_fig6b_components", pictures.fig6b),
    Figure("7a-b", "compute and overhead on GPUs and CPUs", PROCESSOR,
           "pivot_fig7_processors", pictures.fig7, (files.PROCESSOR,), False),
    Figure("8a", "EDP over LEC", "simulated, beside the EDPs of Table 2", "pivot_fig8a_edp", pictures.fig8a),
    Figure("8a", "accuracy over LEC", DIGITS, "pivot_fig8a_accuracy", pictures.fig8a_accuracy,
           (*files.CALIBRATION, *files.TEST), False),
    Figure("8b", "parts of PVDS-50's EDP", "simulated; the sum beside Table 2's", "pivot_fig8b_edp_parts",
           pictures.fig8b),
    Figure("9", "paths of the efforts", f"{DIGITS}; the paper's own paths are not in its text", "pivot_fig9_paths",
           pictures.fig9, (files.EFFORTS,), False),
    Figure("Tables 2, 3", "delays", "simulated, beside the printed delays", "pivot_delays", pictures.tables_2_3),
    Figure("Table 4", "HeatViT and ViTCoD", "simulated on PIVOT's array; accuracies as printed",
           "pivot_table4_systems", pictures.table4),
)  # fmt: skip


def figure_table() -> Table:
    """Return all figures of the paper: the picture of each and what it is made of, or why it has none."""
    rows = [(f.number, f.shows, f"{f.picture}.png" if f.picture else "none", f.data) for f in FIGURES]
    return Table("PIVOT's figures", ("figure", "shows", "picture", "data, or why there is none"), rows)


def plot_audit(audit: Found, folder: Path, recorded: Path | None = None) -> Written:
    """Write all pictures of the audit, or of another board beside the paper's figures.

    Parameters
    ----------
    audit : Audit or BoardComparison
    folder : Path
        Is made where it is missing.
    recorded : Path, optional
        A folder of recordings (``make cosearch``); without it, figures that need them are left out and named.

    Returns
    -------
    Written
        The paths, and a line each for figures without recordings and for those that this board has no data for.

    Raises
    ------
    InputError
        The folder of recordings is missing, holds none, or holds a damaged one.
    """
    recordings = None if recorded is None else files.recordings_in(recorded)
    paths, absent, impossible = [], [], []
    for row in FIGURES:
        if row.draw is None:
            continue
        why = _why_not(row, audit)
        if why:
            impossible.append(f"{row.number} ({why})")
        elif row.needs and (recordings is None or recordings.missing(row.needs)):
            absent.append(row)
        else:
            figure = row.draw(audit, recordings or Recordings(folder))
            if row.on_board and not audit.judged:
                figure.suptitle(f"simulated: {audit.hw.name}, another board than the paper's", fontsize=9)
            paths.append(save_figure(figure, folder, row.picture))
    return Written(paths, [*_absent_note(absent, recordings), *_impossible_note(impossible)])


def _why_not(row: Figure, audit: Found) -> str:
    """Return why a board has no data for a picture, '' where it has."""
    if row.draw is pictures.table4 and not isinstance(audit, Audit):
        return "the paper's board alone"
    return ""


def _absent_note(rows: list[Figure], recordings: Recordings | None) -> list[str]:
    if not rows:
        return []
    numbers = ", ".join(dict.fromkeys(f"{row.number} ({row.shows})" for row in rows))
    if recordings is None:
        how = "give --recorded DIR, such as notebooks/recorded of the repository; `make cosearch` records anew"
    else:
        missing = dict.fromkeys(name for row in rows for name in recordings.missing(row.needs))
        how = f"{recordings.folder} lacks {', '.join(missing)}; `make cosearch` records them"
    return [f"left out for lack of recordings: Figs. {numbers}; {how}"]


def _impossible_note(texts: list[str]) -> list[str]:
    return [f"left out on this board: {', '.join(texts)}"] if texts else []
