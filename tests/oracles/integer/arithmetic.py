"""Operations of integer inference on Python's own integers, a number at a time, by docs/integer_inference.md."""

from fractions import Fraction
from math import floor, isqrt


def half_up(x: Fraction) -> int:
    return floor(x + Fraction(1, 2))


def cut(x: int, bits: int) -> int:
    most = 2 ** (bits - 1) - 1
    return most if x > most else -most - 1 if x < -most - 1 else x


def rescaled(x: int, scale: tuple[int, int], bits: int) -> int:
    multiplier, shift = scale
    return cut(half_up(Fraction(x * multiplier, 2**shift)), bits)


def softmax_row(scores: list[int], table: list[int]) -> list[int]:
    largest = max(scores)
    exponentials = [table[largest - score] for score in scores]
    share = 127 * 2**24 // sum(exponentials)
    return [half_up(Fraction(e * share, 2**24)) for e in exponentials]


def activated(x: int, table: list[int]) -> int:
    return table[x if x >= 0 else x + 256]


def norm_row(x: list[int], sizes: list[int], multiplier: list[int], addend: list[int]) -> list[int]:
    bits, inverse, epsilon, shift = sizes
    total = sum(x)
    w = len(x) * sum(v * v for v in x) - total * total + epsilon
    mean = half_up(Fraction(total * inverse, 2 ** (16 + bits)))
    e = (len(f"{w:b}") - 31) // 2  # floor, below 0 too
    root = isqrt(floor(w * Fraction(1, 4) ** e))
    reciprocal = 2**31 // root
    result = []
    for value, m, a in zip(x, multiplier, addend, strict=True):
        z = half_up((256 * value - mean) * reciprocal * Fraction(1, 2) ** (27 + e - bits))
        result.append(cut(half_up(Fraction(z * m + a, 2**shift)), 8))
    return result


def best_first(scores: list[int]) -> list[int]:
    """Return places by falling score, equal ones in their order, by picking the best again and again."""
    left, order = list(range(len(scores))), []
    while left:
        best = left[0]
        for place in left:
            if scores[place] > scores[best]:
                best = place
        order.append(best)
        left.remove(best)
    return order
