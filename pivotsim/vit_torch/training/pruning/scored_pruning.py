"""Weights pruned by scores while they are trained: blocks of the attention, hidden neurons of the MLP."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.utils import parametrize

from pivotsim.errors import InputError, check_choice, check_integer, check_real, got
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.parts import ParameterGroup, Part
from pivotsim.vit_torch.training.pruning.density import DensitySchedule
from pivotsim.vit_torch.training.pruning.removal import output_of, remove_heads
from pivotsim.vit_torch.training.pruning.scores import STARTS, BlockScores
from pivotsim.vit_torch.training.recipes import Recipe

# Parikh et al. on DeiT-S: rates, decay and loss of their training files, epochs of their results
PARIKH_RECIPE = Recipe(epochs=30, learning_rate=2e-5, weight_decay=0.01, loss="mostly_teacher")


class ScoredPruning(Part):
    """One score per b x b block of W_q, W_k, W_v, W_proj and per hidden neuron; the best stay (Parikh et al.).

    FCCM 2024, section on the algorithm, by the authors' public training files: top-k of each matrix by its own
    scores, straight-through gradients, a rate of the scores' own, density 1 falling to r_b, a smaller dense MLP, heads
    that lose all blocks removed whole at the end. With ``prune_tdm`` on the ViT, tokens are dropped in the same run.
    A neuron is masked where it goes on (a column of fc2): so a masked one still has a gradient, and may come back.
    Biases are not masked. Skipped attentions are not pruned. It goes before ``QuantisationAware`` in a list of parts.

    Scores that start at the magnitudes and have a rate of 0 prune once, before training (static pruning).

    Parameters
    ----------
    block : int
        b, which divides the width of a head.
    density : DensitySchedule or float
        r_b: of n blocks, or neurons, ceil(n * density) stay; a number has the schedule's own two parts.
    learning_rate : float
        Of the scores; 1e-2 in the authors' files. They have no weight decay.
    start : {'zero', 'magnitude'}
        Scores at the start.

    Attributes
    ----------
    densities : list of float
        Of each step so far.
    removed_heads : dict
        After training: encoder, from 1 -> heads, from 0, that lost all blocks.

    Raises
    ------
    InputError
        A number does not fit, or, once training starts, b does not divide the width of a head.
    """

    def __init__(
        self, *, block: int, density: DensitySchedule | float, learning_rate: float = 1e-2, start: str = "zero"
    ) -> None:
        self.block = check_integer("block", block, 1)
        self.schedule = density if isinstance(density, DensitySchedule) else DensitySchedule(density)
        self.learning_rate = check_real("learning_rate", learning_rate)
        if self.learning_rate < 0:
            raise InputError(f"learning_rate: must be at least 0 {got(learning_rate)}")
        self.start = check_choice("start", start, STARTS)
        if self.start == "zero" and self.learning_rate == 0:
            raise InputError("learning_rate: scores that start at zero must learn, or the first blocks stay (got 0)")
        self.densities: list[float] = []
        self.removed_heads: dict[int, list[int]] = {}
        self.scored: dict[nn.Linear, BlockScores] = {}

    @contextmanager
    def attached(self, vit: VisionTransformer) -> Iterator[None]:
        """Put scores on the weights; at the end the masks stay as zeros, and heads without blocks are 0."""
        head = vit.model.head_size
        if head % self.block:
            raise InputError(f"block: must divide the width of a head, {head} {got(self.block)}")
        self.scored = self._scores(vit)
        if any(parametrize.is_parametrized(layer) for layer in self.scored):
            raise InputError("parts: ScoredPruning goes before what rounds or masks the same weights")
        for layer, scores in self.scored.items():
            parametrize.register_parametrization(layer, "weight", scores)
        try:
            yield
        finally:
            for layer in self.scored:
                parametrize.remove_parametrizations(layer, "weight")
            self.removed_heads = remove_heads(vit)

    def _scores(self, vit: VisionTransformer) -> dict[nn.Linear, BlockScores]:
        scored: dict[nn.Linear, BlockScores] = {}
        for block in vit.blocks:
            if block.attention_active:
                for layer, copies in ((block.attn.qkv, 3), (block.attn.proj, 1)):
                    scored[layer] = BlockScores(layer.weight, copies, self.block, self.block, self.start)
            output = output_of(block.mlp)
            scored[output] = BlockScores(output.weight, 1, output.out_features, 1, self.start)
        return scored

    def groups(self) -> list[ParameterGroup]:
        """Return the scores, at their own rate."""
        scores = [one.scores for one in self.scored.values()]
        return [ParameterGroup(scores, self.learning_rate, weight_decay=0.0)]

    def before_step(self, step: int, steps: int) -> None:
        """Set the density of the step."""
        self.set_density(self.schedule.at(step, steps))

    def set_density(self, density: float) -> None:
        """Keep that share of the blocks and neurons from now on."""
        self.densities.append(density)
        for scores in self.scored.values():
            scores.density = density


def prune_by_magnitude(vit: VisionTransformer, *, block: int, density: float) -> dict[int, list[int]]:
    """Prune blocks and neurons of the smallest sums of |W|, without training.

    Parameters
    ----------
    vit : VisionTransformer
        Changed in place.
    block, density
        As for ``ScoredPruning``.

    Returns
    -------
    dict
        Encoder, from 1 -> heads, from 0, that lost all blocks.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> vit = build_vit("deit_t")
    >>> prune_by_magnitude(vit, block=16, density=0.5)
    {}
    >>> weight = vit.blocks[0].attn.qkv.weight
    >>> int((weight == 0).sum()) / weight.numel()
    0.5
    """
    part = ScoredPruning(block=block, density=density, learning_rate=0.0, start="magnitude")
    with part.attached(vit):
        part.set_density(part.schedule.density)
    return part.removed_heads
