"""A(n) of a model of one's own: accuracy of keeping n tokens by random removal, from weights and images.

The proxy of arXiv 2407.05941, section 3.1: random patches are removed, the same ones for all images of a batch, others
for the next batch. The paper's text removes them after the first layer, its released code after the position embedding.
"""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pivotsim._version import __version__
from pivotsim.errors import InputError, check_flag, check_integer, check_list, got
from pivotsim.io.text_files import write_atomic
from pivotsim.models.spec import VitModel, load_model
from pivotsim.pruning.accuracy.given import COLUMNS, kept_tokens

if TYPE_CHECKING:
    from pivotsim.vit_torch.model.transformer import VisionTransformer

PLACES = {1: "after the position embedding", 2: "after the first encoder"}


@dataclass(frozen=True)
class MeasuredAccuracy:
    """Accuracies of keeping n tokens, and what they were measured on.

    Attributes
    ----------
    table : dict of int to float
        Tokens kept, prefix tokens included -> accuracy in percent, most tokens first. ``pruning_schedule`` takes it.
    notes : tuple of str
        Model, images, batches, draws, seed, place of removal, versions.
    """

    table: dict[int, float]
    notes: tuple[str, ...] = field(repr=False)

    def save(self, path: str | Path, notes: Iterable[str] = ()) -> None:
        """Write the CSV that ``schedule --accuracy`` reads: the notes, then one's own, as comments, and the table."""
        lines = [f"# {line}" for line in (*self.notes, *notes)]
        lines += [",".join(COLUMNS), *(f"{n},{percent:.4f}" for n, percent in self.table.items())]
        write_atomic(Path(path), "\n".join(lines) + "\n")


def measure_accuracy(
    model: "VisionTransformer | VitModel | str | Path | Mapping[str, object]",
    images: Any,
    *,
    checkpoint: str | Path | None = None,
    tokens: Iterable[int] | None = None,
    after_first_encoder: bool = False,
    images_most: int | None = None,
    batch: int = 64,
    draws: int = 1,
    seed: int = 0,
) -> MeasuredAccuracy:
    """Measure the accuracy of keeping n tokens by random removal.

    Parameters
    ----------
    model : VisionTransformer, VitModel, str, Path or mapping
        A ViT as it is (on the device it is on, rounded to few bits if it is), or a model whose weights
        ``checkpoint`` holds.
    images : str, Path, or sized sequence of (image, label)
        A folder of class folders, an ``ImageFolder`` (for other crops), or a torch dataset such as
        ``TensorDataset(images, labels)``. Class numbers follow the folders' names in order.
    checkpoint : str or Path, optional
        A file of ``torch.save``, as ``load_checkpoint`` reads it; a distilled DeiT is built by ``build_vit`` first.
    tokens : iterable of int, optional
        Tokens kept, prefix tokens included; every count from all tokens to one patch by default.
    after_first_encoder : bool
        Remove after the first encoder, as the paper's text has it, instead of after the position embedding.
    images_most : int, optional
        Take so many images, drawn by the seed; all by default. The paper's code takes about 1,024.
    batch : int
        Images that share a random subset of patches.
    draws : int
        Passes over the images, each with other subsets.
    seed : int

    Returns
    -------
    MeasuredAccuracy

    Raises
    ------
    InputError
        The checkpoint or the images cannot be read or do not fit the model, or a number does not fit.
    MissingExtraError
        torch is not installed.

    Examples
    --------
    A model that was never trained, on two images:

    >>> import torch
    >>> from torch.utils.data import TensorDataset
    >>> from pivotsim.vit_torch.model.transformer import build_vit
    >>> two = TensorDataset(torch.zeros(2, 1, 8, 8), torch.tensor([3, 4]))
    >>> sorted(measure_accuracy(build_vit("digits_vit"), two, tokens=[17, 5]).table)
    [5, 17]
    """
    from pivotsim.vit_torch import torch  # late: reading and choosing by a table need no torch
    from pivotsim.vit_torch.measuring.token_removal import check_whole, right_with_tokens

    vit = _loaded(model, checkpoint)
    encoder = 2 if check_flag("after_first_encoder", after_first_encoder) else 1
    check_whole(vit, encoder)
    counts = _counts(vit.model, tokens)
    batch, draws = check_integer("batch", batch, 1), check_integer("draws", draws, 1)
    seed = check_integer("seed", seed, 0)
    source, what = _images_of(images, vit)
    chosen = _chosen(len(source), images_most, seed)
    right, parts = dict.fromkeys(counts, 0), np.split(chosen, range(batch, len(chosen), batch))
    for draw in range(draws):
        for number, part in enumerate(parts, start=draw * len(parts)):
            pairs = [source[int(index)] for index in part]
            pixels = torch.stack([image for image, _ in pairs])
            labels = torch.tensor([_label(label, vit.model) for _, label in pairs])
            for n in counts:
                kept = kept_tokens(vit.model, n, number, seed)
                right[n] += right_with_tokens(vit, pixels, labels, kept, encoder)
    notes = (
        f"model: {vit.model.name}" + (f", weights of {checkpoint}" if checkpoint else ""),
        f"images: {len(chosen)} of {what}",
        f"accuracy: random patches removed {PLACES[encoder]}, the same in the {batch} images of a batch; "
        f"{draws} draws, seed {seed}",
        f"versions: Python {platform.python_version()}, torch {torch.__version__}, pivotsim {__version__}",
    )
    return MeasuredAccuracy({n: 100 * right[n] / (draws * len(chosen)) for n in counts}, notes)


