"""Images in a file: an .npz with ``images``, and ``labels`` where they are known."""

from pathlib import Path
from typing import NamedTuple

from pivotsim.errors import InputError, got_elements, got_shape
from pivotsim.integer.steps import Array
from pivotsim.io.array_files import read_arrays
from pivotsim.io.samples import find_sample


class LabelledImages(NamedTuple):
    """Images (n, channels, height, width), float and normalised or int8; labels (n,) or None."""

    images: Array
    labels: Array | None


def read_images(path: str | Path) -> LabelledImages:
    """Return images and labels of an .npz file.

    Parameters
    ----------
    path : str or Path
        A file, or the sample ``digits``: 500 test images.

    Returns
    -------
    LabelledImages

    Raises
    ------
    InputError
        The file is no such file, or what it holds are no images and labels.

    Examples
    --------
    >>> [array.shape for array in read_images("digits")]
    [(500, 1, 8, 8), (500,)]
    """
    file = find_sample("images", "images", path).path
    # an integer model is read whole, so that one line says what it is
    arrays = read_arrays(file, lambda name: {"images": "fi", "labels": "iu", "header": "U"}.get(name, "fiu"))
    if {"header", "image_scale"} <= arrays.keys():
        raise InputError(f"{file}: is a model of integers, expected images")
    problems = [f"{file}: {name}: is neither images nor labels" for name in arrays if name not in ("images", "labels")]
    images, labels = arrays.get("images"), arrays.get("labels")
    if images is None:
        raise InputError([*problems, f"{file}: images: are missing"])
    if images.ndim != 4 or not len(images):
        problems.append(f"{file}: images: must be n x channels x height x width {got_shape(images.shape)}")
    elif labels is not None and labels.shape != images.shape[:1]:
        problems.append(f"{file}: labels: must be one per image {got_elements(labels)}")
    if problems:
        raise InputError(problems)
    return LabelledImages(images, labels)
