"""Regions of outputs: what drains at once, in the engine's order, and which of the engine's passes are its own."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pivotsim.kernels.memory.array_passes import loop_counts, place
from pivotsim.kernels.types import Design
from pivotsim.rtl.units import Units
from pivotsim.units import IntArray


class Region(NamedTuple):
    """What drains at once: its column tile, the indices of its entries, its passes, of which a mask may leave none."""

    col: int
    entries: IntArray
    passes: range


def regions_of(
    units: Units, design: Design, counts: tuple[int, int, int], order: int, passes: IntArray
) -> Iterator[Region]:
    """Yield all regions in the order in which they drain.

    Parameters
    ----------
    units, design
        The GEMM's tiles and chunks, with its mask; the array.
    counts : tuple of int
        Row tiles, column tiles, chunks.
    order : int
        The loop order's place among the dataflow's.
    passes : ndarray
        int64 (P, 3): row tile, column tile and chunk of every pass that there is.
    """
    is_tiled, done = not design.drains, 0
    leaves_entries = units.mask is not None and units.mask.operand == "out"  # and whole regions that no one asks for
    outer, inner, of_region = loop_counts(is_tiled, order, *counts)
    for x in range(outer):
        for y in range(inner):
            first = done
            for z in range(of_region):
                done += done < len(passes) and tuple(passes[done].tolist()) == place(is_tiled, order, x, y, z)
            if done == first and leaves_entries:
                continue
            at = place(is_tiled, order, x, y, 0)
            entries = np.array(units.part("stream", at.t) if is_tiled else units.part("rows", at.i))
            if is_tiled and leaves_entries:
                entries = units.needed(*passes[first].tolist())  # the same in all passes of the region
            yield Region(at.j, entries, range(first, done))
