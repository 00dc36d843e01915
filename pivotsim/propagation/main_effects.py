"""Shares of variance of costs: what each constant alone explains, from its mean effect at many of its values.

Costs are cheap at any constants, so the mean outcome at a given value of a constant, E[y | x], is not estimated from
strata but computed: x is set to the value in all draws, and the outcome averaged over them. With the effect
h(x) = E[y | x] - E[y] of each constant (Sobol', Math. Modelling and Computational Experiments, 1993, Eq. 11),

    Var(y) = sum over constants of Var(h) + Var(y - sum of h)

and the last part are the interactions: none where the outcome is a sum over constants, whatever their tails.
Between the values, quantiles of the constant, effects are taken as straight, which they are of sums of products.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from pivotsim.propagation.constants import Constant
from pivotsim.propagation.sampling import Draws
from pivotsim.units import FloatArray

SAMPLE, VALUES = 1024, 33
LISTED_FRAC = 0.001  # shares below are counted, not listed
ROUNDING = 1e-24  # of the squared mean: a variance below is none

Outcomes = Mapping[str, FloatArray]  # name -> (N,)


def shares_of_costs(
    constants: Sequence[Constant], seed: int, outcomes_of: Callable[[Draws], Outcomes],
    may_matter: Mapping[str, Collection[str]],
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Return outcome -> constant -> the share of the outcome's variance that the constant alone explains.

    Parameters
    ----------
    constants : sequence of Constant
        What is drawn.
    seed : int
        Of the sample of 1,024 draws behind the shares: its own, whatever else is drawn.
    outcomes_of : callable
        Outcomes at draws.
    may_matter : mapping
        Outcome -> the only constants that it depends on, where that is known.

    Examples
    --------
    >>> a, b = Constant("a", 0.5, 0.0, 1.0, "range"), Constant("b", 0.5, 0.25, 1.0, "range")
    >>> found = shares_of_costs([a], 0, lambda draws: {"y": 3 * draws["a"] + 1}, {})
    >>> round(found["y"]["a"], 12)
    1.0
    >>> sum_of_both = shares_of_costs([a, b], 0, lambda draws: {"y": draws["a"] + draws["b"]}, {})
    >>> round(sum(sum_of_both["y"].values()), 12)
    1.0
    """
    sample = Draws(constants, SAMPLE, seed)
    own = outcomes_of(sample)
    effects: dict[str, dict[str, FloatArray]] = {name: {} for name in own}
    for path, values in sample.items():
        at = np.unique(np.quantile(values, np.linspace(0, 1, VALUES)))
        found = [outcomes_of(sample.fixed(path, value)) for value in at.tolist()]
        for name in own:
            if path in may_matter.get(name, sample):
                means = [float(each[name].mean()) for each in found]
                effects[name][path] = np.interp(values, at, means)
    return {name: _shares(own[name], effects[name], sample) for name in own}


def _shares(outcome: FloatArray, effects: Mapping[str, FloatArray], paths: Collection[str]) -> dict[str, float]:
    """Return the variance of each constant's effect over that of all, 0 where nothing varies."""
    variances = {path: float(effect.var()) for path, effect in effects.items()}
    rest = outcome - np.sum(list(effects.values()), axis=0) if effects else outcome
    total = sum(variances.values()) + float(rest.var())
    none = ROUNDING * float(outcome.mean()) ** 2
    return {
        path: variances[path] / total if variances.get(path, 0.0) > none else 0.0
        for path in paths
    }  # fmt: skip
