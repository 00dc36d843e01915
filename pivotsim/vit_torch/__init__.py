"""The plain-torch ViT: timm's module names, skippable attention, token reduction. Needs the extra ``torch``."""

from pivotsim.errors import MissingExtraError

try:
    import torch as torch
except ImportError:
    raise MissingExtraError("torch", "torch", "the plain-torch ViT") from None
