"""Shares of variance: how much of an outcome's spread over the draws each constant alone explains.

First-order Sobol indices, Var(E[y | x]) / Var(y), from the draws themselves: draws are grouped into equal strata of a
constant, and what differs between the strata beyond chance is its share (`dse.sensitivity`, whose formula and
correction for chance are used). Of several outcomes together, such as which designs are on a front, the index is the
aggregated one: sums over the outcomes above and below (Lamboni, Monod and Makowski, Reliability Engineering & System
Safety 96, 2011, 450-459).

Shares of independent constants sum to at most 1; what is missing are their interactions, and what differs within a
stratum. Costs themselves need no strata (`main_effects`): this is for outcomes such as fronts, which cost more.
"""

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from pivotsim.dse.sensitivity import variance_parts
from pivotsim.propagation.sampling import Draws

MAX_STRATA, LEAST_DRAWS = 16, 8  # of a stratum


def strata_count(draws: int) -> int:
    """Return how many strata draws are grouped into."""
    return max(2, min(MAX_STRATA, draws // LEAST_DRAWS))


def noise_floor(draws: int) -> float:
    """Return the share that a constant without any effect stays below in about 97 of 100 cases.

    Two standard errors of the index of nothing: SSB / SST of N draws in K strata varies as chi2(K - 1) / N.

    >>> round(noise_floor(1000), 4)
    0.011
    """
    return 2 * math.sqrt(2 * (strata_count(draws) - 1)) / draws


def strata_of(values: Any) -> Any:
    """Return the stratum of each draw of a constant, int64 (N,)."""
    count = len(values)
    strata = strata_count(count)
    ranks = np.empty(count, dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(count)
    return ranks * strata // count


def shares_of_variance(draws: Draws, outcomes: Any, may_matter: Collection[str] | None = None) -> dict[str, float]:
    """Return the share of the variance of outcomes, (N,) or (N, R) taken together, that each constant explains.

    Shares are 0 where nothing varies, and of constants that are not among those that may matter; else at least 0.

    Examples
    --------
    >>> from pivotsim.propagation.constants import Constant
    >>> draws = Draws([Constant("a", 2.0, 1.0, 3.0, "range"), Constant("b", 2.0, 1.0, 3.0, "range")], 4096, seed=0)
    >>> {path: round(share, 1) for path, share in shares_of_variance(draws, 3 * draws["a"] + draws["b"]).items()}
    {'a': 0.9, 'b': 0.1}
    """
    outcomes = np.asarray(outcomes, dtype=np.float64)
    outcomes = outcomes.reshape(len(outcomes), -1)
    outcomes = outcomes - outcomes.mean(axis=0)  # near zero, so that squares keep their digits
    found = {}
    for path, values in draws.items():
        if may_matter is not None and path not in may_matter:
            found[path] = 0.0
            continue
        strata = strata_of(values)
        sums = np.zeros((strata.max() + 1, 1 + 2 * outcomes.shape[1]))
        sums[:, 0] = np.bincount(strata)
        order = np.argsort(strata, kind="stable")
        starts = np.searchsorted(strata[order], np.arange(len(sums)))
        ordered = outcomes[order]
        sums[:, 1 : 1 + outcomes.shape[1]] = np.add.reduceat(ordered, starts, axis=0)
        sums[:, 1 + outcomes.shape[1] :] = np.add.reduceat(ordered**2, starts, axis=0)
        between, total = variance_parts(sums, 1.0)
        found[path] = float(np.clip(between.sum() / total.sum(), 0.0, 1.0)) if total.sum() > 0 else 0.0
    return found
