"""Parts: what a method adds to the training loop, without a loop of its own.

Masks with scores, learned gates, efforts that share weights and rounded forward passes are parts; the loop asks each of
them at the same places, in the order in which they are given.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from torch import Tensor, nn

from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.losses import Outputs


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that are trained at a rate of their own, the ViT's own ones or others.

    Attributes
    ----------
    parameters : sequence of Parameter
    learning_rate, weight_decay : float, optional
        The recipe's where left out; the recipe's warm-up and cosine scale every rate.
    """

    parameters: Sequence[nn.Parameter]
    learning_rate: float | None = None
    weight_decay: float | None = None


class Part:
    """Base of all parts; each method does nothing here."""

    def attached(self, vit: VisionTransformer) -> AbstractContextManager[object]:
        """Return a context around the whole training: put masks, hooks or gates on ``vit``, then take them off."""
        return nullcontext()

    def groups(self) -> Iterable[ParameterGroup]:
        """Return the parameters to train at rates of their own; asked once, after ``attached``."""
        return ()

    def before_step(self, step: int, steps: int) -> None:
        """Get ready for a step, from 0, of so many: raise a density, freeze a gate."""

    def passes(self) -> Iterator[None]:
        """Yield once per forward and backward pass of a step, with the ViT as that pass needs it.

        The gradients of all passes are summed. Several parts with several passes make every combination.
        """
        yield

    def loss(self, outputs: Outputs, labels: Tensor) -> Tensor | None:
        """Return what this part adds to the loss of a pass: a penalty with its weight, or nothing."""
        return None

    def after_step(self, step: int, steps: int) -> None:
        """Look at the weights after the optimiser changed them: remove what died."""
