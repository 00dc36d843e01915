"""Neuron pruning: a smaller dense MLP, whose dropped neurons take a column of fc1 and a row of fc2 with them."""

from collections.abc import Mapping
from typing import Any

from pivotsim.errors import InputError, check_integer, got
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.transforms.common import changed, check_keep_rate, half_up, per_encoder


def prune_neurons(
    plan: Plan,
    keep_rate: float | Mapping[int, float] | None = None,
    *,
    hidden: int | Mapping[int, int] | None = None,
    multiple_of: int = 1,
) -> Plan:
    """Return the plan with fewer hidden neurons in each MLP; gate and value of a gated MLP lose the same ones.

    hidden' = q * max(1, floor(keep_rate * hidden / q + 1/2)) with q = ``multiple_of``, at most hidden. The mechanism is
    the structured half of block movement pruning (Lagunas et al., EMNLP 2021). Neurons go before weight blocks.

    Parameters
    ----------
    plan : Plan
    keep_rate : float or mapping, optional
        Kept share of the hidden neurons in (0, 1], for all encoders or {encoder: share}.
    hidden : int or mapping, optional
        Kept neurons themselves, instead of ``keep_rate``.
    multiple_of : int
        The kept number is rounded to a multiple of it (with ``keep_rate``).

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Both or neither of ``keep_rate`` and ``hidden``, or a value that does not fit.

    Examples
    --------
    >>> import pivotsim as ps
    >>> whole = ps.plan("deit_s")
    >>> [p.encoders[0].mlp_hidden for p in (ps.prune_neurons(whole, 0.7), ps.prune_neurons(whole, 0.7, multiple_of=64))]
    [1075, 1088]
    """
    check_plan(plan)
    if (keep_rate is None) == (hidden is None):
        raise InputError(f"prune_neurons: give keep_rate or hidden{'' if hidden is None else ', not both'}")
    step = check_integer("multiple_of", multiple_of, 1)
    if hidden is not None and step != 1:
        raise InputError(f"multiple_of: goes with keep_rate; hidden says the number itself {got(step)}")

    def by_rate(name: str, encoder: EncoderPlan, value: Any) -> int:
        now = plan.hidden_of(encoder)
        return min(now, step * max(1, half_up(check_keep_rate(name, value) * now / step)))

    def by_count(name: str, encoder: EncoderPlan, value: Any) -> int:
        return check_integer(name, value, 1, plan.hidden_of(encoder))

    name, value, check = ("keep_rate", keep_rate, by_rate) if hidden is None else ("hidden", hidden, by_count)
    kept = per_encoder(name, plan, value, check, attention=False)
    return changed(plan, {number: {"mlp_hidden": count} for number, count in kept.items()})
