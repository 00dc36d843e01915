"""Query, key, value and map of one attention, for the token reduction that follows it."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class AttentionTensors:
    """Filled by an attention, empty before it; B images, H heads, N tokens, d channels per head.

    Attributes
    ----------
    with_map : bool
        Ask for the attention map. It costs the fused kernel, so it is asked for only where it is read.
    query, key, value : Tensor, (B, H, N, d)
    attention : Tensor, (B, H, N, N)
        softmax(Q K^T / sqrt(d)), a row per query; only if asked for.
    """

    with_map: bool
    query: Tensor = field(init=False, repr=False)
    key: Tensor = field(init=False, repr=False)
    value: Tensor = field(init=False, repr=False)
    attention: Tensor = field(init=False, repr=False)
