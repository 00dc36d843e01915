"""Slices that columns of the array share (part of every kernel that counts clocks)."""

from pivotsim.kernels._jit import inlined


@inlined
def slices_across(cols: int, mac_packing: int) -> int:
    """Return the slices side by side that hold so many columns, 1 or 2 in each; runs as ordinary Python too.

    A streamed operand reaches all columns of a slice in one clock and the next slice in the one after it.

    >>> slices_across(36, 1), slices_across(36, 2), slices_across(5, 2)
    (36, 18, 3)
    """
    return (cols + mac_packing - 1) >> (mac_packing - 1)
