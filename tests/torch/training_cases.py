"""A handful of images and small ViTs for the tests of training."""

import torch

from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.vit_torch.training.batches import InMemory
from tests.torch.small import PLAIN

LABELS = torch.tensor([0, 1, 2, 3, 4, 0, 1])
IMAGES = torch.randn(7, 2, 16, 16, generator=torch.Generator().manual_seed(1))


def grown(seed=0, model=PLAIN, distilled=False):
    """A ViT whose logits differ from image to image."""
    vit = build_vit(model, seed=seed, distilled=distilled)
    with torch.no_grad():
        for p in vit.parameters():
            p.mul_(8)
    return vit


def whole_batches(images=IMAGES, labels=LABELS):
    """All images in one batch."""
    return InMemory(images, labels, batch=7)
