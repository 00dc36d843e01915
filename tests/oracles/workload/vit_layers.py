"""Parameters and multiply-accumulates of a Vision Transformer, layer by layer: every matrix is written down."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Layer(NamedTuple):
    """A layer: its name, its parameters, the multiply-accumulates of one image."""

    name: str
    parameters: int
    macs: int


def patches_of(height: int, width: int, patch_height: int, patch_width: int, edge: str) -> int:
    """Return the patches that a walk over the image meets; those that the edge cuts count where it is padded.

    >>> patches_of(5, 4, 2, 2, "floor"), patches_of(5, 4, 2, 2, "pad")
    (4, 6)
    """
    count = 0
    for top in range(0, height, patch_height):
        for left in range(0, width, patch_width):
            is_whole = top + patch_height <= height and left + patch_width <= width
            count += is_whole or edge == "pad"
    return count


def linear(name: str, rows: int, inputs: int, outputs: int, bias: bool = True) -> Layer:
    """Return a linear layer on so many rows."""
    return Layer(name, inputs * outputs + (outputs if bias else 0), rows * inputs * outputs)


def product(name: str, m: int, k: int, n: int) -> Layer:
    """Return a product of two activations."""
    return Layer(name, 0, m * k * n)


def layers(v: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield every layer of a model with a plain patch projection, from its values; sizes in pixels are pairs."""
    d, head, heads = v["width"], v["head_size"], v["heads"]

    def norm(name: str, features: int) -> Layer:
        return Layer(name, features + (features if v["norm"] == "layernorm" else 0), 0)

    patches = patches_of(*v["image_px"], *v["patch_px"], v["patch_edge"])
    tokens = v["prefix_tokens"] + v["register_tokens"] + patches
    yield linear("patches", patches, v["patch_px"][0] * v["patch_px"][1] * v["channels"], d)
    yield Layer("prefix", v["prefix_tokens"] * d, 0)
    yield Layer("registers", v["register_tokens"] * d, 0)
    if v["positions"] in ("learned", "learned_rope"):
        yield Layer("positions of patches", patches * d, 0)
        if v["prefix_positions"]:
            yield Layer("positions of prefix tokens", v["prefix_tokens"] * d, 0)
    for _ in range(v["depth"]):
        yield norm("norm1", d)
        yield linear("q", tokens, d, heads * head, v["qkv_bias"])
        yield linear("k", tokens, d, heads * head, v["qkv_bias"] and v["k_bias"])
        yield linear("v", tokens, d, heads * head, v["qkv_bias"])
        if v["qk_norm"]:
            yield norm("norm of q", head)
            yield norm("norm of k", head)
        for _ in range(heads):
            yield product("qkt", tokens, head, tokens)
            yield product("sv", tokens, tokens, head)
        yield linear("proj", tokens, heads * head, d)
        yield norm("norm2", d)
        for _ in range(2 if v["gated_mlp"] else 1):
            yield linear("fc1", tokens, d, v["mlp_hidden"])
        if v["mlp_norm"]:
            yield norm("norm of mlp", v["mlp_hidden"])
        yield linear("fc2", tokens, v["mlp_hidden"], d)
        for _ in range(2 if v["layer_scale"] else 0):
            yield Layer("scale", d, 0)
    yield norm("norm", d)
    if v["pool"] == "attention":
        yield Layer("latent query", d, 0)
        yield linear("q", 1, d, d)
        yield linear("k", tokens, d, d)
        yield linear("v", tokens, d, d)
        for _ in range(heads):
            yield product("qkt", 1, d // heads, tokens)
            yield product("sv", 1, tokens, d // heads)
        yield linear("proj", 1, d, d)
        yield norm("norm of pool", d)
        yield linear("fc1", 1, d, v["mlp_hidden"])
        yield linear("fc2", 1, v["mlp_hidden"], d)
    if v["classes"]:
        yield linear("head", 1, v["head_features"], v["classes"])
        if v["aux_head"]:
            yield linear("second head", patches, d, v["classes"])
