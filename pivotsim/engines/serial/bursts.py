"""Beats of many bursts at once: a burst takes every aligned beat that it touches, so only its offset counts.

Bursts begin at base + i * stride + j * further stride ...; of each stride the offsets within a beat repeat after
beat_bytes / gcd(stride, beat_bytes) steps. How many bursts have which offset is a short table, whatever the counts.
"""

from math import gcd
from typing import NamedTuple


class Steps(NamedTuple):
    """A loop over addresses: ``times`` steps of ``stride`` bytes."""

    stride: int
    times: int


def offsets(steps: tuple[Steps, ...], base: int, beat_bytes: int) -> list[int]:
    """Return how many bursts begin at each offset within a beat, a list of ``beat_bytes`` counts.

    >>> offsets((Steps(3, 8),), 0, 4)
    [2, 2, 2, 2]
    """
    table = [0] * beat_bytes
    table[base % beat_bytes] = 1
    for stride, times in steps:
        period = beat_bytes // gcd(stride, beat_bytes)
        moved = [0] * beat_bytes
        for step in range(min(period, times)):
            alike = -(-(times - step) // period)
            for offset, bursts in enumerate(table):
                moved[(offset + step * stride) % beat_bytes] += alike * bursts
        table = moved
    return table


def count_beats(length: int, steps: tuple[Steps, ...], beat_bytes: int, base: int = 0) -> int:
    """Return the beats of bursts of ``length`` bytes.

    >>> count_beats(3, (Steps(3, 8),), 8)  # eight rows of three bytes: two of them cross a beat
    10
    """
    table = offsets(steps, base, beat_bytes)
    return sum(bursts * -(-(offset + length) // beat_bytes) for offset, bursts in enumerate(table))
