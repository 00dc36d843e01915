"""A trained ViT made a model of integers: the ranges of fake quantisation, observed on images, become its scales."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pivotsim.errors import InputError, check_list, got
from pivotsim.integer.weights.calibration import integer_model
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.workload.plans import Plan, plan

if TYPE_CHECKING:
    from pivotsim.vit_torch.measuring.extraction import Images
    from pivotsim.vit_torch.model.transformer import VisionTransformer


def quantise(vit: "VisionTransformer", images: "Images", plans: Iterable[Plan] | None = None) -> IntegerModel:
    """Return the integers of a trained ViT: one set of weights and scales for all plans.

    Parameters
    ----------
    vit : VisionTransformer
        Of plain torch, ``pivotsim.vit_torch.model.transformer.build_vit`` (extra ``torch``); stays as it is.
    images : Tensor (n, channels, px, px), or an iterable of them
        They show the ranges of the activations; beyond them results are saturated.
    plans : iterable of Plan, optional
        What will be run; the ranges are the largest of all of them. The whole model by default.

    Returns
    -------
    IntegerModel

    Raises
    ------
    InputError
        The model has no integer form, or as for ``as_planned``.

    Examples
    --------
    >>> import torch
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> quantise(build_vit("digits_vit"), torch.ones(1, 1, 8, 8))
    <IntegerModel: digits_vit, 65,984 bytes of weights>
    """
    import torch

    from pivotsim.vit_torch.measuring.ranges import joined_ranges, observed_ranges
    from pivotsim.vit_torch.training.rungs import as_planned

    if getattr(vit, "distilled", False):
        raise InputError(f"{vit.model.name}: two heads have no integer form (got distilled)")
    wanted = [plan(vit.model)] if plans is None else check_list("plans", plans, "Plans", "what will be run")
    if not wanted:
        raise InputError(f"plans: needs at least one {got([])}")
    if not isinstance(images, torch.Tensor):
        images = list(images)  # read once for each plan
    ranges = joined_ranges(observed_ranges(as_planned(vit, each), images) for each in wanted)
    weights = {name: weight.detach().cpu().numpy() for name, weight in vit.state_dict().items()}
    return integer_model(vit.model, weights, ranges)
