"""Losses: named terms of what a ViT and its teacher say of a batch, and weighted sums of them.

A loss is a row of data, term name -> weight. The trainers of the papers are rows of ``LOSSES``.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from pivotsim.errors import InputError, got_shape


@dataclass(frozen=True)
class Outputs:
    """What a ViT says of a batch of images.

    Attributes
    ----------
    tokens : Tensor, (B, N, D), or None
        Normed tokens after the last encoder; None of a teacher that gives logits alone.
    heads : Tensor, (heads, B, classes)
        Logits of each head: one, or in training two of a distilled DeiT, the class token's first.
    """

    tokens: Tensor | None
    heads: Tensor

    @property
    def logits(self) -> Tensor:
        """Logits (B, classes), the mean of the heads."""
        return self.heads.mean(dim=0)


@dataclass(frozen=True)
class Term:
    """One term: (student's outputs, labels, teacher's outputs) to a number, and what it needs.

    Attributes
    ----------
    value : callable
    teacher : str
        '', 'logits' or 'tokens': what it reads of a teacher.
    two_heads : bool
        It reads the two heads of a distilled ViT one by one.
    """

    value: Callable[[Outputs, Tensor, Outputs], Tensor]
    teacher: str = ""
    two_heads: bool = False


def token_distance(tokens: Tensor | None, of_teacher: Tensor | None) -> Tensor:
    """Return the mean squared difference of the last layer's normed tokens, student to teacher.

    "The distillation loss between the final layer features" (PIVOT, section 3.2): which distance is not said; the
    released code takes the mean square. That the tokens are normed is [assumed].

    Parameters
    ----------
    tokens, of_teacher : Tensor, (B, N, D)
        As ``forward_features`` returns them.

    Raises
    ------
    InputError
        The two have different shapes: a student that drops tokens has no token for each of the teacher's.

    Examples
    --------
    >>> import torch
    >>> token_distance(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 0.0]]])).item()
    2.0
    """
    shapes = [() if x is None else tuple(x.shape) for x in (tokens, of_teacher)]
    if tokens is None or of_teacher is None or shapes[0] != shapes[1]:
        raise InputError(f"token_distance: needs the teacher's tokens {shapes[1]} {got_shape(shapes[0])}")
    return F.mse_loss(tokens, of_teacher)


def logit_divergence(logits: Tensor, of_teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """Return KL(teacher || student) of the softmax of logits, the mean of the images, in nats, times T^2.

    The factor keeps the gradient's size at any temperature T, by which both logits are divided (Hinton et al., 2015).

    Parameters
    ----------
    logits, of_teacher : Tensor, (B, classes)
    temperature : float

    Examples
    --------
    >>> import torch
    >>> round(logit_divergence(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, math.log(3)]])).item(), 4)
    0.1308
    """
    student, teacher = (F.log_softmax(x / temperature, dim=1) for x in (logits, of_teacher))
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True) * temperature**2


def entropies_nats(logits: Tensor) -> Tensor:
    """Return -sum p log p of each image's softmax, (B,), in nats."""
    logs = logits.log_softmax(dim=1)
    return -(logs.exp() * logs).sum(dim=1)


def entropy_of_correct(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean normalised entropy of the correctly classified images; 0 where none is correct.

    PIVOT's L_En as its text has it (section 3.2), in the units of Eq. 3: divided by log K.

    Parameters
    ----------
    logits : Tensor, (B, classes)
    labels : Tensor of int, (B,)

    Examples
    --------
    The first image is right at two equal logits (entropy 1), the second is wrong and does not count.

    >>> import torch
    >>> entropy_of_correct(torch.tensor([[0.0, 0.0], [9.0, 0.0]]), torch.tensor([0, 1])).item()
    1.0
    """
    right = logits.argmax(dim=1) == labels
    entropies = entropies_nats(logits) / math.log(logits.shape[1])
    return (entropies * right).sum() / right.sum().clamp(min=1)


def entropy_by_accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the batch's accuracy times the mean of -p log p over all classes of all images, right or wrong.

    PIVOT's L_En as its released code has it. Its unit is nats per class: 1 of it is K / log K of Eq. 3's
    (``pivotsim.effort.entropy.normalized_from_per_class``). The accuracy is a fraction [assumed], and has no gradient.

    Parameters
    ----------
    logits : Tensor, (B, classes)
    labels : Tensor of int, (B,)

    Examples
    --------
    Two equal logits make log(2) / 2 per class; one of two images is right.

    >>> import torch
    >>> round(entropy_by_accuracy(torch.zeros(2, 2), torch.tensor([0, 1])).item(), 4), round(math.log(2) / 4, 4)
    (0.1733, 0.1733)
    """
    accuracy = (logits.argmax(dim=1) == labels).to(logits.dtype).mean()
    return accuracy * entropies_nats(logits).mean() / logits.shape[1]


TERMS: Mapping[str, Term] = {
    "cross_entropy": Term(lambda vit, labels, _: F.cross_entropy(vit.logits, labels)),
    "entropy_of_correct": Term(lambda vit, labels, _: entropy_of_correct(vit.logits, labels)),
    "entropy_by_accuracy": Term(lambda vit, labels, _: entropy_by_accuracy(vit.logits, labels)),
    "token_distance": Term(lambda vit, _, teacher: token_distance(vit.tokens, teacher.tokens), "tokens"),
    "logit_divergence": Term(lambda vit, _, teacher: logit_divergence(vit.logits, teacher.logits), "logits"),
    "class_head_cross_entropy": Term(lambda vit, labels, _: F.cross_entropy(vit.heads[0], labels), two_heads=True),
    "distilled_head_cross_entropy": Term(
        lambda vit, _, teacher: F.cross_entropy(vit.heads[1], teacher.logits.argmax(dim=1)), "logits", True
    ),
    "distilled_head_divergence": Term(
        lambda vit, _, teacher: logit_divergence(vit.heads[1], teacher.logits), "logits", True
    ),
}

LOSSES: Mapping[str, Mapping[str, float]] = {
    "labels": {"cross_entropy": 1.0},
    # PIVOT, Fig. 2b and section 3.2: L_CE + L_Distill + L_En, added as they are
    "pivot_text": {"cross_entropy": 1.0, "entropy_of_correct": 1.0, "token_distance": 1.0},
    # PIVOT's released code, for 1,000 classes, where 1000 entropies per class are the entropy in nats. For K classes
    # the same weight of a nat is K: {**LOSSES["pivot_released"], "entropy_by_accuracy": K}
    "pivot_released": {
        "cross_entropy": 1.0, "logit_divergence": 0.5, "token_distance": 0.5, "entropy_by_accuracy": 1000.0,
    },
    # Parikh et al. (FCCM 2024), training files; the temperature, 1 here, is [assumed]
    "mostly_teacher": {"cross_entropy": 0.1, "logit_divergence": 0.9},
    # DeiT, section 4, hard distillation: labels for the class token, the teacher's choice for the distillation token
    "deit_hard": {"class_head_cross_entropy": 0.5, "distilled_head_cross_entropy": 0.5},
}  # fmt: skip


def weighted_sum(weights: Mapping[str, float], vit: Outputs, labels: Tensor, teacher: Outputs | None) -> Tensor:
    """Return the sum of weight * term of a batch; ``teacher`` may be None where no term reads it."""
    unread = teacher or Outputs(None, vit.heads)
    terms = [weight * TERMS[name].value(vit, labels, unread) for name, weight in weights.items()]
    total: Tensor = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
