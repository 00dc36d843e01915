"""Cost of the pruning itself: scores, sort, gather and mean, beside a plan that cuts its tokens at no cost.

The operations stand in the plan's trace (workload/tokens/costs.py). The paper's profile charges none of them but a
softmax over the tokens; whether pruning pays depends on all, so the processor side charges them as profile `full` does.
"""

import math

from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import host_ops
from pivotsim.pruning.token_plans import without_steps
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan


def host_pruning_ms(pruned: Plan, hw: Hardware, batch: int = 1) -> float:
    """Return the processor time of a batch's pruning under profile `full`, with the transfers that it adds.

    Examples
    --------
    What runs on units of the PL takes no processor time.

    >>> import pivotsim as ps
    >>> plan = ps.prune_tokens(ps.plan("deit_s"), "single", r=69, encoder=4)
    >>> host_pruning_ms(plan, ps.load_hardware("u250_mpca"))
    0.0
    """
    steps = (host_ops(trace, hw, "full") for trace in _with_and_without(pruned, batch))
    added, bare = ([step.delay_ms for step in found] for found in steps)
    return math.fsum([*added, *(-ms for ms in bare)])  # exact: what both have cancels


def pruning_cycles(pruned: Plan, hw: Hardware, batch: int, engine: str, memory: str) -> int:
    """Return the PL clocks of a batch's pruning: its units', and the array's for layers that a method adds."""
    added, bare = _with_and_without(pruned, batch)
    run, others = ENGINES[engine].run, ENGINES[engine].other_cycles
    units = [sum(one.cycles for one in others(trace, hw)) for trace in (added, bare)]
    on_array = 0
    if len(added.gemms) > len(bare.gemms):
        on_array = sum(run(added, hw, memory).cycles.tolist()) - sum(run(bare, hw, memory).cycles.tolist())
    return units[0] - units[1] + on_array


def _with_and_without(pruned: Plan, batch: int) -> tuple[Trace, Trace]:
    return lower(pruned, batch).within("encoders"), lower(without_steps(pruned), batch).within("encoders")
