"""Points that no other point dominates, all objectives minimised (API twin: pareto.py).

A point dominates another if it is at most as large in every objective and smaller in one; equal points do not dominate
each other. In lexicographic order only an earlier point can dominate a later one, and a different earlier one that is
at most as large in all further objectives does.

    2 objectives    the smallest second objective so far                                    O(n log n), the sort's
    3 objectives    a Fenwick tree over ranks of the second holds the smallest third        O(n log n)
    more            comparison with the front so far, the points that dominate most first   O(n * front)
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import kernel

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@kernel("void(float64[:, ::1], float64[:, ::1], boolean[::1])")
def drop_dominated_by(points: Floats, rivals: Floats, kept: Flags) -> None:
    """Clear ``kept[i]`` of every point (n, d) that one of a few rivals (r, d) dominates: a sieve, made once."""
    for i in range(points.shape[0]):
        for j in range(rivals.shape[0]):
            is_below = False
            for f in range(points.shape[1]):
                if rivals[j, f] > points[i, f]:
                    is_below = False
                    break
                if rivals[j, f] < points[i, f]:
                    is_below = True
            else:
                if is_below:
                    kept[i] = False
                    break


@kernel("void(float64[:, ::1], boolean[::1])")
def front_of_two(points: Floats, kept: Flags) -> None:
    """Mark the front of (n, 2) points in lexicographic order."""
    least = np.inf
    for i in range(points.shape[0]):
        if i > 0 and points[i, 0] == points[i - 1, 0] and points[i, 1] == points[i - 1, 1]:
            kept[i] = kept[i - 1]
            continue
        kept[i] = points[i, 1] < least or (i == 0)
        least = min(least, points[i, 1])


@kernel("void(int64[:, ::1], int64[::1], boolean[::1])")
def front_of_three(ranks: Ints, tree: Ints, kept: Flags) -> None:
    """Mark the front of (n, 3) points in lexicographic order, given as ranks from 1.

    ``tree`` has a place more than there are ranks of the second objective, and starts above every rank of the third.
    """
    for i in range(ranks.shape[0]):
        second, third = ranks[i, 1], ranks[i, 2]
        if i > 0 and ranks[i, 0] == ranks[i - 1, 0] and second == ranks[i - 1, 1] and third == ranks[i - 1, 2]:
            kept[i] = kept[i - 1]
            continue
        least, place = tree[0], second
        while place > 0:
            least = min(least, tree[place])
            place -= place & -place
        kept[i] = third < least
        place = second
        while kept[i] and place < tree.shape[0]:
            tree[place] = min(tree[place], third)
            place += place & -place


@kernel("void(float64[:, ::1], int64[::1], boolean[::1])")
def front_of_many(points: Floats, front: Ints, kept: Flags) -> None:
    """Mark the front of (n, d) points in lexicographic order; ``front`` (n,) is room for places of the front so far."""
    count = 0
    for i in range(points.shape[0]):
        is_equal = i > 0
        for f in range(points.shape[1]):
            if is_equal and points[i, f] != points[i - 1, f]:
                is_equal = False
        if is_equal:
            kept[i] = kept[i - 1]
            continue
        kept[i] = True
        for j in range(count):
            is_dominated = True
            for f in range(points.shape[1]):
                if points[front[j], f] > points[i, f]:
                    is_dominated = False
                    break
            if is_dominated:
                kept[i] = False
                # a point that dominates one often dominates the next: look at it earlier
                front[j], front[j // 2] = front[j // 2], front[j]
                break
        if kept[i]:
            front[count] = i
            count += 1