def _loaded(model: Any, checkpoint: str | Path | None) -> "VisionTransformer":
    """Return the ViT to measure."""
    from pivotsim.vit_torch.model.checkpoints import load_checkpoint
    from pivotsim.vit_torch.model.transformer import VisionTransformer, build_vit

    if isinstance(model, VisionTransformer):
        if checkpoint is not None:
            raise InputError(f"checkpoint: goes with a model's name; load_checkpoint fills a ViT {got(checkpoint)}")
        return model
    if checkpoint is None:
        raise InputError("checkpoint: a model without weights classifies nothing; name a file (got nothing)")
    vit = build_vit(load_model(model))
    load_checkpoint(vit, checkpoint)
    return vit


def _counts(model: VitModel, tokens: Iterable[int] | None) -> list[int]:
    """Return checked token counts, most first; all of them for None."""
    least, most = model.leading_tokens + 1, model.tokens
    if tokens is None:
        return list(range(most, least - 1, -1))
    remedy = "such as range(5, 198, 8)"
    counts = {check_integer("tokens", n, least, most) for n in check_list("tokens", tokens, "token counts", remedy)}
    if not counts:
        raise InputError(f"tokens: must name a count at least, {remedy} {got([])}")
    return sorted(counts, reverse=True)


def _images_of(images: Any, vit: "VisionTransformer") -> tuple[Any, str]:
    """Return images as a sized sequence of (image, label), and what they are in words."""
    from pivotsim.vit_torch.training.image_folder import ImageFolder

    if isinstance(images, (str, Path)):
        height, width = vit.model.image_sides
        if height != width:
            raise InputError(f"images: a folder's images are cut square, the model's are {height} x {width}")
        images = ImageFolder(images, height)
    if not hasattr(images, "__len__") or not hasattr(images, "__getitem__"):
        raise InputError(f"images: must be a folder or a sized dataset of (image, label) {got(images)}")
    if not isinstance(images, ImageFolder):
        return images, f"{len(images)} of a dataset"
    if len(images.classes) != vit.model.classes:
        wanted = f"the model has {vit.model.classes} classes, numbered by the folders' names in order"
        raise InputError(f"images: {wanted} {got(len(images.classes))}")
    return (
        images,
        f"{len(images)} in class folders, cut to {images.px} px after a resize to 1/{images.crop_frac:g} of it",
    )


def _chosen(count: int, most: int | None, seed: int) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return the places of the images to take, ascending."""
    if not count:
        raise InputError(f"images: there is none {got(0)}")
    if most is None:
        return np.arange(count)
    wanted = check_integer("images_most", most, 1)
    return np.sort(np.random.default_rng(seed).permutation(count)[:wanted])


def _label(label: Any, model: VitModel) -> int:
    return check_integer("images: label", label, 0, model.classes - 1)
