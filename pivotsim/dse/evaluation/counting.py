"""Number of designs that a space holds, known before anything runs.

Constraints and conditions tie axes together; axes that none ties are independent, so that the number of admitted
combinations is a product over the sets of tied axes, each counted by trying all of its own combinations.
"""

from dataclasses import dataclass

import numpy as np

from pivotsim.dse.evaluation.admission import NOT_VALID, Designs, admit, names_read, stage_of
from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.sampling import GridPoints
from pivotsim.errors import InputError

MAX_COMBINATIONS = 2**21  # of one group of tied axes, about a second
STEP = 2**18


@dataclass(frozen=True)
class Count:
    """Points of a space: all of them, and those that may run; None where counting them would take too long."""

    points: int
    admitted: int | None


def count_points(space: Space) -> Count:
    """Return the number of points, exactly.

    Raises
    ------
    InputError
        No point is left; the constraints that rule each other out are named.

    Examples
    --------
    >>> from pivotsim.dse.space.reading import load_space
    >>> count_points(load_space({"name": "tiny", "axes": {"array.rows": [32, 64], "array.cols": [36, 72]},
    ...                          "constraints": ["dsp <= 2520"]}))
    Count(points=4, admitted=3)
    """
    admitted: int | None = 1
    for names in _tied(space):
        combinations = 1
        for axis in space.axes:
            combinations *= len(axis) if axis.name in names else 1
        if combinations > MAX_COMBINATIONS:
            admitted = None
            continue
        found, dropped = _admitted(space, names, combinations)
        if not found:
            reasons = "; ".join(f"{reason} ({count:,} of {combinations:,})" for reason, count in dropped.items())
            raise InputError(f"space: no point is left (got {space.size:,} before the rules: {reasons})")
        admitted = None if admitted is None else admitted * found
    return Count(space.size, admitted)


def _tied(space: Space) -> list[set[str]]:
    """Return the axes in sets that constraints and conditions tie together."""
    tied = [{name} for name in space.axis_names]
    ties = [{name, *constraint.names} & set(space.axis_names) for name, constraint in space.conditions.items()]
    ties += [
        names_read(constraint, space) for constraint in space.constraints if stage_of(constraint, space) != "results"
    ]
    for tie in ties:
        joined = [each for each in tied if each & tie]
        if joined:
            tied = [each for each in tied if not each & tie] + [set().union(*joined)]
    return tied


def _admitted(space: Space, names: set[str], combinations: int) -> tuple[int, dict[str, int]]:
    """Return how many combinations of some axes are admitted, and what the constraints drop."""
    axes = [axis for axis in space.axes if axis.name in names]
    constraints = [c for c in space.constraints if stage_of(c, space) != "results" and names_read(c, space) <= names]
    if not constraints and not names & set(space.conditions):
        return combinations, {}
    grid, builder = GridPoints(tuple(len(axis) for axis in axes), combinations), DesignBuilder(space)
    found, dropped = 0, dict[str, int]()
    for start in range(0, combinations, STEP):
        stop = min(combinations, start + STEP)
        places = dict(zip((axis.name for axis in axes), grid.places(start, stop), strict=True))
        rest = {n: np.zeros(stop - start, dtype=np.int64) for n in space.axis_names if n not in names}
        designs = Designs(space, np.arange(start, stop), {**places, **rest})
        admit(designs, constraints, builder, sorted(names))
        found += len(designs)
        for reason, count in designs.dropped.items():
            text = f"{reason}: {designs.examples[NOT_VALID]}" if reason == NOT_VALID else reason
            dropped[text] = dropped.get(text, 0) + count
    return found, dropped
