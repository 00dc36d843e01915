"""What each effort, or each rung of a ladder, says of the same images: entropies, and which images are right.

logits.npz holds, for each effort e that was inferred, an array ``effort<e>`` of floats, shape (n, classes): row i is
image i in all of them. Of a ladder each rung's array has the rung's own name. ``labels``, integers of shape (n,), is
optional; without it there is no accuracy.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pivotsim.effort.entropy import as_array, entropies_of
from pivotsim.effort.gating import Flags
from pivotsim.errors import InputError, got, got_shape, nearest, shape_text
from pivotsim.io.array_files import read_arrays
from pivotsim.units import FloatArray, IntArray

MAX_LOGITS_BYTES = 2 * 2**30
LABELS = "labels"
_KEY = re.compile(r"effort(0|[1-9][0-9]{0,3})")

Name: TypeAlias = int | str  # of an effort, its number of active attentions; of a rung, what it is called
Logits: TypeAlias = str | Path | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class EffortOutputs:
    """Entropies of the same n images at each effort or rung and, where labels are known, which ones are right."""

    images: int
    classes: int
    entropies: Mapping[Name, FloatArray] = field(repr=False)
    right: Mapping[Name, Flags] | None = field(repr=False)

    @property
    def efforts(self) -> list[Name]:
        """The efforts, in the order in which images meet them."""
        return list(self.entropies)

    @property
    def digest(self) -> str:
        """16 hex digits over everything that a search reads."""
        digest = hashlib.sha256()
        for effort in self.efforts:
            digest.update(f"{effort}:".encode() + self.entropies[effort].tobytes())
            digest.update(b"" if self.right is None else self.right[effort].tobytes())
        return digest.hexdigest()[:16]


def effort_outputs(logits: Logits) -> EffortOutputs:
    """Return what each effort says of the images.

    Parameters
    ----------
    logits : path or mapping
        A logits.npz, or a mapping of the same names: ``effort<e>`` (n, classes), and ``labels`` (n,).

    Raises
    ------
    InputError
        The file cannot be read; a name is unknown; shapes differ; a logit is not finite; a label is no class.

    Examples
    --------
    >>> seen = effort_outputs({"effort3": [[5, 0], [0, 0]], "effort6": [[9, 0], [0, 9]], "labels": [0, 1]})
    >>> seen.efforts, seen.entropies[3].round(2).tolist(), seen.right[3].tolist()
    ([3, 6], [0.06, 1.0], [True, False])
    """
    place, arrays = _read(logits)
    keys = {key: _KEY.fullmatch(str(key)) for key in arrays if key != LABELS}
    expected = "expected effort3, effort6, ..."
    problems = [
        f"{place}: {key or 'an array without a name'}: unknown name, {expected}, labels"
        for key, match in keys.items()
        if not match
    ]
    if not keys:
        problems.append(f"{place}: holds no effort, {expected}")
    if problems:
        raise InputError(problems[:20])
    efforts = sorted((int(match[1]), key) for key, match in keys.items() if match)
    return _outputs(place, arrays, dict(efforts))


def rung_outputs(logits: Logits, rungs: Iterable[str]) -> EffortOutputs:
    """Return what each rung of a ladder says of the images, in the order of ``rungs``.

    Parameters
    ----------
    logits : path or mapping
        An .npz or a mapping: an array (n, classes) under each rung's name, and ``labels`` (n,).
    rungs : iterable of str

    Raises
    ------
    InputError
        A rung has no array, an array no rung, or as for ``effort_outputs``.

    Examples
    --------
    >>> seen = rung_outputs({"half": [[5, 0]], "whole": [[9, 0]], "labels": [0]}, ["half", "whole"])
    >>> seen.efforts, seen.right["half"].tolist()
    (['half', 'whole'], [True])
    """
    place, arrays = _read(logits)
    names = list(rungs)
    missing = [name for name in names if name not in arrays]
    unknown = [key for key in arrays if key not in names and key != LABELS]
    problems = [f"{place}: {name}: the rung has no logits{nearest(name, unknown)}" for name in missing]
    problems += [f"{place}: {key}: is no rung{nearest(str(key), missing or names)}" for key in unknown]
    if problems:
        raise InputError(problems[:20])
    return _outputs(place, arrays, {name: name for name in names})


def _read(logits: Logits) -> tuple[str, Mapping[str, Any]]:
    """Return where logits come from, and their arrays."""
    if isinstance(logits, Mapping):
        return "logits", logits
    return str(logits), read_arrays(logits, "fiu", MAX_LOGITS_BYTES)


def _outputs(place: str, arrays: Mapping[str, Any], keys: Mapping[Any, str]) -> EffortOutputs:
    """Return the outputs of efforts or rungs; ``keys`` has the name of each one's array."""
    shapes = {key: as_array(f"{place}: {key}", arrays[key], "n, classes", 2).shape for key in keys.values()}
    first = next(key for key in arrays if key in shapes)
    for key, shape in shapes.items():
        if shape != shapes[first]:
            wanted = f"the shape of {first}, {shape_text(shapes[first])}"
            raise InputError(f"{place}: {key}: must have {wanted} {got_shape(shape)}")
    images, classes = shapes[first]
    labels = _labels(place, arrays[LABELS], images, classes) if LABELS in arrays else None
    entropies: dict[Name, FloatArray] = {}
    right: dict[Name, Flags] = {}
    for name, key in keys.items():
        entropies[name] = entropies_of(f"{place}: {key}", arrays[key])
        if labels is not None:
            right[name] = np.asarray(arrays[key]).argmax(axis=1) == labels  # of equal logits the first
    return EffortOutputs(images, classes, entropies, None if labels is None else right)


def _labels(place: str, labels: Any, images: int, classes: int) -> IntArray:
    """Return labels as int64 (n,), or raise InputError."""
    array = as_array(f"{place}: labels", labels, "n,", 1, kinds="iu")
    if len(array) != images:
        raise InputError(f"{place}: labels: expected {images}, one per image {got(len(array))}")
    wrong = (array < 0) | (array >= classes)
    if wrong.any():
        image = int(wrong.argmax())
        raise InputError(f"{place}: labels[{image}]: must be a class from 0 to {classes - 1} {got(int(array[image]))}")
    return array.astype(np.int64)
