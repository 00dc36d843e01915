"""Importance of patch tokens from one attention: the score of training-free pruning, and the class token's row."""

from collections.abc import Callable

import torch
from torch import Tensor

NORMALISATIONS = ("image", "batch")
OVER_HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    "max": lambda x: x.amax(dim=1), "mean": lambda x: x.mean(dim=1), "sum": lambda x: x.sum(dim=1),
}  # fmt: skip


def score_tokens(
    attention: Tensor, feature: Tensor, prefix: int, normalisation: str = "image", reduction: str = "max"
) -> Tensor:
    """Return the importance S = S_A + S_V of every patch token, (B, P).

    S_A(j): attention received, the largest over heads of each pair, summed over patch queries, over its maximum.
    S_V(j): softmax over all tokens of the sum over channels of the largest V over heads. (Eliopoulos et al.,
    arXiv 2407.05941, Eq. 5 and 6, in the form that the authors' code computes.) The sum takes patch queries alone:
    attention paid by prefix tokens does not count.

    Parameters
    ----------
    attention : Tensor, (B, H, N, N)
        After softmax, a row per query.
    feature : Tensor, (B, H, N, d)
        V of the same attention, or K or Q (Table 2).
    prefix : int
        Prefix tokens, which stand first and are not scored.
    normalisation : {'image', 'batch'}
        Divide S_A by the maximum of the image, or of the whole batch as the authors' code does, where the balance
        of S_A and S_V in one image depends on the others.
    reduction : {'max', 'mean', 'sum'}
        What heads are reduced by, in both parts.

    Examples
    --------
    Two patches, one head, no prefix; each pays 3/4 to the first, and V of both is 0:

    >>> score_tokens(torch.tensor([[[[0.75, 0.25], [0.75, 0.25]]]]), torch.zeros(1, 1, 2, 1), 0).tolist()
    [[1.5, 0.8333333730697632]]
    """
    over_heads = OVER_HEADS[reduction]
    received = over_heads(attention)[:, prefix:, prefix:].sum(dim=1)
    largest = received.amax(dim=1, keepdim=True) if normalisation == "image" else received.amax()
    s_attention = received / largest.clamp_min(torch.finfo(received.dtype).tiny)
    s_value = over_heads(feature).sum(dim=-1).softmax(dim=-1)[:, prefix:]
    return s_attention + s_value


def score_by_class_token(attention: Tensor, prefix: int) -> Tensor:
    """Return the attention that the class token pays to every patch, mean over heads, (B, P)."""
    return attention[:, :, 0, prefix:].mean(dim=1)
