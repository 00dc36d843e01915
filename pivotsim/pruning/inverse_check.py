"""The schedule the other way round: which losses of accuracy make given token counts the best ones.

A paper that prints R by alpha, and latencies, but no accuracy of its random removal, still bounds that accuracy. With
U = alpha (1 - L / Lmax) + (1 - alpha) A / Amax (Eliopoulos et al., Eq. 2 to 4) a count i beats another j at alpha where

    A(i) - A(j) >= alpha / (1 - alpha) * (L(i) - L(j)) / Lmax * Amax

so that every alpha at which i is chosen gives a lower bound of the loss A(i) - A(j), and every one at which j is an
upper bound. Of three counts whose latency falls, the bounds of neighbours imply those of the outer two.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.pruning.utility import MOST_ACCURACY_PCT, check_alpha


class Choice(NamedTuple):
    """A count that was chosen: tokens kept, latency with all blocks at them in ms, and the alphas that chose it."""

    tokens: int
    latency_ms: float
    least_alpha: float
    greatest_alpha: float


@dataclass(frozen=True)
class LossInterval:
    """What accuracy must lose from one choice to the next, in percentage points, for both to be the best at theirs.

    ``halfway_points`` is the loss if the choice turns halfway between the two ranges of alpha.
    """

    tokens: int
    next_tokens: int
    least_points: float
    most_points: float
    halfway_points: float

    @property
    def possible(self) -> bool:
        """Whether any loss will do."""
        return self.least_points <= self.most_points


def losses_that_choose(
    choices: Sequence[Choice], *, slowest_ms: float, highest_pct: float, within_ms: float = 0.0
) -> list[LossInterval]:
    """Return the losses of accuracy between neighbouring choices that make each the best at its alphas.

    Parameters
    ----------
    choices : sequence of Choice
        At least two, with rising ranges of alpha and falling tokens.
    slowest_ms : float
        Lmax, the largest latency of the grid, above 0.
    highest_pct : float
        Amax, the highest accuracy of the grid in percent, above 0.
    within_ms : float
        How far each latency may lie from its number, as half a unit of its last printed digit.

    Returns
    -------
    list of LossInterval
        One per pair of neighbours; in percentage points.

    Raises
    ------
    InputError
        There is no pair, tokens or alphas are out of order, or a number is out of bounds.

    Examples
    --------
    Chosen up to alpha 0.25 and from 0.75 on; 20 of 100 ms are at stake, and accuracy is 80 % at most:

    >>> found = losses_that_choose(
    ...     [Choice(197, 100.0, 0.0, 0.25), Choice(128, 80.0, 0.75, 1.0)], slowest_ms=100.0, highest_pct=80.0)
    >>> [(round(f.least_points, 3), round(f.most_points, 3), f.halfway_points) for f in found]
    [(5.333, 48.0, 16.0)]
    """
    slowest = _positive("slowest_ms", slowest_ms)
    highest = _positive("highest_pct", highest_pct)
    if highest > MOST_ACCURACY_PCT:
        raise InputError(f"highest_pct: must be at most 100 {got(highest)}")
    within = check_real("within_ms", within_ms)
    if not 0 <= within < math.inf:
        raise InputError(f"within_ms: must be finite and not negative {got(within)}")
    checked = [_checked(choice) for choice in choices]
    if len(checked) < 2:
        raise InputError(f"choices: must be at least two {got(len(checked))}")
    found = []
    for first, second in itertools.pairwise(checked):
        if second.tokens >= first.tokens or second.least_alpha <= first.greatest_alpha:
            raise InputError(
                f"choices: tokens must fall and ranges of alpha rise {got([first.tokens, second.tokens])}, "
                f"alpha up to {first.greatest_alpha:g} and from {second.least_alpha:g}"
            )
        gain_ms, scale = first.latency_ms - second.latency_ms, highest / slowest
        low = [_bound(alpha, gain_ms - 2 * within) for alpha in first[2:]]
        high = [_bound(alpha, gain_ms + 2 * within) for alpha in second[2:]]
        halfway = _bound((first.greatest_alpha + second.least_alpha) / 2, gain_ms)
        found.append(LossInterval(first.tokens, second.tokens, scale * max(low), scale * min(high), scale * halfway))
    return found


def _bound(alpha: float, gain_ms: float) -> float:
    """Return alpha / (1 - alpha) * gain, which of a gain of 0 is 0 at every alpha."""
    if gain_ms == 0:
        return 0.0
    return math.copysign(math.inf, gain_ms) if alpha == 1 else alpha / (1 - alpha) * gain_ms


def _checked(choice: Choice) -> Choice:
    tokens = check_integer("choices: tokens", choice.tokens, 1)
    least, greatest = check_alpha(choice.least_alpha), check_alpha(choice.greatest_alpha)
    if least > greatest:
        raise InputError(f"choices: a range of alpha runs backwards {got([least, greatest])}")
    return Choice(tokens, _positive("choices: latency_ms", choice.latency_ms), least, greatest)


def _positive(path: str, value: object) -> float:
    number = check_real(path, value)
    if not 0 < number < math.inf:
        raise InputError(f"{path}: must be finite and above 0 {got(number)}")
    return number
