"""Head pruning: an encoder computes fewer attention heads, of the model's head width."""

from collections.abc import Mapping
from typing import Any

from pivotsim.errors import InputError, check_integer
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.transforms.common import changed, per_encoder


def prune_heads(plan: Plan, heads: int | Mapping[int, int]) -> Plan:
    """Return the plan with that many attention heads kept in each encoder.

    With h' heads of width dh, Q, K and V together are d x 3 h' dh, QK^T and SV run h' times, the projection is
    h' dh x d. Which heads stay does not matter to any cost (Michel, Levy and Neubig, NeurIPS 2019, remove whole heads).
    Heads go before weight blocks and attention masks, whose shapes depend on them.

    Parameters
    ----------
    plan : Plan
    heads : int or mapping
        Kept heads of every active attention, or {encoder: kept heads}.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        A number of heads outside 1 to the encoder's own, an encoder that is not there or whose attention is skipped,
        or masks that do not fit any more.

    Examples
    --------
    >>> import pivotsim as ps
    >>> [(op.module, op.k, op.n, op.repeats) for op in ps.lower(ps.prune_heads(ps.plan("deit_s"), 4))
    ...  if op.encoder == 1 and op.module in ("qkv", "qkt", "proj")]
    [('qkv', 384, 768, 1), ('qkt', 64, 197, 4), ('proj', 256, 384, 1)]
    """
    check_plan(plan)

    def check(name: str, encoder: EncoderPlan, value: Any) -> int:
        try:
            return check_integer(name, value, 1, plan.heads_of(encoder))
        except InputError as error:
            raise InputError(f"{error}; {plan.model.name} has {plan.heads_of(encoder)}") from None

    kept = per_encoder("heads", plan, heads, check, attention=True)
    return changed(plan, {number: {"heads": count} for number, count in kept.items()})
