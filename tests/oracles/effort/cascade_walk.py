"""Every cascade at every threshold, each image run one by one: the whole space, slow and obvious."""

import math
from itertools import combinations, product

from tests.oracles.effort.entropy_gate import exits
from tests.oracles.system.image_stream import stream


def choices(entropies: dict, right: dict, delays_ms: dict, energies_j: dict, most: int, gate_ms: float, gate_j: float):
    """Yield (efforts, thresholds, quantities) of all cascades of up to ``most`` efforts, in their own order."""
    for size in range(1, most + 1):
        for efforts in combinations(entropies, size):
            cuts = [{0.0, *(math.nextafter(e, math.inf) for e in entropies[effort])} for effort in efforts[:-1]]
            for thresholds in product(*map(sorted, cuts)):
                at = exits([entropies[e] for e in efforts], list(thresholds))
                found = stream(at, [delays_ms[e] for e in efforts], [energies_j[e] for e in efforts], gate_ms, gate_j)
                found["accuracy_frac"] = sum(right[efforts[e]][i] for i, e in enumerate(at)) / len(at)
                found["lec"] = at.count(0) / len(at)
                yield efforts, thresholds, found


def misses(quantities: dict, limits: dict) -> float:
    """How far the limit that is missed most is missed, relative to it."""
    worst = 0.0
    for name, limit in limits.items():
        beyond = limit - quantities[name] if name in ("accuracy_frac", "lec") else quantities[name] - limit
        worst = max(worst, beyond / limit)
    return worst


def best(choices: list, objective: str, limits: dict) -> tuple[float, float, list]:
    """The least miss, the least of the objective there, and every choice that has both but for rounding."""
    least_miss = min(misses(quantities, limits) for _, _, quantities in choices)
    allowed = [one for one in choices if misses(one[2], limits) == least_miss]
    least = min(quantities[objective] for _, _, quantities in allowed)
    winners = [one for one in allowed if math.isclose(one[2][objective], least, rel_tol=1e-12)]
    return least_miss, least, winners
