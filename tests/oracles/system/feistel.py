"""The permutation that draws samples, one number at a time in Python's own integers."""

import math

MASK = 2**64 - 1


def mixed(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def hashed(number, seed, stream):
    return mixed((mixed((seed * 1_000_003 + stream) & MASK) + number * 0x9E3779B97F4A7C15) & MASK)


def permuted(number, size, seed):
    """Return where a number below ``size`` goes: pairs (left, right) of a table of a columns, walked until inside.

    >>> sorted(permuted(n, 7, 3) for n in range(7))
    [0, 1, 2, 3, 4, 5, 6]
    """
    a = math.isqrt(size)
    a += a * a < size
    b = math.ceil(size / a) if size < 2**50 else (size + a - 1) // a
    while True:
        right, left = divmod(number, a)
        for key in (0, 2, 4, 6, 8):
            left = (left + hashed(right, seed, key)) % a
            right = (right + hashed(left, seed, key + 1)) % b
        number = right * a + left
        if number < size:
            return number


def places(number, sizes, seed):
    """Return the places of a sample on axes, of which the last ones, 2**62 combinations at most, are permuted."""
    first = len(sizes)
    while first and math.prod(sizes[first - 1 :]) <= 2**62:
        first -= 1
    index, found = permuted(number, math.prod(sizes[first:]), seed), []
    for size in reversed(sizes[first:]):
        index, place = divmod(index, size)
        found.append(place)
    return [*(hashed(number, seed, 10 + axis) % sizes[axis] for axis in range(first)), *found[::-1]]
