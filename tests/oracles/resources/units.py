"""What placed units take, read from synthesis.csv lane by lane: straight lines between recorded widths."""

from fractions import Fraction
from math import ceil

from tests.oracles.resources.structures import line, rows

WRITTEN = {"softmax": "softmax", "gelu": "activation", "silu": "activation", "relu": "activation",
           "norm": "layer norm", "add": "residual addition"}  # fmt: skip


def counts(kind, lanes):
    """Return DSPs, LUTs, flip-flops, half block RAMs, and how they are known."""
    recorded = rows(WRITTEN[kind])
    widths = [row["LANES"] for row in recorded]
    found = []
    for name, scale in (("dsp48e2", 1), ("lut", 1), ("ff", 1), ("bram36", 2)):
        points = [(row["LANES"], scale * Fraction(row[name])) for row in recorded]
        found.append(ceil(line(points, Fraction(lanes))))
    beyond = not min(widths) <= lanes <= max(widths)
    return (*found, "extrapolated" if beyond else "recorded" if lanes in widths else "interpolated")
