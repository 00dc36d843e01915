"""Real images that ship inside a package: scikit-learn's 1,797 handwritten digits, 8x8 pixels, and a ViT for them.

They are the test set of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

import pivotsim as ps
from pivotsim.vit_torch.model.transformer import INIT_STD, VisionTransformer, build_vit

MODEL = "digits_vit"
SIZES = {"train": 1041, "calibration": 256, "test": 500}
MEAN, STD = 4.88, 6.02  # of all pixels, which lie in 0 to 16
NOISE_STD = 0.2
POSITION_STD = 0.5


class Part(NamedTuple):
    images: Tensor
    labels: Tensor


def split_digits(seed: int) -> dict[str, Part]:
    """Return three disjoint parts, drawn by the seed."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (torch.tensor(digits.images, dtype=torch.float32)[:, None] - MEAN) / STD
    labels = torch.tensor(digits.target, dtype=torch.int64)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    chosen = order.split(list(SIZES.values()))
    return {name: Part(images[of], labels[of]) for name, of in zip(SIZES, chosen, strict=True)}


def with_noise(images: Tensor, generator: torch.Generator) -> Tensor:
    """The augmentation."""
    return images + NOISE_STD * torch.randn(images.shape, generator=generator)


def start(seed: int) -> VisionTransformer:
    """Return a ViT with weights as large as its few channels need: DeiT's sigma of 0.02 is for hundreds of them."""
    vit = build_vit(ps.load_model(MODEL), seed=seed)
    with torch.no_grad():
        vit.pos_embed.mul_(POSITION_STD / INIT_STD)
        for module in vit.modules():
            if isinstance(module, nn.Linear):
                module.weight.mul_(vit.model.width**-0.5 / INIT_STD)
    return vit
