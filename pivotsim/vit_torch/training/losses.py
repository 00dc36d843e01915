"""The three terms of the loss that trains an effort: L_CE + L_Distill + L_En (PIVOT, Fig. 2b and section 3.2)."""

import math

import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor


def distillation_loss(tokens: Tensor, of_teacher: Tensor) -> Tensor:
    """Return the mean squared difference of the last layer's normed tokens, student to teacher.

    "The distillation loss between the final layer features": which distance is not said; mean squared is [assumed].

    Parameters
    ----------
    tokens, of_teacher : Tensor, (B, N, D)
        As ``forward_features`` returns them.

    Examples
    --------
    >>> import torch
    >>> distillation_loss(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 0.0]]])).item()
    2.0
    """
    return F.mse_loss(tokens, of_teacher)


def entropy_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean normalised entropy of the correctly classified inputs; 0 where none is correct.

    Parameters
    ----------
    logits : Tensor, (B, classes)
    labels : Tensor of int, (B,)

    Examples
    --------
    The first image is right at two equal logits (entropy 1), the second is wrong and does not count.

    >>> import torch
    >>> entropy_loss(torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1])).item()
    1.0
    """
    right = logits.argmax(dim=1) == labels
    logs = logits.log_softmax(dim=1)
    entropies = -(logs.exp() * logs).sum(dim=1) / math.log(logits.shape[1])
    return (entropies * right).sum() / right.sum().clamp(min=1)
