"""Images in a folder of class folders, as ImageNet's validation set usually lies on a disk."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pivotsim.errors import InputError, MissingExtraError, check_integer, check_real, got
from pivotsim.units import IntArray

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".webp")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's channels, as DeiT and LV-ViT take them
MAX_PIXELS = 2**26  # of an image, as it is stored and as it is resized: 8192 x 8192
CROP_FRAC = 0.875  # DeiT's evaluation; LV-ViT-S takes 0.9


class ImageFolder(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """Images of class subfolders; class numbers follow the subfolders' names in order.

    Each image is resized so that its shorter side is px / crop_frac (bicubic), cut to the central px x px, and
    normalised by ImageNet's means and deviations. A torch DataLoader takes it for training.

    Parameters
    ----------
    folder : str or Path
        ``folder/<class>/<image>``.
    px : int
    crop_frac : float
        Above 0, at most 1.

    Attributes
    ----------
    classes : list of str
    labels : array of int64, shape (n,)

    Raises
    ------
    InputError
        There is no such folder, no class in it, a class without an image, or a number does not fit.
    MissingExtraError
        Pillow is not installed.
    """

    def __init__(self, folder: str | Path, px: int = 224, *, crop_frac: float = CROP_FRAC) -> None:
        _pillow()
        self.px, self.crop_frac = check_integer("px", px, 1), check_real("crop_frac", crop_frac)
        if not 0 < self.crop_frac <= 1:
            raise InputError(f"crop_frac: must lie above 0 and be at most 1 {got(crop_frac)}")
        root = Path(folder)
        if not root.is_dir():
            raise InputError(f"{folder}: no such folder")
        found = {f.name: sorted(p for p in f.iterdir() if p.suffix.lower() in SUFFIXES)
                 for f in sorted(root.iterdir()) if f.is_dir()}  # fmt: skip
        if not found:
            raise InputError(f"{folder}: holds no class folder")
        if empty := [name for name, paths in found.items() if not paths]:
            raise InputError(f"{folder}/{name}: holds no image ({', '.join(SUFFIXES)})" for name in empty)
        self.classes = list(found)
        self.paths = [path for paths in found.values() for path in paths]
        self.labels: IntArray = np.repeat(np.arange(len(found)), [len(paths) for paths in found.values()])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image (3, px, px) and its class."""
        return self._image(self.paths[index]), int(self.labels[index])

    def images(self, batch: int = 64) -> Iterator[Tensor]:
        """Yield all images in order, some at a time, as ``features`` and ``logits_of`` take them."""
        step = check_integer("batch", batch, 1)
        for start in range(0, len(self), step):
            yield torch.stack([self._image(path) for path in self.paths[start : start + step]])

    def _image(self, path: Path) -> Tensor:
        image = _pillow()
        try:
            with warnings.catch_warnings(), image.open(path) as opened:
                warnings.simplefilter("ignore")  # of a file's words beside its pixels
                _check_pixels(path, "is of", opened.size)
                picture = opened.convert("RGB")
        except InputError:
            raise
        except Exception as error:  # Pillow's decoders raise whatever a damaged file leads to
            raise InputError(f"{path}: cannot be read as an image: {error or type(error).__name__}") from None
        scale = round(self.px / self.crop_frac) / min(picture.size)
        size = tuple(max(self.px, round(side * scale)) for side in picture.size)
        _check_pixels(path, f"{picture.width} x {picture.height} would be resized to", size)
        left, top = ((side - self.px) // 2 for side in size)
        cut = picture.resize(size, image.Resampling.BICUBIC).crop((left, top, left + self.px, top + self.px))
        pixels = torch.from_numpy(np.array(cut, dtype=np.float32)).permute(2, 0, 1) / 255
        return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def _check_pixels(path: Path, what: str, size: tuple[int, ...]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise InputError(f"{path}: {what} {width} x {height} pixels, more than {MAX_PIXELS:,}")


def _pillow() -> Any:
    """Return Pillow's Image, which matplotlib brings along."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("Pillow", "torch", "reading images") from None
    return Image
