"""Quantisation-aware training: a forward pass on rounded numbers, a backward pass as if they were not."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from torch import Tensor, nn
from torch.nn.utils import parametrize

from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.quantisation import levels_of, operands, rounded


class QuantisationAware(Part):
    """Rounds what ``fake_quantised`` rounds in every forward pass of training (PIVOT, section 4.1: 8 bits).

    Weights, inputs of linear layers and convolutions, and Q, K and V go in as multiples of their own largest |x| of
    the batch, over 2^(bits-1) - 1; ranges are of the batch [assumed], where inference takes those of many images.
    The gradient passes the rounding as it is (straight-through). After training the weights are the float ones:
    ``fake_quantised`` rounds them for inference. It stands after parts that change weights, such as masks.

    Parameters
    ----------
    bits : int
        2 to 16.

    Raises
    ------
    InputError
        ``bits`` is out of range.

    Examples
    --------
    >>> QuantisationAware(8).levels
    127
    """

    def __init__(self, bits: int = 8) -> None:
        self.levels = levels_of(bits)

    def attached(self, vit: VisionTransformer) -> AbstractContextManager[object]:
        """Return the context in which ``vit`` computes on rounded numbers."""
        return self._rounding(vit)

    @contextmanager
    def _rounding(self, vit: VisionTransformer) -> Iterator[None]:
        layers, results = operands(vit)
        with ExitStack() as undone:
            for layer in layers:
                rounding = _Rounding(self.levels)
                parametrize.register_parametrization(layer, "weight", rounding)
                undone.callback(_take_off, layer, rounding)
                hook = layer.register_forward_pre_hook(lambda _, given: (self._round(given[0]), *given[1:]))
                undone.callback(hook.remove)
            for result in results:
                hook = result.register_forward_hook(lambda module, given, output: self._round(output))
                undone.callback(hook.remove)
            yield

    def _round(self, x: Tensor) -> Tensor:
        return rounded_straight_through(x, self.levels)


def _take_off(layer: nn.Module, rounding: nn.Module) -> None:
    """Remove this parametrisation of the weight alone: a mask in front of it stays until its own part takes it off."""
    before = layer.parametrizations.weight
    if len(before) == 1:
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    else:
        del before[list(before).index(rounding)]


class _Rounding(nn.Module):
    """A weight in front of the rounding to the weight behind it."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, weight: Tensor) -> Tensor:
        """Return the rounded weight."""
        return rounded_straight_through(weight, self.levels)


def rounded_straight_through(x: Tensor, levels: int) -> Tensor:
    """Return x rounded by its own largest |x|; the gradient is that of x.

    >>> import torch
    >>> x = torch.tensor([0.3, -1.0], requires_grad=True)
    >>> rounded_straight_through(x, 2).sum().backward()
    >>> rounded_straight_through(x, 2).tolist(), x.grad.tolist()
    ([0.5, -1.0], [1.0, 1.0])
    """
    fixed = x.detach()
    return x + (rounded(fixed, float(fixed.abs().max()), levels) - fixed)
