"""Which parameters measured rows tell, and which they cannot tell apart.

The singular values of the weighted, scaled Jacobian say it: a direction in which no prediction changes is one that no
measurement can find. Parameters with a share in such a direction are not told, and neither are rows that depend on them
of use for the others: another value of theirs would meet any such row.
"""

from typing import NamedTuple

import numpy as np

from pivotsim.calibration.fitting.fit import BoolArray, Problem
from pivotsim.units import FloatArray

FLAT = 1e-7  # of the largest singular value: below it a direction changes nothing
SHARE = 1e-6  # of a direction: below it a parameter has no part in it


class Identified(NamedTuple):
    """What rows tell.

    Attributes
    ----------
    told, unmeasured : bool (P,)
        Parameters that are found; those on which no row depends.
    groups : list of tuple of int
        Parameters that cannot be told apart from each other; of one alone no usable row is left.
    rows : bool (N,)
        Rows that depend on told and fixed parameters alone.
    condition : float
        Largest over smallest singular value of what is told, columns scaled to length 1; 0 where nothing is.
    """

    told: BoolArray
    unmeasured: BoolArray
    groups: list[tuple[int, ...]]
    rows: BoolArray
    condition: float


def identified(problem: Problem, free: BoolArray) -> Identified:
    """Return what rows tell of the ``free`` parameters (bool, P + 1), the Jacobian taken near the start."""
    point = np.where(problem.start > 0, problem.start, 1.0)  # at 0 a cost would hide what its cores share
    jacobian = problem.jacobian(point) * problem.weights(point)[:, None]
    depends = np.abs(jacobian) > 0
    unmeasured: BoolArray = free & ~depends.any(axis=0)
    told: BoolArray = free & ~unmeasured
    rows: BoolArray = np.ones(len(jacobian), dtype=bool)
    groups: list[tuple[int, ...]] = []
    while True:
        places = np.flatnonzero(told)
        flat = flat_directions(jacobian[np.ix_(rows, places)])
        involved = places[np.abs(flat).max(axis=1, initial=0.0) > SHARE]
        if not len(involved):
            break
        groups += [tuple(int(places[i]) for i in group) for group in _groups(flat)]
        told[involved] = False
        rows &= ~depends[:, involved].any(axis=1)
    values = singular_values(jacobian[np.ix_(rows, np.flatnonzero(told))])
    condition = float(values[0] / values[-1]) if len(values) else 0.0
    return Identified(told, unmeasured, groups, rows, condition)


def scaled_columns(jacobian: FloatArray) -> FloatArray:
    """Return a matrix with its columns scaled to length 1, those of zeros as they are."""
    lengths = np.linalg.norm(jacobian, axis=0)
    return np.asarray(jacobian / np.where(lengths > 0, lengths, 1.0))


def singular_values(jacobian: FloatArray) -> FloatArray:
    """Return the singular values with columns scaled to length 1, the largest first."""
    return np.asarray(np.linalg.svd(scaled_columns(jacobian), compute_uv=False)) if jacobian.size else np.zeros(0)


def flat_directions(jacobian: FloatArray) -> FloatArray:
    """Return the projector (P, P) on the directions in which nothing changes."""
    columns = jacobian.shape[1]
    if not columns:
        return np.zeros((0, 0))
    if not len(jacobian):
        return np.eye(columns)
    _, values, directions = np.linalg.svd(scaled_columns(jacobian), full_matrices=True)
    kept = directions[: int((values > FLAT * values[0]).sum())] if values[0] > 0 else directions[:0]
    return np.asarray(np.eye(columns) - kept.T @ kept)


def _groups(projector: FloatArray) -> list[tuple[int, ...]]:
    """Return the places that are linked by a projector's entries, each group once."""
    linked = np.abs(projector) > SHARE
    left, found = set(np.flatnonzero(linked.any(axis=1)).tolist()), []
    while left:
        group, edge = set(), [min(left)]
        while edge:
            place = edge.pop()
            if place not in group:
                group.add(place)
                edge += np.flatnonzero(linked[place]).tolist()
        found.append(tuple(sorted(group)))
        left -= group
    return found
