"""Exploration in memory: a space of designs in, a table out."""

from collections.abc import Mapping
from pathlib import Path

from pivotsim.dse.evaluation.draws import draws_for
from pivotsim.dse.evaluation.effects import notes_on
from pivotsim.dse.evaluation.evaluator import Coded, Evaluator
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import points_of
from pivotsim.dse.sweep.chunks import BLOCK_POINTS, joined
from pivotsim.errors import InputError, got
from pivotsim.simulation.design_table import DesignTable

MAX_EXPLORED = 20_000_000  # points; more belong into a sweep's files


def explore(
    space: "str | Path | Mapping[str, object] | Space",
    *,
    method: str = "grid",
    samples: int | None = None,
    seed: int = 0,
) -> DesignTable:
    """Return delay, energy and energy-delay product of every design of a space.

    Parameters
    ----------
    space : str, Path, mapping or Space
        A name, a YAML file, or a dict of its form: name, axes, and where wanted fixed, conditions and constraints.
    method : {'grid', 'random', 'sobol'}
        Every point, or ``samples`` of them.
    samples, seed : int
        For `random`, so many different designs that the rules on axes and resources admit (in at most 50 draws each,
        or the whole space where it has no more), and `sobol`, so many points of its sequence, which may repeat.

    Returns
    -------
    DesignTable
        A row per design: ``point``, one column per axis, dsp, bram36, lut, ff and fits as ``fit`` counts them,
        fits_extrapolated (counts larger than any recorded one decide that), pl_cycles (of an effort pair:
        mean_pl_cycles), delay_ms, energy_j, edp_j_ms.
        Designs that a constraint rules out, that are not valid or that do not fit their memories are left out.
        ``notes`` names axes that move resources alone, fixed values that nothing reads, a power that is another
        design's, a sample that is not as large as was asked for, and why designs that cannot run are left out.

    Raises
    ------
    InputError
        The space is not valid or empty, no column can depend on one of its axes, or it is larger than 20 million
        points: sweep it into files.

    Examples
    --------
    The 128 x 36 array has more PEs than the device has DSPs.

    >>> import pivotsim as ps
    >>> table = ps.explore({"name": "shapes", "axes": {"array.rows": [64, 128], "array.cols": [18, 36]},
    ...                     "constraints": ["dsp <= 2520"]})
    >>> table["array.rows"].tolist(), table["pl_cycles"].tolist()
    ([64, 64, 128], [5376888, 3026160, 3482424])
    >>> ps.pareto_front(table, ["delay_ms", "energy_j"]).tolist()
    [1]
    """
    checked = load_space(space)
    points_of(checked, method, samples, seed)
    notes = notes_on(checked)
    drawn = draws_for(checked, method, samples, seed)
    notes = (*notes, drawn.note) if drawn.note else notes
    points = points_of(checked, drawn.method, drawn.samples, seed, drawn.points)
    if points.count > MAX_EXPLORED:
        raise InputError(
            f"space: more than {MAX_EXPLORED:,} points do not belong in memory; use pivotsim sweep {got(points.count)}"
        )
    evaluator = Evaluator(checked)
    starts = range(0, points.count, BLOCK_POINTS)
    table = joined([evaluator.run(points, i, min(points.count, i + BLOCK_POINTS)) for i in starts])
    columns = {name: c.words[c.codes] if isinstance(c, Coded) else c for name, c in table.columns.items()}
    left_out = (f"{count:,} designs are left out: {reason}: {table.examples[reason]}"
                for reason, count in table.dropped.items() if reason in table.examples)  # fmt: skip
    return DesignTable(columns, checked.columns, checked.descriptions, (*notes, *left_out))
