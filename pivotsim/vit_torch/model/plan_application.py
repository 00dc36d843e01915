"""A plan applied to a ViT: which attentions run, and how many tokens each attention and each MLP sees."""

from itertools import pairwise

import torch
from torch import Tensor

from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.vit_torch.model.attention_tensors import AttentionTensors
from pivotsim.vit_torch.model.encoder import Reduced, Reducer
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.workload.plans import Plan, check_plan

PATCHES = ("first", "random")


class KeepFirst(Reducer):
    """Keeps the first tokens: a count, at no cost but a copy."""

    reads_attention = False
    reads_map = False

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return the first tokens, sizes with them."""
        return x[:, : self.tokens], None if sizes is None else sizes[:, : self.tokens]


class KeepRandom(Reducer):
    """Keeps the prefix and random patches, the same for all images of a batch, drawn anew for each batch.

    The accuracy proxy of Eliopoulos et al. (arXiv 2407.05941, section 3.1): random removal underestimates any method.
    """

    reads_attention = False
    reads_map = False

    def __init__(self, tokens: int, prefix: int, seed: int) -> None:
        super().__init__()
        self.tokens, self.prefix = tokens, min(prefix, tokens)
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor, sizes: Tensor | None, tensors: AttentionTensors) -> Reduced:
        """Return prefix and drawn patches in their old order, sizes with them."""
        patches = torch.randperm(x.shape[1] - self.prefix, generator=self.generator)[: self.tokens - self.prefix]
        kept = torch.cat([torch.arange(self.prefix), patches.sort().values + self.prefix]).to(x.device)
        return x[:, kept], None if sizes is None else sizes[:, kept]


def apply_plan(vit: VisionTransformer, plan: Plan, *, patches: str = "first", seed: int = 0) -> None:
    """Make a ViT do what a plan says; token reductions and masks that it had are taken off.

    Tokens fall where the plan says so: ahead of an encoder to its attention tokens, between attention and MLP
    to its MLP tokens. ``apply_plan(vit, plan(vit.model))`` undoes everything.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place.
    plan : Plan
        Of the same model.
    patches : {'first', 'random'}
        Which tokens stay: the first ones, for latencies; or the prefix and random patches, drawn per batch, for
        the accuracy proxy.
    seed : int
        Seed of the draw.

    Raises
    ------
    InputError
        The plan is of another model, has tokens that rise, or leaves the head without the tokens it reads.

    Examples
    --------
    >>> import pivotsim as ps
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_s")
    >>> apply_plan(vit, ps.skip_attention(ps.plan("deit_s"), active=[1, 2, 3]))
    >>> [block.attention_active for block in vit.blocks].count(True)
    3
    """
    check_plan(plan)
    check_choice("patches", patches, PATCHES)
    check_integer("seed", seed, 0)
    if plan.model != vit.model or len(plan.encoders) != len(vit.blocks):
        raise InputError(f"plan: is of another model than the ViT {got(plan.model.name)}")
    counts, problems = [vit.model.tokens], []
    for e in plan.encoders:  # a skipped attention sees no tokens, so its count says nothing
        attention = e.attention_tokens if e.attention_active else counts[-1]
        if attention > counts[-1] or e.mlp_tokens > attention:
            problems.append(f"encoder {e.encoder}: tokens rise from {counts[-1]} {got((attention, e.mlp_tokens))}")
        counts += [attention, e.mlp_tokens]
    needed = vit.model.prefix_tokens + (1 if vit.reads_patches else 0)
    if counts[-1] < needed:
        problems.append(f"encoder {len(vit.blocks)}: the head reads at least {needed} tokens {got(counts[-1])}")
    if problems:
        raise InputError(problems)
    for i, (block, encoder) in enumerate(zip(vit.blocks, plan.encoders, strict=True)):
        at = counts[2 * i : 2 * i + 3]
        block.attention_active, block.attn.mask = encoder.attention_active, None
        block.before, block.between = (
            None if after == ahead else _keep(after, vit.model.prefix_tokens, patches, seed + 2 * i + slot)
            for slot, (ahead, after) in enumerate(pairwise(at))
        )


def _keep(tokens: int, prefix: int, patches: str, seed: int) -> Reducer:
    return KeepFirst(tokens) if patches == "first" else KeepRandom(tokens, prefix, seed)
