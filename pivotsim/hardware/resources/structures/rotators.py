"""Rotators (rtl/verilog/memories/rotator.v), and choosers of one bit of several: exact at any size.

A stage for each bit of the places; a LUT of six inputs holds two stages of a bit.
"""

from typing import Any

import numpy as np

from pivotsim.hardware.resources.structures.sizes import bits_of


def rotator_luts(items: Any, width: Any) -> Any:
    """Return the LUTs that turn ``items``, a power of two from 2 on, of ``width`` bits each.

    >>> rotator_luts([2, 8, 64], 8).tolist()
    [16, 128, 1536]
    """
    items = np.asarray(items, dtype=np.int64)
    return width * items * -(-bits_of(items) // 2)


def rotator_levels(items: int) -> int:
    """Return the levels of logic of a rotator.

    >>> rotator_levels(64)
    3
    """
    return int(-(-bits_of(items) // 2))


def chooser_luts(inputs: Any) -> Any:
    """Return the LUTs that choose one of ``inputs`` bits, a power of two: four of them in each LUT.

    >>> chooser_luts([1, 2, 4, 8, 16]).tolist()
    [0, 1, 1, 3, 5]
    """
    inputs = np.asarray(inputs, dtype=np.int64)
    return (inputs + np.where(inputs % 3 == 1, -1, 1)) // 3
