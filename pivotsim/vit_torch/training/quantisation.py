"""Fake quantisation: a ViT that computes in float on numbers rounded to few bits."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pivotsim.errors import check_integer
from pivotsim.vit_torch.measuring.extraction import Images
from pivotsim.vit_torch.measuring.ranges import MADE, READ, observed_ranges
from pivotsim.vit_torch.model.attention import Attention
from pivotsim.vit_torch.model.transformer import VisionTransformer

BITS = (2, 16)
MULTIPLIED = (nn.Linear, nn.Conv2d)


def fake_quantised(vit: VisionTransformer, images: Images, *, bits: int = 8) -> VisionTransformer:
    """Return a copy whose multiplications see rounded operands, as an integer array would.

    Symmetric, one scale a tensor: q = round(x / s), |q| <= 2^(bits-1) - 1, s = largest |x| / (2^(bits-1) - 1).
    Weights of linear layers and convolutions take their own largest |x|; their inputs, and Q, K and V together, the
    largest that ``images`` show, beyond which they are cut off. Biases, sums, norms, softmax and its result stay in
    float. Rounded after training; PIVOT trains with 8 bits (section 4.1), for which ``QuantisationAware`` is.

    Parameters
    ----------
    vit : VisionTransformer
        Stays as it is.
    images : Tensor (n, channels, px, px), or an iterable of them
        They show the range of the activations.
    bits : int
        2 to 16.

    Raises
    ------
    InputError
        A number is out of range, or the images do not fit.

    Examples
    --------
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> quantised = fake_quantised(build_vit("deit_t"), torch.zeros(1, 3, 224, 224), bits=2)
    >>> len(quantised.head.weight.unique())
    3
    """
    levels_of(bits)
    return rounded_within(vit, observed_ranges(vit, images), bits=bits)


def rounded_within(vit: VisionTransformer, ranges: Mapping[str, float], *, bits: int = 8) -> VisionTransformer:
    """Return a copy as ``fake_quantised`` does, with ranges that were observed before.

    Parameters
    ----------
    vit : VisionTransformer
        Stays as it is.
    ranges : mapping of str to float
        As ``observed_ranges`` returns them; what is not observed is not rounded, but for weights.
    bits : int
        2 to 16.

    Raises
    ------
    InputError
        A number is out of range.
    """
    levels = levels_of(bits)
    quantised = copy.deepcopy(vit)
    names = {module: name for name, module in quantised.named_modules()}
    spots, results = operands(quantised)
    with torch.no_grad():
        for module in spots:
            module.weight.copy_(rounded(module.weight, float(module.weight.abs().max()), levels))
            largest = ranges.get(f"{names[module]}.{READ}")
            if largest is not None:  # not of an attention that is skipped
                module.register_forward_pre_hook(_rounding_inputs(largest, levels))
        for module in results:
            largest = ranges.get(f"{names[module]}.{MADE}")
            if largest is not None:
                module.register_forward_hook(_rounding_output(largest, levels))
    return quantised


def levels_of(bits: int) -> int:
    """Return the largest integer of a symmetric range of so many bits, or raise InputError.

    >>> levels_of(8)
    127
    """
    return int(2 ** (check_integer("bits", bits, *BITS) - 1) - 1)


def operands(vit: VisionTransformer) -> tuple[list[nn.Module], list[nn.Module]]:
    """Return the layers whose weights and inputs are multiplied, and those whose results are: Q, K and V."""
    layers = [module for module in vit.modules() if isinstance(module, MULTIPLIED)]
    return layers, [module.qkv for module in vit.modules() if isinstance(module, Attention)]


def rounded(x: Tensor, largest: float, levels: int) -> Tensor:
    """Return the multiple of largest / levels nearest to each value; all zeros stay so.

    >>> rounded(torch.tensor([0.3, -0.9, 5.0]), 1.0, 2).tolist()
    [0.5, -1.0, 1.0]
    """
    if not largest:
        return torch.zeros_like(x)
    scale = largest / levels
    return (x / scale).round().clamp(-levels, levels) * scale


def _rounding_inputs(largest: float, levels: int) -> Callable[..., Any]:
    return lambda module, inputs: (rounded(inputs[0], largest, levels), *inputs[1:])


def _rounding_output(largest: float, levels: int) -> Callable[..., Any]:
    return lambda module, inputs, output: rounded(output, largest, levels)
