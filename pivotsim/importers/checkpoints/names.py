"""What libraries call the weights of an encoder, and which of them make a matrix of a plan.

Names are those of timm (DeiT, DINOv2, EVA-02), transformers (ViT, DeiT, DINOv2, DINOv3, SigLIP, CLIP, GPT-2),
torchvision and torch.nn, by their published code.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# label of a matrix -> its names behind an encoder's number, most usual first; pairs and triples stand side by side
SUFFIXES = {
    "qkv": (
        "attn.qkv", "attn.c_attn", "attn.in_proj_weight", "self_attention.in_proj_weight", "self_attn.in_proj_weight",
    ),
    **{
        part: (
            f"attn.{part}_proj", f"attn.{part}", f"attention.attention.{word}", f"attention.{part}_proj",
            f"self_attn.{part}_proj", f"attention.{word}",
        )
        for part, word in (("q", "query"), ("k", "key"), ("v", "value"))
    },
    "proj": (
        "attn.proj", "attention.output.dense", "attention.o_proj", "attn.c_proj", "attn.out_proj", "self_attn.out_proj",
        "self_attention.out_proj",
    ),
    "gate": ("mlp.fc1_g", "mlp.w1", "mlp.gate_proj"),
    "value": ("mlp.fc1_x", "mlp.w2", "mlp.up_proj"),
    "gate and value": ("mlp.w12", "mlp.weights_in", "mlp.fc1"),
    "fc1": ("mlp.fc1", "intermediate.dense", "mlp.up_proj", "mlp.c_fc", "mlp.0", "mlp.linear_1", "linear1"),
    "fc2": (
        "mlp.fc2", "output.dense", "mlp.w3", "mlp.weights_out", "mlp.down_proj", "mlp.c_proj", "mlp.3", "mlp.linear_2",
        "linear2",
    ),
}  # fmt: skip
JOINED = {"qkv": ("q", "k", "v"), "gate and value": ("gate", "value")}
INPUTS_FIRST = ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")  # GPT-2's Conv1D, where the block has c_attn
LOOKED_FOR = "blocks.0.attn.qkv.weight, encoder.layer.0.attention.attention.query.weight and the like"

_NUMBERED = re.compile(r"(.*?(?:^|\.)(?:blocks|layers?|h|resblocks|layers\.encoder_layer_))\.?([0-9]{1,4})\.(.+)")


class Part(NamedTuple):
    """A tensor, or one of ``shares`` of its outputs, counted from 0; ``inputs_first`` where it lies as (K, N)."""

    name: str
    inputs_first: bool = False
    share: int = 0
    shares: int = 1


def encoder_weights(names: Sequence[str]) -> dict[int, dict[str, str]]:
    """Return {encoder from 1: {name behind its number: whole name}} of the stack of encoders with the most weights.

    >>> encoder_weights(["blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.bias", "head.weight"])
    {1: {'attn.qkv': 'blocks.0.attn.qkv.weight'}}
    """
    known = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}
    stacks: dict[str, dict[int, dict[str, str]]] = {}
    for name in names:
        match = _NUMBERED.fullmatch(name)
        suffix = match[3].removesuffix(".weight") if match else ""
        if match and suffix in known and name.endswith("weight"):
            stacks.setdefault(match[1], {}).setdefault(int(match[2]) + 1, {})[suffix] = name
    return max(stacks.values(), key=lambda stack: sum(map(len, stack.values())), default={})


def parts_of(label: str, weights: Mapping[str, str]) -> list[Part]:
    """Return the tensors of an encoder that make one matrix side by side, none where one is missing.

    A packed gate and value stand in this order [assumed of timm's mlp.fc1].
    """
    own = _named(label, weights)
    if own:
        return [own]
    for whole, labels in JOINED.items():
        if label == whole:
            found = [_named(part, weights) for part in labels]
            return [part for part in found if part] if all(found) else []
        packed = _named(whole, weights) if label in labels else None
        if packed:
            return [packed._replace(share=labels.index(label), shares=len(labels))]
    return []


def _named(label: str, weights: Mapping[str, str]) -> Part | None:
    suffix = next((suffix for suffix in SUFFIXES.get(label, ()) if suffix in weights), None)
    if suffix is None:
        return None
    return Part(weights[suffix], suffix in INPUTS_FIRST and "attn.c_attn" in weights)
