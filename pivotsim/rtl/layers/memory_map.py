"""The map of DRAM: which tensors lie there, in which arrangement, and which of them need a second one.

A tensor has one arrangement. It is one that all GEMMs which drain into it can write; of those the one that most GEMMs
can load as it is. The others load a copy in their own order, which the host makes at a stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pivotsim.rtl.layers.arrangements import (
    Arrangement,
    Reader,
    Writer,
    as_drained,
    as_loaded,
    blocked,
    drain_offsets,
    unit_offsets,
)
from pivotsim.rtl.layers.program import ACTIVATIONS, RELAYOUT, TRANSPOSE

ALIGNMENT = 64  # of a tensor's address: bytes of a cache line, and of a beat at the widest port


@dataclass
class Planned:
    """A tensor before it has a place: who writes it, who reads it."""

    name: str
    shape: tuple[int, int]
    dtype: str
    role: str = ACTIVATIONS
    values: Any = None
    writers: list[Writer] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    is_in_passes: bool = False  # units read or write it


def arranged(tensor: Planned) -> tuple[Arrangement, list[int]]:
    """Return the arrangement of a tensor, and the places of those readers that cannot load it so.

    What only units read and write lies row by row.
    """
    itemsize, shape = np.dtype(tensor.dtype).itemsize, tensor.shape
    if not tensor.readers and not tensor.writers:
        return blocked(shape, 0, 1, itemsize), []
    best: tuple[Arrangement, list[int]] | None = None
    for candidate in _candidates(tensor, itemsize, shape):
        if any(drain_offsets(writer, candidate) is None for writer in tensor.writers):
            continue
        left = [place for place, reader in enumerate(tensor.readers) if unit_offsets(reader, candidate) is None]
        if best is None or len(left) < len(best[1]):
            best = candidate, left
        if not left:
            break
    assert best is not None  # a drain can write in its own order
    return best


def _candidates(tensor: Planned, itemsize: int, shape: tuple[int, int]) -> Sequence[Arrangement]:
    users = [*(writer.program for writer in tensor.writers), *(reader.program for reader in tensor.readers)]
    sides = dict.fromkeys((users[0].design.cols, users[0].design.rows))
    found = [blocked(shape, axis, side, itemsize) for axis in (0, 1) for side in sides]
    if tensor.readers:
        found.append(as_loaded(shape, tensor.readers, is_whole=tensor.role == ACTIVATIONS))
    if tensor.writers:
        found.append(as_drained(shape, tensor.writers, itemsize))
    return found


def copy_kind(source: Arrangement, copy: Arrangement) -> str:
    """Return whether a copy is a transposition: what lies side by side in one does not in the other."""
    sides = [_runs_down(one) for one in (source, copy)]
    return RELAYOUT if sides[0] == sides[1] else TRANSPOSE


def _runs_down(arrangement: Arrangement) -> bool:
    """Return whether elements of a column lie side by side more often than those of a row."""
    down, along = (
        int((np.abs(np.diff(arrangement.offsets, axis=axis)) == arrangement.itemsize).sum()) for axis in (0, 1)
    )
    return down > along
