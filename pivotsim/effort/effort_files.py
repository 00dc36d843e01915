"""The two files that a co-search reads, written: logits.npz and cka.npz."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.effort.outputs import effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.errors import InputError, check_integer, got
from pivotsim.io.array_files import write_arrays


def save_logits(path: str | Path, logits: Mapping[int, Any], labels: Any = None) -> None:
    """Write what each effort says of the same images, as ``cosearch`` reads it.

    Parameters
    ----------
    path : str or Path
    logits : mapping of int to array of float, shape (n, classes)
        By effort.
    labels : array of int, shape (n,), optional

    Raises
    ------
    InputError
        As ``effort_outputs``: shapes differ, a logit is not finite, a label is no class.

    Examples
    --------
    >>> import tempfile
    >>> from pivotsim.io.array_files import read_arrays
    >>> path = Path(tempfile.mkdtemp()) / "logits.npz"
    >>> save_logits(path, {3: [[5.0, 0.0]], 6: [[9.0, 0.0]]}, labels=[0])
    >>> sorted(read_arrays(path, "fiu"))
    ['effort3', 'effort6', 'labels']
    """
    if not isinstance(logits, Mapping):
        raise InputError(f"logits: must be a mapping of effort to logits {got(logits)}")
    arrays: dict[str, Any] = {f"effort{check_integer('effort', e, 0)}": np.asarray(z) for e, z in logits.items()}
    if labels is not None:
        arrays["labels"] = np.asarray(labels)
    effort_outputs(arrays)  # what cannot be read again is not written
    write_arrays(path, arrays)


def save_cka(path: str | Path, cka: Any) -> None:
    """Write a CKA matrix, as ``cosearch`` and ``best_paths`` read it.

    Parameters
    ----------
    path : str or Path
    cka : array of float, shape (D, D)
        As ``cka_matrix`` returns it.

    Raises
    ------
    InputError
        The matrix is not square or not finite above its diagonal.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "cka.npz"
    >>> save_cka(path, [[0.0, 0.5], [0.0, 0.0]])
    >>> checked_cka(path).tolist()
    [[0.0, 0.5], [0.0, 0.0]]
    """
    write_arrays(path, {"cka": checked_cka(cka)})
