"""JSON of the command cosearch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pivotsim.effort.mixed_report import MixedReport
    from pivotsim.effort.outputs import Name
    from pivotsim.effort.search.choice import Answer, Choice
    from pivotsim.effort.search.space import Cascades
    from pivotsim.simulation.report import Report


def search_to_dict(
    search: "Cascades",
    model: str,
    rungs: Mapping[str, Any],
    pairs: "list[Answer]",
    best: "Answer | None",
    front: "list[Choice] | None",
) -> dict[str, Any]:
    """Return a search and its answers as plain numbers and text; ``rungs`` is what shapes each, of a ladder alone."""
    from pivotsim.effort.search.co_search import CoSearch
    from pivotsim.simulation.results import header

    return {
        **header("cosearch", search.input_hash),
        "model": model,
        "images": search.outputs.images,
        "hardware": [
            _board_to_dict(reports, mix) for reports, mix in zip(search.reports, search.all_efforts, strict=True)
        ],
        "gate": search.gate,
        **({"rungs": dict(rungs)} if rungs else {}),
        **({"paths": {str(e): p._asdict() for e, p in search.paths.items()}} if isinstance(search, CoSearch) else {}),
        "phase_2": [answer.to_dict() for answer in pairs],
        "best": None if best is None else best.to_dict(),
        "front": None if front is None else [choice.to_dict() for choice in front],
    }


def _board_to_dict(reports: "Mapping[Name, Report]", mix: "MixedReport") -> dict[str, Any]:
    """Return one hardware as plain numbers and text: its options, its efforts, the marks behind them."""
    from pivotsim.hardware.resources.device_fit import fit_to_dict

    first = next(iter(reports.values()))
    return {
        "name": first.hardware,
        **first.options,
        **fit_to_dict(mix.fit),
        "remarks": list(mix.remarks),
        "not_used": mix.not_used,
        "efforts": {str(e): {"delay_ms": r.delay_ms, "energy_j": r.energy_j} for e, r in reports.items()},
        "notes": list(mix.notes[len(mix.order_notes) :]),
    }
