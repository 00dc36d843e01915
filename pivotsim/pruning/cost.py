"""What the pruning itself costs: elements that the method touches, once, in the block that prunes.

Of N tokens, P patches, H heads of d channels, width D, T kept and R + 1 averaged patches, per image:

    head maximum of A   H * P^2       column sum        P^2       V maximum and sum   H * N * d       softmax   N
    sort                P * ceil(log2 P) comparisons    gather    T * D               mean            (R + 1) * D

The counts are this project's reading of section 3.3 (Eliopoulos et al. state none). Every phase but the softmax is
charged per element as a residual add of the processor side, the cheapest pass over data that it knows: [estimate].
"""

from pivotsim.hardware.spec import Hardware
from pivotsim.units import cycles_to_ms
from pivotsim.workload.plans import Plan


def pruning_elements(pruned: Plan) -> dict[str, int]:
    """Return phase -> elements of one image, over all encoders whose MLP sees fewer tokens than their attention.

    >>> from pivotsim.pruning.token_plans import pruned_at
    >>> from pivotsim.workload.plans import plan
    >>> elements = pruning_elements(pruned_at(plan("deit_s"), 4, 69))
    >>> elements["head_max"], elements["sort"], elements["gather"], elements["mean"]
    (230496, 1568, 48384, 26880)
    """
    model = pruned.model
    heads, width = model.heads, model.width
    total = dict.fromkeys(("head_max", "column_sum", "v_max_sum", "softmax", "sort", "gather", "mean"), 0)
    for encoder in pruned.encoders:
        tokens, left = encoder.attention_tokens, encoder.mlp_tokens
        if left >= tokens:
            continue
        patches = tokens - model.prefix_tokens
        kept, averaged = left - 1 - model.prefix_tokens, tokens - left + 1
        counts = {
            "head_max": heads * patches**2,
            "column_sum": patches**2,
            "v_max_sum": tokens * width,
            "softmax": tokens,
            "sort": patches * (patches - 1).bit_length(),
            "gather": kept * width,
            "mean": averaged * width,
        }
        total = {phase: total[phase] + count for phase, count in counts.items()}
    return total


def host_pruning_ms(pruned: Plan, hw: Hardware, batch: int) -> float:
    """Return the milliseconds that the processor side takes for the pruning of a batch, at its full profile's costs.

    The paper's profile charges softmax alone; the method's own cost is charged under either, on one core.
    """
    elements, costs = pruning_elements(pruned), hw.host_costs("full")
    softmax = elements.pop("softmax")
    clocks = costs.softmax.cycles_per_element * softmax + costs.add.cycles_per_element * sum(elements.values())
    return cycles_to_ms(batch * clocks, hw.host.clock_mhz)
