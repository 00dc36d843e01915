"""What pruned weights leave out for good: heads without blocks, neurons without a way on, and the smaller state."""

import torch
from torch import Tensor, nn

from pivotsim.vit_torch.model.attention import Attention
from pivotsim.vit_torch.model.feed_forward import SwiGlu
from pivotsim.vit_torch.model.transformer import VisionTransformer


def output_of(mlp: nn.Module) -> nn.Linear:
    """Return the layer whose inputs are the hidden neurons."""
    output: nn.Linear = mlp.w3 if isinstance(mlp, SwiGlu) else mlp.fc2
    return output


def remove_heads(vit: VisionTransformer) -> dict[int, list[int]]:
    """Set heads to 0 that have lost all blocks of W_q, W_k, W_v or W_proj; one head of an attention always stays.

    The library that Parikh et al. train with (hybrid block movement pruning, Lagunas et al., EMNLP 2021) removes a head
    where W_q, W_k or W_v has lost all of it. A head without W_proj says nothing, so removing it as well changes
    nothing; where W_q or W_k is lost, the mean of V is lost too, and accuracy must be taken after this.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place: weights and biases of such heads are 0.

    Returns
    -------
    dict
        Encoder, from 1 -> its removed heads, from 0.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> with torch.no_grad():
    ...     _ = vit.blocks[3].attn.qkv.weight[192 + 64 : 192 + 128].zero_()  # the second head's part of W_k
    >>> remove_heads(vit)
    {4: [1]}
    """
    removed = {}
    with torch.no_grad():
        for number, block in enumerate(vit.blocks, start=1):
            attention = block.attn
            qkv, proj = _by_head(attention)
            alive = qkv.any(dim=(2, 3)).all(dim=0) & proj.any(dim=(0, 2))
            dead = _all_but_one(~alive)
            if dead.any():
                removed[number] = dead.nonzero()[:, 0].tolist()
                qkv[:, dead] = 0
                proj[:, dead] = 0
                if attention.qkv.bias is not None:
                    attention.qkv.bias.view(3, attention.heads, -1)[:, dead] = 0
    return removed


def pruned_state(vit: VisionTransformer) -> dict[str, Tensor]:
    """Return the state without heads and hidden neurons that say nothing; it computes the same.

    A head goes where its part of W_proj is 0, a neuron where its column of fc2 (w3) is; one of each always stays. Zero
    blocks of what stays are zeros still. ``torch.save`` it, and ``pivotsim.with_checkpoint(plan, path)`` has the plan.

    Parameters
    ----------
    vit : VisionTransformer
        Stays as it is.

    Returns
    -------
    dict of str to Tensor
        Names are timm's; shapes are those of fewer heads and neurons.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> with torch.no_grad():
    ...     _ = vit.blocks[0].mlp.fc2.weight[:, 100:].zero_()
    >>> tuple(pruned_state(vit)["blocks.0.mlp.fc1.weight"].shape)
    (100, 192)
    """
    state = {name: values.detach().clone() for name, values in vit.state_dict().items()}
    for number, block in enumerate(vit.blocks):
        _, proj = _by_head(block.attn)
        heads = ~_all_but_one(~proj.any(dim=(0, 2)))
        channels = heads.repeat_interleave(proj.shape[2])
        neurons = ~_all_but_one(~output_of(block.mlp).weight.any(dim=0))
        gated = isinstance(block.mlp, SwiGlu)
        outputs = {"attn.qkv": channels.repeat(3), "mlp.w12" if gated else "mlp.fc1": neurons.repeat(1 + gated)}
        inputs = {"attn.proj": channels, "mlp.w3" if gated else "mlp.fc2": neurons}
        for layer, kept in outputs.items():
            for name in (f"blocks.{number}.{layer}.weight", f"blocks.{number}.{layer}.bias"):
                if name in state:
                    state[name] = state[name][kept]
        for layer, kept in inputs.items():
            name = f"blocks.{number}.{layer}.weight"
            state[name] = state[name][:, kept]
    return state


def _by_head(attention: Attention) -> tuple[Tensor, Tensor]:
    """Return the weights by head, as views: (3, H, d, D) of Q, K and V, and (D, H, d) of the projection."""
    heads = attention.heads
    return (
        attention.qkv.weight.detach().unflatten(0, (3, heads, -1)),
        attention.proj.weight.detach().unflatten(1, (heads, -1)),
    )


def _all_but_one(dead: Tensor) -> Tensor:
    """Return the flags with the first off where all are on."""
    if dead.all():
        dead = dead.clone()
        dead[0] = False
    return dead
