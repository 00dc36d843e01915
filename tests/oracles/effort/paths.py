"""Algorithm 1 of the paper word by word, in exact fractions, and the best path by listing all of them."""

from fractions import Fraction
from itertools import combinations


def score(cka: list[list[float]], active: tuple[int, ...]) -> Fraction:
    depth = len(cka)
    total = Fraction(0)
    for i in active:
        for j in range(i + 1, depth + 1):
            if j not in active:
                total += Fraction(cka[i - 1][j - 1])
            else:
                break
    return total


def best(cka: list[list[float]], effort: int) -> tuple[tuple[int, ...], Fraction]:
    """The highest score; of equals the first in dictionary order, the order in which combinations come."""
    winner, highest = (), None
    for active in combinations(range(1, len(cka) + 1), effort):
        value = score(cka, active)
        if highest is None or value > highest:
            winner, highest = active, value
    return winner, highest
