"""Inputs of different effort: gates, paths of encoders, the mean image, and the search for good efforts."""

from typing import TYPE_CHECKING

from pivotsim._lazy import lazy

_HOMES = {
    "cka_matrix": "pivotsim.effort.cka",
    "combine": "pivotsim.effort.combination",
    "exit_threshold": "pivotsim.effort.entropy",
    "normalized_entropy": "pivotsim.effort.entropy",
    "MixedReport": "pivotsim.effort.mixed_report",
    "cosearch": "pivotsim.effort.search.co_search",
    "search_ladder": "pivotsim.effort.search.ladders",
    "path_score": "pivotsim.effort.search.path_scoring",
    "best_paths": "pivotsim.effort.search.paths",
}
__all__ = [
    "MixedReport", "best_paths", "cka_matrix", "combine", "cosearch", "exit_threshold", "normalized_entropy",
    "path_score", "search_ladder",
]  # fmt: skip
__getattr__, __dir__ = lazy(__name__, _HOMES)

if TYPE_CHECKING:
    from pivotsim.effort.cka import cka_matrix
    from pivotsim.effort.combination import combine
    from pivotsim.effort.entropy import exit_threshold, normalized_entropy
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.effort.search.co_search import cosearch
    from pivotsim.effort.search.ladders import search_ladder
    from pivotsim.effort.search.path_scoring import path_score
    from pivotsim.effort.search.paths import best_paths
