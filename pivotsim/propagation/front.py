"""front_uncertainty(): which designs stay on a Pareto front where the constants are uncertain."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.explorer import explore
from pivotsim.dse.objectives import front_objectives
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.expressions import parse_expression
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.manifest import MANIFEST
from pivotsim.dse.sweep_designs import space_of
from pivotsim.errors import InputError, got
from pivotsim.pareto import front_mask, fronts_of_draws, objective_points
from pivotsim.propagation.candidates import OF_COSTS, distinct_candidates
from pivotsim.propagation.costs import Costs
from pivotsim.propagation.designs import uncertain_designs
from pivotsim.propagation.front_result import FrontUncertainty
from pivotsim.propagation.main_effects import shares_of_costs
from pivotsim.propagation.run import DEFAULT_DRAWS
from pivotsim.propagation.sampling import Draws, check_draws
from pivotsim.propagation.variance import shares_of_variance
from pivotsim.simulation.design_table import DesignTable

MAX_CELLS = 200_000_000  # draws times candidates
Columns = Mapping[str, Any]


def front_uncertainty(
    source: "str | Path | Mapping[str, object] | Space",
    objectives: Sequence[str] | None = None,
    *,
    maximize: Sequence[str] = (),
    where: Sequence[str] = (),
    space: "str | Path | Mapping[str, object] | Space | None" = None,
    draws: int = DEFAULT_DRAWS,
    seed: int = 0,
) -> FrontUncertainty:
    """Return which designs of a sweep or a space stay on the Pareto front at drawn constants.

    Each design runs once; its clocks and counts are weighed with every draw. The front of a draw is that of all designs
    at the draw's constants, so designs that are not on it at the board's own values may join it.

    Parameters
    ----------
    source : str, Path, mapping or Space
        The folder of a sweep; or a space, as ``explore`` takes it, which is evaluated whole.
    objectives, maximize, where
        As in ``pareto_front`` and the command `front`; left out, delay and energy, or delay and DSPs where those order
        all designs alike.
    space : str, Path, mapping or Space, optional
        The space of a sweep's folder, where its own name does not find it.
    draws, seed : int
        As in ``uncertainty``.

    Returns
    -------
    FrontUncertainty
        Designs with the share of the draws in which each is on the front, and the constant worth measuring next.

    Raises
    ------
    InputError
        As ``explore`` and ``uncertainty``; also where a folder is another space's, and where no row is left.

    Examples
    --------
    >>> import pivotsim as ps
    >>> shapes = {"name": "shapes", "fixed": {"energy": "activity"},
    ...           "axes": {"array.dataflow": ["is", "ws", "os"], "array.rows": [32, 64], "array.cols": [36]}}
    >>> found = ps.front_uncertainty(shapes, ["dsp", "energy_j"], draws=200)
    >>> found.designs["array.rows"].tolist(), found.designs["front_share"].tolist(), found.next_measurement
    ([32, 64], [1.0, 1.0], None)
    """
    draws, seed = check_draws(draws, seed)
    checked, table, notes = _designs_of(source, where, space)
    columns: Any = table  # a mapping of columns in all but its type
    names, alike = front_objectives(lambda _: [columns], objectives, maximize=maximize)
    objective_points(table, names, maximize)
    if not len(table["point"]):
        raise InputError("front: no row is left; a constraint, or where, rules out everything")
    designs = uncertain_designs(checked, columns)
    drawn = Draws(designs.constants, draws, seed)
    fixed = np.column_stack(
        [np.zeros((len(table["point"]), 0)), *(_signed(table[n], n, maximize) for n in names if n not in OF_COSTS)]
    )
    if any(name in maximize for name in OF_COSTS):
        raise InputError(f"maximize: draws minimise delay, energy and their product {got(list(maximize))}")
    places, number = distinct_candidates(designs.model, drawn, names, fixed)
    if draws * len(places) > MAX_CELLS:
        raise InputError(
            f"draws: {len(places):,} candidates times draws are more than {MAX_CELLS:,}; draw less {got(draws)}"
        )
    chosen = designs.model.take(places)
    signed = {name: _signed(table[name], name, maximize)[places] for name in names if name not in OF_COSTS}
    own = _points(chosen.costs(Draws.none_moved(designs.constants)), names, signed)[0]
    costs = chosen.costs(drawn)
    points = _points(costs, names, signed)
    is_on, own_front = fronts_of_draws(points), front_mask(np.ascontiguousarray(own))
    ever = is_on.any(axis=0) | own_front
    shares = {"front": shares_of_variance(drawn, is_on[:, ever])}
    (nominal_knee,) = _knees(own[None], own_front[None]).tolist()
    costed, knee = [name for name in names if name in OF_COSTS], chosen.take([nominal_knee])

    def of_knee(draws: Draws) -> dict[str, Any]:
        costs = knee.costs(draws)
        return {f"{name} of the knee": getattr(costs, name)[:, 0] for name in costed}

    may_matter = {"delay_ms of the knee": knee.delay_paths()}
    shares |= shares_of_costs(designs.constants, seed, of_knee, may_matter) if costed else {}
    return FrontUncertainty(
        names=tuple(names), maximize=tuple(maximize), draws=drawn, table=table,
        rows=_rows(number, ever), number=number, is_on=is_on, own_front=own_front,
        points=points, own=own, knees=_knees(points, is_on), own_knee=nominal_knee, shares=shares, held=designs.held,
        left_out=designs.left_out, axes=designs.axes, follows_residual=designs.model.follows_residual,
        notes=(*notes, *alike),
    )  # fmt: skip


def _rows(number: Any, ever: Any) -> Any:
    """Return the rows of the table that are on the front of some draw, or at the board's own values."""
    return np.flatnonzero((number >= 0) & ever[number])


