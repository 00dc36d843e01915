"""Attention skipping (PIVOT, DAC'24, section 3): an encoder without its attention keeps its MLP."""

from collections.abc import Iterable
from dataclasses import replace

from pivotsim.errors import InputError, check_integer, check_list, got
from pivotsim.workload.plans import Plan, check_plan


def skip_attention(plan: Plan, *, active: Iterable[int]) -> Plan:
    """Return the plan with attention only in the encoders of ``active`` (numbered from 1).

    A skipped attention drops norm1, QKV, QK^T, softmax, SV, the projection and residual1 of its encoder; the
    MLP stays. Skips add up: an attention that an earlier transform skipped cannot be made active again.

    Parameters
    ----------
    plan : Plan
    active : iterable of int
        Encoder numbers; may be empty.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        A number is no encoder of the plan, stands twice, or names an attention skipped before; or an encoder left
        out prunes tokens by its attention.

    Examples
    --------
    >>> import pivotsim as ps
    >>> ps.skip_attention(ps.plan("deit_s"), active=[1, 2, 3]).effort
    3
    """
    check_plan(plan)
    depth = len(plan.encoders)
    wanted = check_list("active", active, "encoder numbers", "write [3], [1, 2], or range(1, 7) for the first six")
    problems: list[str] = []
    refused: dict[str, list[str]] = {}
    for position, number in enumerate(wanted):
        try:
            check_integer("active", number, 1, depth)
        except InputError as error:
            refused.setdefault(str(error).partition(" (got ")[0], []).append(str(error))
            continue
        if number in wanted[:position]:
            problems.append(f"active: encoder {number} stands twice")
        elif not plan.encoders[number - 1].attention_active:
            problems.append(f"active: the attention of encoder {number} is skipped already")
    for first, *others in refused.values():  # a line for each mistake, not for each number of a range
        more = f", and {len(others)} more numbers" if len(others) > 1 else ", and one more number" if others else ""
        problems.append(f"{first}{more}; {plan.model.name} has encoders 1 to {depth}")
    if problems:
        raise InputError(problems)
    kept = set(wanted)
    pruning = [e for e in plan.encoders if e.between and e.encoder not in kept]  # all between score with attention
    if pruning:
        raise InputError(
            f"active: encoder {e.encoder} prunes tokens by its attention, which must run {got(e.token_steps)}"
            for e in pruning
        )
    return replace(plan, encoders=tuple(e if e.encoder in kept else e.without_attention() for e in plan.encoders))
