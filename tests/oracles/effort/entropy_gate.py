"""The entropy gate the slow way: 800 decimal digits, thresholds tried one by one, images one by one."""

import math
from decimal import Decimal, getcontext


def entropy(logits: list[float]) -> Decimal:
    """-(1 / log K) * sum p log p of the softmax of one image's logits."""
    getcontext().prec = 800  # probabilities down to the smallest float, and 1 minus them
    values = [Decimal(v) for v in logits]
    powers = [(v - max(values)).exp() for v in values]
    total = sum(powers)
    shares = [p / total for p in powers]
    return -sum(p * p.ln() for p in shares if p) / Decimal(len(values)).ln()


def smallest_threshold(entropies: list[float], lec: float) -> float:
    """The first of all useful thresholds, in rising order, with F_L >= LEC."""
    for threshold in sorted({0.0, *(math.nextafter(e, math.inf) for e in entropies)}):
        if sum(e < threshold for e in entropies) / len(entropies) >= lec:
            return threshold
    raise AssertionError("the last threshold lets every image pass")


def exits(entropies: list[list[float]], thresholds: list[float]) -> list[int]:
    """Where each image leaves: entropies[effort][image]."""
    found = []
    for image in range(len(entropies[0])):
        effort = 0
        while effort < len(thresholds) and not entropies[effort][image] < thresholds[effort]:
            effort += 1
        found.append(effort)
    return found
