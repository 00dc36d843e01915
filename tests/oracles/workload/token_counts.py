"""Token pruning by carrying lists of tokens through the encoders and throwing entries away; counts are lengths.

Tokens are names: ``prefix`` for the class token and its like, a number for a patch, ``extra`` for a token that stands
for others. The order of the list is the order of the scores, best first: which tokens go does not change how many.
"""

import math


def patches_of(tokens):
    return [t for t in tokens if t != "prefix"]


def prefix_of(tokens):
    return [t for t in tokens if t == "prefix"]


def single(tokens, original, r):
    """One step of Eliopoulos et al.: r + 1 patches are averaged to one."""
    patches = patches_of(tokens)
    if r == 0:
        return tokens
    best = patches[: max(len(patches) - (r + 1), 0)]
    if len(best) <= len(prefix_of(tokens)):
        return tokens
    return prefix_of(tokens) + best + ["extra"]


def top_k(tokens, original, r):
    patches = patches_of(tokens)
    best = patches[: max(len(patches) - r, 0)]
    if r == 0 or len(best) <= len(prefix_of(tokens)):
        return tokens
    return prefix_of(tokens) + best


def share_of_original(tokens, original, keep_rate, stage):
    """Top-K by rate and DynamicViT: the rate's power of the patches that the model starts with, rounded down."""
    return prefix_of(tokens) + patches_of(tokens)[: int(original * keep_rate**stage)] or tokens[:1]


def tome(tokens, original, r):
    """Merge one patch into another, r times, but never more than half of them."""
    patches = patches_of(tokens)
    most = len(patches) // 2
    for _ in range(min(r, most)):
        patches.pop()
    return prefix_of(tokens) + patches


def evit(tokens, original, keep_rate, fuse):
    patches = patches_of(tokens)
    kept = math.ceil(keep_rate * len(patches))
    if kept == len(patches):
        return tokens
    return prefix_of(tokens) + patches[:kept] + (["extra"] if fuse else [])


def heatvit(tokens, original, keep_rate):
    """The rate counts the patches that the model starts with; the package token takes in the one before it."""
    patches = patches_of(tokens)
    kept = math.ceil(keep_rate * original)
    if kept >= len(patches):
        return tokens
    return prefix_of(tokens) + patches[:kept] + ["extra"]


def tdm(tokens, original, keep_rate):
    """The class token stays; any other one may become part of the fused one."""
    others = tokens[1:]
    kept = math.ceil(keep_rate * len(others))
    if kept >= len(others):
        return tokens
    return tokens[:1] + others[:kept] + ["extra"]


def random(tokens, original, tokens_kept):
    return tokens[:tokens_kept]


def run(depth, original, prefix, steps):
    """Return (tokens entering attention, tokens entering the MLP) per encoder.

    ``steps`` maps (encoder, place) to functions of (tokens, original patches) that apply in order.
    """
    tokens = ["prefix"] * prefix + list(range(original))
    rows = []
    for encoder in range(1, depth + 1):
        for step in steps.get((encoder, "before"), []):
            tokens = step(tokens, original)
        in_attention = len(tokens)
        for step in steps.get((encoder, "between"), []):
            tokens = step(tokens, original)
        rows.append((in_attention, len(tokens)))
    return rows
