"""The tables of PIVOT's audit beside its findings: contradictions, energy sums, effort pairs, definitions of EDP."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.consistency.energy_sums import Additive
from pivotsim.published.pivot.hypotheses import Hypothesis, Search
from pivotsim.tables import Table, percent

PAIRS_SHOWN = 4


def hit_table(hits: Sequence[Hit]) -> Table:
    """Return a row per cell that does not follow from the paper's other cells."""
    return Table(
        "Cells that do not follow from each other (marked above 2.5 %)",
        ("claim", "printed", "implied", "size", "", "rule"),
        [(h.id, h.printed, h.implied, percent(h.size_frac, sign=True), h.remark, h.rule) for h in hits],
        (1, 2, 3),
    )


def additive_table(judged: Sequence[Additive]) -> Table:
    """Return whether the sums of Fig. 6b are possible, a row per model."""
    return Table(
        "Fig. 6b with the tables: can any sum of components fall so? It falls between its least part and its greatest",
        ("row", "total", "least part", "greatest", "possible", "unlisted part needs", "attention's own time: printed",
         "simulated", "rule activity, simulated"),
        [_additive_row(one) for one in judged],
        (1, 2, 3, 5, 6, 7),
        ("An unlisted part is one that Fig. 6b leaves out and that does not fall; that the figure may mean the",
         "attention alone is a hypothesis; periphery under rule activity holds a calibrated residual. All components",
         "under rule activity are relative: none was ever measured by itself."),
    )  # fmt: skip


def pair_table(searches: Sequence[Search]) -> Table:
    """Return the pairs that hold the cells of each row, the one in use first; of an open row the nearest."""
    closing = [f"{search.row}: {search.counted}." for search in searches]
    return Table(
        "Effort pairs behind the rows: F_H solved for, inferred, never published (gate ignored, as the paper does)",
        ("row", "low", "high", "F_H", "digits", "F_L used", "MLP ratio", "paper's own", "used", "delay, ms",
         "energy, J", "EDP, J*ms", "shares of", "cells that count"),
        [_pair_row(search, one) for search in searches for one in search.shown(PAIRS_SHOWN)],
        (1, 2, 5, 6, 9, 10, 11),
        (*closing, "Paper's own: efforts of section 4.1 or the whole model, F_L within the LECs of section 4.4: a",
         "preference, as is F_L near 0.7 or 0.8, and no part of the search."),
    )  # fmt: skip


def definition_table(counts: Mapping[str, int]) -> Table:
    """Return how many pairs hold delay, energy and EDP of a row together under each definition of EDP."""
    return Table(
        "Definition of EDP: the one under which most pairs hold delay, energy and EDP is used for all rows",
        ("definition of EDP", "pairs that hold"),
        list(counts.items()),
        (1,),
    )


def _times(ratio: float | None, places: int) -> str:
    return "-" if ratio is None else f"{ratio:.{places}f}x"


def _additive_row(judged: Additive) -> Sequence[Any]:
    needs = percent(judged.unlisted_frac, 0) if judged.unlisted_frac else "-"
    simulated = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in judged.activity_reductions.items())
    return (
        judged.row, _times(judged.total_reduction, 2), _times(judged.least_reduction, 1),
        _times(judged.greatest_reduction, 1), judged.possible, needs, _times(judged.attention_published_reduction, 2),
        _times(judged.attention_simulated_reduction, 2), simulated,
    )  # fmt: skip


def _pair_row(search: Search, h: Hypothesis) -> Sequence[Any]:
    used = ("used" if h.fits else "nearest") if h is search.best else ""
    return (
        search.row, h.low, h.high, h.fraction_text, h.digits or "-", f"{h.low_frac:.4f}", f"{h.mlp_ratio or 4:g}",
        "yes" if h.in_paper else "no", used, f"{h.cells['delay']:.2f}", f"{h.cells['energy']:.4f}",
        f"{h.cells['edp']:.3f}", h.share_base, h.reading.name,
    )  # fmt: skip
