"""Recipes: how long, how fast and by what loss a ViT is trained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pivotsim.errors import InputError, check_integer, check_real, got, nearest, one_of
from pivotsim.vit_torch.training.losses import LOSSES, TERMS

WARM_UP_FRAC = 0.1


@dataclass(frozen=True)
class Recipe:
    """How a ViT is trained: AdamW, the rate rising over a tenth of the steps, then a cosine.

    Attributes
    ----------
    epochs : int
        The paper fine-tunes each effort for 30 (section 4.1).
    learning_rate, weight_decay : float
        [assumed]; the paper gives none.
    loss : str or mapping of str to float
        A row of ``losses.LOSSES`` by name, or the weight of each term of ``losses.TERMS``.

    Raises
    ------
    InputError
        A number does not fit, or a name is unknown; every problem is told.

    Examples
    --------
    >>> Recipe(epochs=3, loss={"cross_entropy": 0.1, "logit_divergence": 0.9}).weights
    {'cross_entropy': 0.1, 'logit_divergence': 0.9}
    """

    epochs: int = 30
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    loss: str | Mapping[str, float] = "pivot_text"

    def __post_init__(self) -> None:
        problems: list[str] = []
        try:
            check_integer("epochs", self.epochs, 1)
        except InputError as error:
            problems += error.problems
        for name in ("learning_rate", "weight_decay"):
            problems += _problem(name, getattr(self, name))
        problems += _loss_problems(self.loss)
        if problems:
            raise InputError(problems)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each term that counts."""
        row = LOSSES[self.loss] if isinstance(self.loss, str) else self.loss
        return {term: float(weight) for term, weight in row.items() if weight}


def rate_frac(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step, from 0: a rise to 1, then a cosine to 0.

    >>> [round(rate_frac(step, 10), 2) for step in (0, 1, 10)]
    [1.0, 1.0, 0.0]
    """
    rise = max(1, round(WARM_UP_FRAC * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))


def _problem(path: str, value: object) -> tuple[str, ...]:
    """Return a line for what is no finite number of at least 0."""
    try:
        number = check_real(path, value)
    except InputError as error:
        return error.problems
    return () if 0 <= number < math.inf else (f"{path}: must be finite and at least 0 {got(number)}",)


def _loss_problems(loss: object) -> list[str]:
    if isinstance(loss, str):
        return [] if loss in LOSSES else [one_of("loss", loss, LOSSES)]
    if not isinstance(loss, Mapping):
        return [f"loss: must be a name or the weights of terms {got(loss)}"]
    problems: list[str] = []
    for term, weight in loss.items():
        if term not in TERMS:
            problems.append(f"loss.{term}: unknown term{nearest(term, TERMS)}")
        else:
            problems += _problem(f"loss.{term}", weight)
    if not problems and not any(loss.values()):
        problems.append(f"loss: needs a term of a weight above 0 {got(dict(loss))}")
    return problems