def _designs_of(
    source: "str | Path | Mapping[str, object] | Space", where: Sequence[str], space: Any
) -> tuple[Space, DesignTable, tuple[str, ...]]:
    """Return the space, the table of its designs that meet ``where``, and what must be said of it."""
    if not isinstance(source, (str, Path)) or not (Path(source) / MANIFEST).exists():
        if space is not None:
            raise InputError(f"space: goes with a sweep's folder, and this is none {got(str(source))}")
        checked = load_space(source)
        table = explore(checked)
        kept = np.ones(len(table), dtype=np.bool_)
        for rule in (parse_expression("where", text) for text in where):
            unknown = sorted(rule.names - set(table.columns))
            if unknown:
                raise InputError(f"where: no column {got(unknown[0])}")
            kept &= rule.holds({name: table[name] for name in rule.names}, len(table))
        return checked, table.take(kept), table.notes
    dataset = open_dataset(source)
    checked = space_of(dataset, space)
    filters = dataset.filters(where)
    chunks = list(dataset.tables(None, filters))
    columns = {c: np.concatenate([each[c] for each in chunks]) for c in chunks[0]} if chunks else {}
    if not columns:
        raise InputError("front: no row is left; a constraint, or where, rules out everything stored")
    notes = tuple(dataset.manifest.get("notes", ()))
    return checked, DesignTable(columns, dataset.units, checked.descriptions, notes), notes


def _signed(column: Any, name: str, maximize: Sequence[str]) -> Any:
    values = np.asarray(column, dtype=np.float64)
    return -values if name in maximize else values


def _points(costs: Costs, names: Sequence[str], fixed: Mapping[str, Any]) -> Any:
    """Return the objectives of each draw and design, to minimise, float64 (N, D, objectives)."""
    shape = costs.delay_ms.shape
    return np.stack(
        [np.broadcast_to(fixed[n] if n in fixed else getattr(costs, n), shape) for n in names], axis=-1
    )  # fmt: skip


def _knees(points: Any, is_on: Any) -> Any:
    """Return the candidate that is the knee of each draw's front, int64 (N,), as ``dse.fronts.knee_place`` finds it."""
    distance = np.where(is_on, 0.0, np.inf)
    for values in np.moveaxis(points, 2, 0):
        best = np.where(is_on, values, np.inf).min(axis=1, keepdims=True)
        spread = np.where(is_on, values, -np.inf).max(axis=1, keepdims=True) - best
        distance += np.where(spread > 0, ((values - best) / np.where(spread > 0, spread, 1.0)) ** 2, 0.0)
    return distance.argmin(axis=1)
