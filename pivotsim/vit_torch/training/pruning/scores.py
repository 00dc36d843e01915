"""Scores of blocks: the best stay, the others are masked, and the mask's gradient goes to the scores as it is."""

import math

import torch
from torch import Tensor, nn

STARTS = ("zero", "magnitude")


class BlockScores(nn.Module):
    """One score for each block of a weight matrix; a parametrisation that keeps the blocks of the highest scores.

    Top-k with a straight-through gradient (Sanh et al., movement pruning, NeurIPS 2020; in blocks: Lagunas et al.,
    EMNLP 2021): dL/dscore is the sum of dL/dW' * W over the block, of a masked block too, so that it may come back.
    A hidden neuron is a block one column wide and as high as the matrix.

    Parameters
    ----------
    weight : Tensor, (outputs, inputs)
    copies : int
        Matrices that lie above each other, each with a ranking of its own: 3 of Q, K and V.
    rows, columns : int
        Of a block; they divide each copy.
    start : {'zero', 'magnitude'}
        Scores at the start: 0, or the sum of |W| of each block.

    Attributes
    ----------
    scores : Parameter, (copies, block rows, block columns)
    density : float
        Of each copy's n blocks ceil(n * density) stay; among equal scores the first, row by row.

    Examples
    --------
    >>> scored = BlockScores(torch.tensor([[1.0, -5.0], [2.0, 3.0]]), 1, 1, 1, "magnitude")
    >>> scored.density = 0.5
    >>> scored(torch.ones(2, 2)).tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """

    def __init__(self, weight: Tensor, copies: int, rows: int, columns: int, start: str = "zero") -> None:
        super().__init__()
        self.rows, self.columns, self.density = rows, columns, 1.0
        blocks = weight.detach().abs().unflatten(0, (copies, -1, rows)).unflatten(3, (-1, columns))
        magnitudes = blocks.sum(dim=(2, 4))
        self.scores = nn.Parameter(magnitudes if start == "magnitude" else torch.zeros_like(magnitudes))

    def kept(self) -> Tensor:
        """Return the blocks that stay, bool (copies, block rows, block columns)."""
        flat = self.scores.detach().flatten(1)
        order = flat.argsort(dim=1, descending=True, stable=True)[:, : math.ceil(self.density * flat.shape[1])]
        return torch.zeros_like(flat, dtype=torch.bool).scatter(1, order, True).view_as(self.scores)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weights, 0 in masked blocks."""
        mask = self.kept().to(weight.dtype) + (self.scores - self.scores.detach())  # the difference is 0 in value
        spread = mask.repeat_interleave(self.rows, dim=1).repeat_interleave(self.columns, dim=2)
        return weight * spread.flatten(0, 1)
