"""What the pruning itself costs beyond what a run charges it: scores, sort, gather and mean on the processor side.

The operations stand in the plan's trace (workload/token_costs.py). The paper's profile charges none of them but a
softmax over the tokens; whether pruning pays depends on all, so a schedule charges them as profile `full` does.
"""

from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import host_steps
from pivotsim.workload.lowering import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan

OWN_MODULES = ("score", "sort", "gather", "merge", "predictor")


def host_pruning_ms(pruned: Plan, hw: Hardware, batch: int, profile: str) -> float:
    """Return the processor time of a batch's pruning under profile `full` that ``profile`` does not charge.

    Transfers are left out: profiles differ in them for every operation, not for pruning alone.

    Examples
    --------
    >>> import pivotsim as ps
    >>> plan = ps.prune_tokens(ps.plan("deit_s"), "single", r=69, encoder=4)
    >>> host_pruning_ms(plan, ps.load_hardware("zcu102"), 1, "full")
    0.0
    """
    trace = lower(pruned, batch)
    own = Trace(tuple(op for op in trace if op.module in OWN_MODULES), trace.name)
    return _ms(own, hw, "full") - _ms(own, hw, profile)


def _ms(own: Trace, hw: Hardware, profile: str) -> float:
    return sum(step.delay_ms for step in host_steps(own, hw, profile) if step.kind != "transfer")
