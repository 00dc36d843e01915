"""The plan that a ViT follows, seen from one pass: its token reductions as numbers that a simulator takes."""

from dataclasses import replace

import torch

from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.workload.plans import Plan, plan


def extract_plan(vit: VisionTransformer) -> Plan:
    """Return the plan of what a ViT does to one image: active attentions, tokens of each attention and each MLP.

    The counts of every reduction here are the same for all images. A reduction's own work is not in the plan.

    Examples
    --------
    >>> from pivotsim.vit_torch.reducers.reduction import prune_single
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_single(vit, encoder=4, removed=69)
    >>> [(e.attention_tokens, e.mlp_tokens) for e in extract_plan(vit).encoders[2:5]]
    [(197, 197), (197, 128), (128, 128)]
    """
    model, attention, mlp = vit.model, [0] * vit.model.depth, [0] * vit.model.depth

    def counting(counts: list[int], i: int) -> object:
        return lambda module, inputs: counts.__setitem__(i, inputs[0].shape[1])

    hooks = [
        part.register_forward_pre_hook(counting(counts, i))
        for i, block in enumerate(vit.blocks)
        for part, counts in ((block.attn, attention), (block.mlp, mlp))
    ]
    try:
        with torch.inference_mode():
            vit(vit.pos_embed.new_zeros(1, model.channels, *model.image_sides))
    finally:
        for hook in hooks:
            hook.remove()
    whole = plan(model)
    encoders = tuple(  # a skipped attention sees no tokens; the count after it says as much
        replace(e, attention_active=a > 0, attention_tokens=a or m, mlp_tokens=m)
        for e, a, m in zip(whole.encoders, attention, mlp, strict=True)
    )
    return replace(whole, encoders=encoders)
