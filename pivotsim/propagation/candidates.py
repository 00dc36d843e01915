"""Candidates of a front: the designs that may be on it at some constants.

Delay and energy are sums of counts times constants that are not negative. A design that another one matches in every
count, and beats in one, is beaten at all constants, so it is on no front of any draw, and need not be weighed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pivotsim.energy.rules import CONSTANT
from pivotsim.pareto import front_mask
from pivotsim.propagation.costs import COUNTS, CostModel
from pivotsim.propagation.sampling import Draws
from pivotsim.units import FloatArray, IntArray

OF_COSTS = ("delay_ms", "energy_j", "edp_j_ms")


def distinct_candidates(
    model: CostModel, draws: Draws, objectives: Sequence[str], fixed: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return the places of the distinct candidates, and for each design the number of its own among them, or -1.

    Designs with the same counts, and the same ``fixed`` objectives (D, f) to minimise, are the same candidate.
    """
    counts = np.column_stack([*_counts(model, objectives), fixed])
    distinct, first, back = np.unique(counts, axis=0, return_index=True, return_inverse=True)
    kept = np.ones(len(distinct), dtype=np.bool_)
    if _is_monotone(model, draws):
        kept = front_mask(np.ascontiguousarray(distinct))
    number = np.full(len(distinct), -1, dtype=np.int64)
    number[kept] = np.arange(np.count_nonzero(kept))
    return first[kept].astype(np.int64), number[back.reshape(-1)]


def _counts(model: CostModel, objectives: Sequence[str]) -> list[Any]:
    """Return the counts that the objectives depend on, each (D,), and constants that designs differ in."""
    needs_energy = any(name in objectives for name in OF_COSTS[1:])
    columns = list(model.amounts) if any(name in objectives for name in OF_COSTS) else []
    if needs_energy:
        columns += [value for value in model.own.values() if np.ndim(value)]
    if needs_energy and model.energy != CONSTANT:
        columns += [model.counts[name] for name in COUNTS]
        columns += [a * model.counts["cores"] for a, key in zip(model.amounts, model.keys, strict=True) if key.is_ps]
    return columns


def _is_monotone(model: CostModel, draws: Draws) -> bool:
    """Whether more of a count is always worse: no constant that multiplies one is zero in some draw."""
    used = {path for key in model.keys for path in (*key.times, *key.charged_if)} | set(model.own)
    return all((draws[path] > 0).all() for path in used if path in draws) and all(
        np.all(value > 0) for path, value in model.own.items() if path not in draws
    )
