"""ViTCoD's split: keys that many queries need are computed densely, the others by the mask."""

from pivotsim.errors import InputError, check_integer, got
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.common import changed

DENSE_KEY_ENTRIES = 50  # ViTCoD's released code, Hardware/Simulator/reorder.py


def split_attention(plan: Plan, threshold: int = DENSE_KEY_ENTRIES) -> Plan:
    """Return the plan with each masked attention taken apart into a denser and a sparser part (ViTCoD, HPCA 2023).

    In each head, a key with more than ``threshold`` kept entries is global. QK^T over the g global keys is dense,
    N x g; over the other N - g keys it follows the mask. SV likewise. Each head is an operation of its own, so
    ``ps_pl_overlap: heads`` has no heads to put side by side; it is refused where all attentions are split.

    Parameters
    ----------
    plan : Plan
        With attention masks (``mask_attention``).
    threshold : int
        Kept entries of a key, over all queries, that make it global when exceeded.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        No encoder has an attention mask, one is split already, or the threshold is negative.

    Examples
    --------
    >>> import pivotsim as ps
    >>> masked = ps.mask_attention(ps.plan("deit_t"), density=0.25)
    >>> trace = ps.lower(ps.split_attention(masked, 55))
    >>> first = [(op.n, op.density == 1) for op in trace if op.encoder == 1 and op.module == "qkt"]
    >>> [a[0] + b[0] for a, b in zip(first[::2], first[1::2])]
    [197, 197, 197]
    """
    check_plan(plan)
    threshold = check_integer("threshold", threshold, 0)
    masked = [e for e in plan.encoders if e.attention_mask is not None]
    if not masked:
        raise InputError("split_attention: no encoder has an attention mask; mask the attention first")
    split = [e.encoder for e in masked if e.split_threshold is not None]
    if split:
        raise InputError(f"split_attention: encoders are split already {got(split)}")
    return changed(plan, {e.encoder: {"split_threshold": threshold} for e in masked})
