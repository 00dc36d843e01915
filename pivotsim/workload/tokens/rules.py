"""Rules of published methods: how many tokens a pruning step leaves, from those that arrive.

A rule returns the tokens that leave, or None where the method does nothing here. ``t`` are the tokens that arrive, of
which ``p`` prefix tokens (class, distillation) are never touched, but by ``fused_share``. The published codes are
written for p = 1.
Rates are multiplied in float64 and then rounded, ``int()`` or ``ceil()``, as the released codes do.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

CLASS_TOKEN = 1
Value = int | float | bool | str


class Arrival(NamedTuple):
    """What a rule sees: tokens that arrive, prefix tokens among them, and the patches that the model starts with."""

    tokens: int
    prefix: int
    patches: int


Values = Mapping[str, Value]


def net_reduction(a: Arrival, values: Values) -> int | None:
    """Eliopoulos et al.: the worst r + 1 patches become their mean, so t - r leave.

    T = t - r - 1 - p patches stay; nothing happens if r = 0 or T <= p.
    """
    r = int(values["r"])
    return a.tokens - r if r and a.tokens - r - 1 - a.prefix > a.prefix else None


def best_but_r(a: Arrival, values: Values) -> int | None:
    """Top-K: the worst r patches go. T = t - r - p stay; nothing happens if r = 0 or T <= p."""
    r = int(values["r"])
    return a.tokens - r if r and a.tokens - r - a.prefix > a.prefix else None


def share_of_original(a: Arrival, values: Values) -> int | None:
    """Top-K by rate, DynamicViT: p + int(patches * rate^power) of the model's patches, at least one token.

    ``power`` counts the method's encoders from 1.
    """
    leaving = max(a.prefix + int(a.patches * float(values["keep_rate"]) ** int(values["power"])), 1)
    return leaving if leaving < a.tokens else None


def package_of_original(a: Arrival, values: Values) -> int | None:
    """HeatViT: k = ceil(rate * patches of the model) stay, the others become one package token: p + k + 1."""
    kept = math.ceil(float(values["keep_rate"]) * a.patches)
    return a.prefix + kept + 1 if kept < a.tokens - a.prefix else None


def share_of_arriving(a: Arrival, values: Values) -> int | None:
    """EViT: k = ceil(rate * (t - p)) stay; if k < t - p, p + k leave, and one more for the fused others."""
    kept = math.ceil(float(values["keep_rate"]) * (a.tokens - a.prefix))
    return a.prefix + kept + bool(values["fuse"]) if kept < a.tokens - a.prefix else None


def fused_share(a: Arrival, values: Values) -> int | None:
    """Parikh et al.: 2 + ceil(rate * (t - 1)), if that is fewer: the class token stays, the dropped become one.

    A distillation token may be dropped as patches may, so this is EViT's rule with p = 1.
    """
    return share_of_arriving(a._replace(prefix=CLASS_TOKEN), {**values, "fuse": True})


def merge_pairs(a: Arrival, values: Values) -> int | None:
    """ToMe: min(r, (t - p) // 2) tokens are merged into others."""
    r = min(int(values["r"]), (a.tokens - a.prefix) // 2)
    return a.tokens - r if r else None


def fixed_count(a: Arrival, values: Values) -> int | None:
    """Random removal: ``tokens`` stay, where more arrive."""
    return int(values["tokens"]) if int(values["tokens"]) < a.tokens else None
