"""Convolutions counted position by position, tap by tap."""

import itertools


def positions(size: int, taps: int, stride: int, dilation: int, before: int, after: int, ceil_mode: bool) -> int:
    """Walk a window along one axis.

    Rounded down it must lie within the padded input. Rounded up it must begin within the input or the padding before
    it, and the last one may reach beyond the end.
    """
    count, start, is_all_covered = 0, -before, False
    while not is_all_covered and (start < size or not ceil_mode):
        last_tap = start + dilation * (taps - 1)
        if last_tap >= size + after and not ceil_mode:
            break
        count += 1
        start += stride
        is_all_covered = last_tap >= size + after - 1 if ceil_mode else False
    return count


def same_padding(size: int, taps: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return the least (before, after) with which the windows begin at every stride-th element, none left out."""
    wanted = len(range(0, size, stride))
    total = 0
    while positions(size, taps, stride, dilation, 0, total, False) < wanted:
        total += 1
    return total // 2, total - total // 2


def multiply_accumulates(outputs: tuple[int, ...], kernel: tuple[int, ...], channels: int, filters: int, groups: int):
    """Count the multiplications of one input: each filter at each position reads each tap of its group's channels."""
    count = 0
    for one in range(filters):
        group = one * groups // filters
        for _ in itertools.product(*map(range, outputs)):
            for _ in itertools.product(*map(range, kernel)):
                for channel in range(channels):
                    count += channel * groups // channels == group
    return count
