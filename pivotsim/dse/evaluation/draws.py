"""Number of points to draw, so that a sample has as many different admitted designs as were asked for.

Rules on axes and resources, which need no simulation, are applied to points in the order in which they are drawn, until
enough are left. A sweep then takes that many points and leaves the others out by the same rules.
"""

from typing import NamedTuple

import numpy as np

from pivotsim.dse.evaluation.admission import Designs, admit, stage_of
from pivotsim.dse.evaluation.cache import DesignBuilder
from pivotsim.dse.evaluation.counting import count_points
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.sampling import DEFAULT_SAMPLES, MAX_GRID, Points, points_of
from pivotsim.errors import InputError
from pivotsim.tables import counted
from pivotsim.units import IntArray

DRAWS_PER_SAMPLE = 50
BLOCK = 32_768


class Draws(NamedTuple):
    """How a sample is drawn.

    Attributes
    ----------
    method : str
        As asked for, or `grid` where the sample would be the whole space.
    samples : int or None
        Designs that were asked for, None of a grid.
    points : int or None
        Points to draw of `random`.
    note : str
        What is said where the sample is another than was asked for.
    """

    method: str
    samples: int | None
    points: int | None
    note: str = ""


def draws_for(space: Space, method: str, samples: int | None = None, seed: int = 0) -> Draws:
    """Return how a sample of a space is drawn; at most 50 points are drawn for each design.

    Raises
    ------
    InputError
        The method or its options are not valid, or the rules leave nothing.

    Examples
    --------
    >>> from pivotsim.dse.space.reading import load_space
    >>> space = load_space({"name": "tiny", "axes": {"array.rows": [32, 64], "array.cols": [36, 72]},
    ...                     "constraints": ["dsp <= 2520"]})
    >>> draws_for(space, "random", 2, seed=1)
    Draws(method='random', samples=2, points=2, note='')
    >>> draws_for(space, "random", 5).note
    'samples: the space has 4 points, 3 by its rules: all are taken, not 5'
    """
    points = points_of(space, method, samples, seed)
    if method != "random":
        count_points(space)
        return Draws(method, samples, None)
    wanted = DEFAULT_SAMPLES if samples is None else samples
    if (whole := whole_space(space, wanted)) is not None:
        return whole
    if not space.conditions and all(stage_of(rule, space) == "results" for rule in space.constraints):
        return Draws(method, samples, points.count)
    drawn = points_of(space, method, samples, seed, wanted * DRAWS_PER_SAMPLE)
    found, last = _first_admitted(space, drawn, wanted)
    if not found:
        raise InputError(f"space: none of {drawn.count:,} points that were drawn meets the rules; loosen them")
    if found < wanted:
        note = f"samples: {found:,} of {wanted:,} found in {counted(drawn.count, 'draw')}, the rules leave out the rest"
        return Draws(method, samples, drawn.count, note)
    return Draws(method, samples, last + 1)


def whole_space(space: Space, wanted: int) -> Draws | None:
    """Return the grid, where a sample of so many designs would take all that the rules admit, else None.

    Raises
    ------
    InputError
        The rules leave nothing.
    """
    admitted = count_points(space).admitted
    reachable = space.size if admitted is None or space.size > wanted * DRAWS_PER_SAMPLE else admitted
    if wanted < reachable or space.size > MAX_GRID:
        return None
    note = ""
    if wanted not in (space.size, admitted):
        left = "" if admitted in (None, space.size) else f", {admitted:,} by its rules"
        note = f"samples: the space has {counted(space.size, 'point')}{left}: all are taken, not {wanted:,}"
    return Draws("grid", None, None, note)


def _first_admitted(space: Space, points: Points, wanted: int) -> tuple[int, int]:
    """Return (how many points are admitted up to as many as wanted, the number of the last of them)."""
    builder, found = DesignBuilder(space), 0
    for start in range(0, points.count, BLOCK):
        stop = min(points.count, start + BLOCK)
        numbers = admitted_numbers(space, points, start, stop, builder)
        if found + len(numbers) >= wanted:
            return wanted, int(numbers[wanted - found - 1])
        found += len(numbers)
    return found, points.count - 1


def admitted_numbers(space: Space, points: Points, start: int, stop: int, builder: DesignBuilder) -> IntArray:
    """Return which of the points ``start`` up to ``stop`` the rules on axes and resources admit, int64 ascending."""
    places = dict(zip(space.axis_names, points.places(start, stop), strict=True))
    designs = Designs(space, np.arange(start, stop, dtype=np.int64), places)
    admit(designs, space.constraints, builder)
    numbers: IntArray = designs.numbers
    return numbers
