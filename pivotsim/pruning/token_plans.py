"""Plans of the method: all blocks at n tokens (offline), and one block that prunes (online)."""

from dataclasses import replace

from pivotsim.errors import InputError, check_integer, got
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

PUBLISHED_ENCODERS = {12: 4, 40: 10}  # depth -> encoder, from 1: Eliopoulos et al., section 3.2


def at_tokens(plan: Plan, tokens: int) -> Plan:
    """Return the plan with every block at ``tokens`` tokens, as the latency staircase is taken; it costs nothing."""
    return prune_tokens(plan, "random", tokens=tokens)


def pruned_at(plan: Plan, encoder: int, removed: int) -> Plan:
    """Return the plan that removes ``removed`` tokens, net, between attention and MLP of one encoder.

    The attention of ``encoder`` sees all N tokens; its MLP and all later blocks see N - removed. Nothing happens if
    ``removed`` is 0.

    >>> from pivotsim.workload.plans import plan
    >>> [(e.attention_tokens, e.mlp_tokens) for e in pruned_at(plan("deit_s"), 4, 69).encoders][2:5]
    [(197, 197), (197, 128), (128, 128)]
    """
    return prune_tokens(plan, "single", r=removed, encoder=encoder) if removed else plan


def without_steps(plan: Plan) -> Plan:
    """Return the plan with the same tokens and no token steps: they fall at no cost.

    >>> from pivotsim.workload.plans import plan
    >>> found = without_steps(pruned_at(plan("deit_s"), 4, 69))
    >>> found.token_methods, found.encoders[3].mlp_tokens
    ([], 128)
    """
    return replace(plan, encoders=tuple(replace(e, before=(), between=()) for e in plan.encoders))


def whole_tokens(plan: Plan) -> int:
    """Return N, the tokens of a plan whose blocks all see the same; raise InputError for one that prunes already."""
    check_plan(plan)
    counts = {count for e in plan.encoders for count in (e.attention_tokens, e.mlp_tokens)}
    if len(counts) > 1:
        raise InputError(f"plan: prunes tokens already; a schedule starts from a whole plan {got(sorted(counts))}")
    return counts.pop()


def least_tokens(prefix_tokens: int) -> int:
    """Return the fewest tokens that the method leaves.

    Of n tokens left, p are prefix tokens, one is the inattentive token and T = n - 1 - p are kept patches; it prunes
    only if T > p (the released code's early exit).

    >>> least_tokens(1), least_tokens(2)
    (4, 6)
    """
    return 2 * prefix_tokens + 2


def pruning_encoder(plan: Plan, encoder: int | None = None) -> int:
    """Return the encoder that prunes, from 1: as asked for, or the one after the first quarter of the depth.

    Eliopoulos et al., section 3.2: the 4th of 12, the 10th of 40. (Section 4.3 says layers 3 and 10; the released code
    counts from 0, and 3 is the 4th there.) Other depths: floor(depth / 4) + 1.

    Raises
    ------
    InputError
        There is no such encoder, or its attention is skipped: the score is made of it.
    """
    depth = len(plan.encoders)
    chosen = PUBLISHED_ENCODERS.get(depth, depth // 4 + 1) if encoder is None else encoder
    chosen = check_integer("encoder", chosen, 1, depth)
    if not plan.encoders[chosen - 1].attention_active:
        raise InputError(f"encoder: attention is skipped there, and the score is made of it {got(chosen)}")
    return chosen
