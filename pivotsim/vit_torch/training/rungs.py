"""A plan put on a ViT while it trains: attentions skipped, tokens reduced by the plan's own methods, weights left out.

Which heads, neurons and blocks stay: the first heads, the first neurons, and the blocks of the plan's masks. A head
that goes is zeros in its columns of the projection, a neuron in its column of fc2 (w3), so that neither says anything.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pivotsim.errors import InputError, got
from pivotsim.tables import encoder_lines
from pivotsim.vit_torch.model.encoder import Encoder, Reducer
from pivotsim.vit_torch.model.feed_forward import SwiGlu
from pivotsim.vit_torch.model.plan_application import KeepRandom
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.reducers.dropping import Evit, SingleLayer, TopK
from pivotsim.vit_torch.reducers.merging import MergePairs
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan
from pivotsim.workload.tokens.methods import TokenStep
from pivotsim.workload.tokens.rules import Values

# method of a token step -> reduction from its values and the prefix tokens; the others need selectors that learn
REDUCERS: Mapping[str, Callable[[Values, int], Reducer]] = {
    "single": lambda v, prefix: SingleLayer(int(v["r"]), prefix, "image"),
    "top_k": lambda v, prefix: TopK(int(v["r"]), prefix),
    "tome": lambda v, prefix: MergePairs(int(v["r"]), prefix),
    "evit": lambda v, prefix: Evit(float(v["keep_rate"]), prefix, bool(v["fuse"])),
    "tdm": lambda v, prefix: Evit(float(v["keep_rate"]), prefix, fuse=True),
    "random": lambda v, prefix: KeepRandom(int(v["tokens"]), prefix, seed=0),
}
LAYERS = {"q": "attn.qkv", "k": "attn.qkv", "v": "attn.qkv", "qkv": "attn.qkv", "proj": "attn.proj",
          "fc1": "mlp.fc1", "gate": "mlp.w12", "value": "mlp.w12"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rung:
    """What a plan makes of a ViT: per encoder its attention and its reductions, and the masks of weights by name."""

    active: list[bool]
    before: list[Reducer | None]
    between: list[Reducer | None]
    masks: dict[str, Tensor] = field(repr=False)


def rung_of(vit: VisionTransformer, plan: Plan) -> Rung:
    """Return what a plan makes of a ViT, or raise InputError where the two do not fit; the ViT stays as it is."""
    check_plan(plan)
    if plan.model != vit.model or len(plan.encoders) != len(vit.blocks):
        raise InputError(f"plan: is of another model than the ViT {got(plan.model.name)}")
    problems = encoder_lines((e.encoder, problem) for e in plan.encoders for problem in _misfits(plan, e))
    if problems:
        raise InputError(problems)
    prefix = vit.model.prefix_tokens
    masks: dict[str, Tensor] = {}
    for e, block in zip(plan.encoders, vit.blocks, strict=True):
        masks |= {f"blocks.{e.encoder - 1}.{name}": mask for name, mask in _masks(plan, e, block).items()}
    return Rung(
        [e.attention_active for e in plan.encoders],
        [_reducer(e.before, prefix) for e in plan.encoders],
        [_reducer(e.between, prefix) for e in plan.encoders],
        masks,
    )


def as_planned(vit: VisionTransformer, plan: Plan) -> VisionTransformer:
    """Return a copy of a ViT that does what a plan says, with the weights that it leaves out set to 0.

    Parameters
    ----------
    vit : VisionTransformer
        Stays as it is.
    plan : Plan
        Of the same model: attentions skipped, tokens reduced by ``REDUCERS``, heads, neurons and blocks left out.

    Raises
    ------
    InputError
        The plan is of another model, or has what cannot be trained here: a learned selector, a mask of scores, two
        token steps at one place, more neurons than the model.

    Examples
    --------
    >>> import pivotsim as ps
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> half = as_planned(build_vit("deit_t"), ps.prune_neurons(ps.plan("deit_t"), keep_rate=0.5))
    >>> int(half.blocks[0].mlp.fc2.weight.any(dim=0).sum())
    384
    """
    rung = rung_of(vit, plan)
    planned = copy.deepcopy(vit)
    _switch(planned, rung)
    with torch.no_grad():
        for name, mask in rung.masks.items():
            weight_of(planned, name).mul_(mask)
    return planned


@contextmanager
def put_on(vit: VisionTransformer, rung: Rung) -> Iterator[None]:
    """Make a ViT a rung for one forward and backward pass; weights that it leaves out get no gradient.

    The weights themselves are set to 0 and put back, so rounding and other parts see the pruned matrix.
    """
    before = Rung(
        [b.attention_active for b in vit.blocks], [b.before for b in vit.blocks], [b.between for b in vit.blocks], {}
    )
    _switch(vit, rung)
    whole, hooks = {}, []
    for name, mask in rung.masks.items():
        weight = weight_of(vit, name)
        whole[name] = weight.detach().clone()
        hooks.append(weight.register_hook(lambda gradient, mask=mask: gradient * mask.to(gradient)))
        with torch.no_grad():
            weight.mul_(mask.to(weight))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for name, values in whole.items():
                weight_of(vit, name).copy_(values)
        _switch(vit, before)


def weight_of(vit: VisionTransformer, layer: str) -> Tensor:
    """Return the weight of a layer by name, the one that is trained where it is computed from another."""
    module = vit.get_submodule(layer)
    weight: Tensor = (
        module.parametrizations.weight.original if parametrize.is_parametrized(module, "weight") else module.weight
    )
    return weight


def _switch(vit: VisionTransformer, rung: Rung) -> None:
    for block, active, before, between in zip(vit.blocks, rung.active, rung.before, rung.between, strict=True):
        block.attention_active, block.before, block.between = active, before, between


def _reducer(steps: tuple[TokenStep, ...], prefix: int) -> Reducer | None:
    return REDUCERS[steps[0].method](dict(steps[0].values), prefix) if steps else None


def _misfits(plan: Plan, e: EncoderPlan) -> Iterator[str]:
    """Yield what of an encoder cannot be trained."""
    for place in (e.before, e.between):
        if len(place) > 1:
            yield f"one token step at a place is trained at most {got('; '.join(map(str, place)))}"
        for step in place:
            if step.method not in REDUCERS:
                yield f"{step.method}: needs a selector that learns; trained are {', '.join(REDUCERS)}"
    if e.attention_mask is not None:
        yield "a mask of attention scores is not trained; leave out heads, neurons, blocks of weights or tokens"
    if plan.hidden_of(e) > plan.model.mlp_hidden:
        yield f"mlp_hidden: {plan.model.name} has {plan.model.mlp_hidden} {got(e.mlp_hidden)}"


def _masks(plan: Plan, e: EncoderPlan, block: Encoder) -> dict[str, Tensor]:
    """Return {layer: 1 where a weight stays, in torch's order (outputs, inputs)} of the layers that lose some."""
    heads, hidden, size = plan.heads_of(e), plan.hidden_of(e), plan.model.head_size
    last = "mlp.w3" if isinstance(block.mlp, SwiGlu) else "mlp.fc2"
    masks: dict[str, Tensor] = {}

    def of(layer: str) -> Tensor:
        module: nn.Module = block.get_submodule(layer)
        return masks.setdefault(layer, torch.ones_like(module.weight))

    if e.attention_active and heads < plan.model.heads:
        of("attn.proj")[:, heads * size :] = 0
    if hidden < plan.model.mlp_hidden:
        of(last)[:, hidden:] = 0
    for label, mask in e.weight_masks.items():
        layer = LAYERS.get(label, last)
        kept = torch.tensor(mask.elements().T.copy())
        mask_of = of(layer)
        if layer == "attn.qkv":
            matrices = mask_of.view(3, -1, mask_of.shape[1])  # of Q, K and V
            chosen = slice(None) if label == "qkv" else slice("qkv".index(label), "qkv".index(label) + 1)
            matrices[chosen, : heads * size] *= kept.view(-1, heads * size, kept.shape[1])
        else:
            first = plan.model.mlp_hidden if label == "value" else 0
            mask_of[first : first + kept.shape[0], : kept.shape[1]] *= kept
    return masks
