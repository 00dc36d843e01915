"""The tables of PIVOT's audit beside its findings: contradictions, energy sums, effort pairs, definitions of EDP."""

from collections.abc import Mapping, Sequence
from typing import Any

from pivotsim.published.base.hits import Hit
from pivotsim.published.pivot.effort_pairs import Hypothesis
from pivotsim.published.pivot.energy_sums import Additive
from pivotsim.published.pivot.pair_ranking import RELATIVE, Search
from pivotsim.tables import Table, percent

RANKS_SHOWN = 3


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
         "attention alone is a hypothesis; periphery under rule activity holds a calibrated residual."),
    )  # fmt: skip


def pair_table(searches: Sequence[Search]) -> Table:
    """Return the best effort pairs of each row and ranking."""
    return Table(
        "Effort pairs behind the rows: searched, inferred, never published (gate ignored, as the paper does)",
        ("row", "ranking", "rank", "low", "high", "F_L", "score", "fits", "used", "delay, ms", "energy, J", "EDP, J*ms",
         "definition of EDP", "shares of"),
        [_pair_row(search, *shown) for search in searches for shown in search.shown(RANKS_SHOWN)],
        (2, 3, 4, 5, 6, 9, 10, 11),
    )  # fmt: skip


def definition_table(scores: Mapping[str, float]) -> Table:
    """Return how well each definition of EDP explains all rows."""
    return Table(
        "Definition of EDP: the one whose best hypotheses score lowest over all rows is used for all",
        ("definition of EDP", "sum of best scores"),
        [(name, f"{score:.2f}") for name, score in scores.items()],
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


def _pair_row(search: Search, kind: str, rank: int, h: Hypothesis) -> Sequence[Any]:
    used = "used" if kind == RELATIVE and h is search.best else ""
    return (
        search.row, kind, rank, h.low, h.high, f"{h.low_frac:.2f}", f"{h.score:.2f}", "yes" if h.fits else "no", used,
        f"{h.cells['delay']:.2f}", f"{h.cells['energy']:.4f}", f"{h.cells['edp']:.3f}", h.edp_definition, h.share_base,
    )  # fmt: skip
