"""Phase 2 as the paper walks it: pairs of efforts from the largest down, until a delay fits (PIVOT, section 3.3).

The threshold is raised until F_L >= LEC, the delay comes from the simulator, and the first pair within 5 % of the
target is taken. The paper says that each iteration samples "a smaller effort combination" and gives (9, 12), then
(6, 9). Here pairs go by falling number of active attentions in both efforts together; among equals the larger high
effort goes first.
"""

import itertools
from collections.abc import Callable, Sequence

from pivotsim.effort.entropy import check_fraction
from pivotsim.effort.search.choice import Answer, Choice
from pivotsim.errors import InputError, check_real, got

TOLERANCE_FRAC = 0.05


def find_pair(
    efforts: Sequence[int],
    at_lec: Callable[[tuple[int, int]], Choice],
    target_delay_ms: float,
    lec: float,
    tolerance_frac: float,
) -> Answer:
    """Return the first pair whose delay lies within the tolerance of the target, or the nearest one and why.

    Parameters
    ----------
    efforts : sequence of int
        At least two.
    at_lec : callable
        Returns a pair at the threshold of the LEC.
    target_delay_ms, lec, tolerance_frac : float
        As for ``CoSearch.pair``; ``lec`` for the wording alone.

    Raises
    ------
    InputError
        A number is out of range, or there are fewer than two efforts.
    """
    target = check_real("target_delay_ms", target_delay_ms)
    if not 0 < target < float("inf"):
        raise InputError(f"target_delay_ms: must be a finite number above 0 {got(target_delay_ms)}")
    tolerance = check_fraction("tolerance_frac", tolerance_frac)
    if len(efforts) < 2:
        raise InputError(f"logits: a pair needs at least two efforts {got(list(efforts))}")
    tried: list[Choice] = []
    for pair in pairs_from_the_largest(efforts):
        tried.append(at_lec(pair))
        if abs(tried[-1].delay_ms - target) <= tolerance * target:
            reason = f"pair {len(tried)} from the largest down is within {100 * tolerance:g} % of {target:g} ms"
            return Answer(tried[-1], True, reason)
    closest = min(tried, key=lambda choice: abs(choice.delay_ms - target))
    head = f"no pair lies within {100 * tolerance:g} % of {target:g} ms at LEC {lec:g}"
    return Answer(closest, False, f"{head}: {_why_none([choice.delay_ms for choice in tried], target)}")


def pairs_from_the_largest(efforts: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs (low, high) in the order of Phase 2.

    Examples
    --------
    >>> pairs_from_the_largest([3, 4, 6, 9])
    [(6, 9), (4, 9), (3, 9), (4, 6), (3, 6), (3, 4)]
    """
    return sorted(itertools.combinations(sorted(efforts), 2), key=lambda p: (-sum(p), -p[1]))


def _why_none(delays_ms: Sequence[float], target_ms: float) -> str:
    """Return what the delays of all pairs are like, none of which fits."""
    if min(delays_ms) > target_ms:
        return f"the fastest takes {min(delays_ms):.6g} ms"
    if max(delays_ms) < target_ms:
        return f"the slowest takes {max(delays_ms):.6g} ms"
    below, above = max(d for d in delays_ms if d <= target_ms), min(d for d in delays_ms if d >= target_ms)
    return f"the nearest take {below:.6g} and {above:.6g} ms"
