"""What a pruning step reads, compares and moves, counted one element at a time; and its multiply-accumulates.

``t`` tokens arrive, ``p`` of them prefix, ``leaving`` leave; ``d`` channels in ``h`` heads.
"""

import itertools


def count(*sizes):
    return sum(1 for _ in itertools.product(*map(range, sizes)))


def row_of_class_token(t, p, leaving, d, h, fused):
    kept = leaving - p - fused
    found = {"score": count(h, t - p), "sort": count(t - p), "gather": count(p + kept, d)}
    if fused:
        found["merge"] = count(t - p - kept, d)
    return found


def single(t, p, leaving, d, h):
    n = t - p
    found = row_of_class_token(t, p, leaving, d, h, 1)
    attention = count(h, n, n) + count(n, n)
    values = count(h, t, d // h)
    return {**found, "score": attention + values, "softmax": count(t)}


def single_by_mean(t, p, leaving, d, h):
    """A mean divides every reduced element of the attention and of the feature."""
    n = t - p
    return {**single(t, p, leaving, d, h), "mul": count(n, n) + count(t, d // h)}


def tome(t, p, leaving, d, h):
    even, odd = range(0, t, 2), range(1, t, 2)
    return {
        "score": count(h, t, d // h) + count(len(even), len(odd)),
        "norm": count(t, d // h),
        "sort": count(len(even)),
        "gather": count(leaving, d),
        "merge": count(t - leaving, d),
        "macs": count(len(even), len(odd), d // h),
    }


def layers_macs(tokens, sizes):
    macs = 0
    for inputs, outputs in itertools.pairwise(sizes):
        macs += tokens * inputs * outputs
    return macs


def dynamicvit(t, p, leaving, d, h):
    n = t - p
    return {
        "norm": count(n, d),
        "score": count(n, d // 2),
        "gelu": count(n, d) + count(n, d // 2) + count(n, d // 4),
        "softmax": count(n, 2),
        "sort": count(n),
        "gather": count(leaving, d),
        "macs": layers_macs(n, [d, d]) + layers_macs(n, [d, d // 2, d // 4, 2]),
    }


def heatvit(t, p, leaving, d, h):
    n, width = t - p, d // h
    kept = leaving - p - 1
    macs = 0
    for _ in range(h):
        macs += layers_macs(n, [width, width // 2]) + layers_macs(n, [width, width // 2, width // 4, 2])
    macs += layers_macs(n, [h, h // 2, h])
    return {
        "score": count(n, h, width // 2) + count(n, h, width) + count(h, n, 2),
        "gelu": 2 * count(h, n, width // 2) + count(h, n, width // 4) + count(n, h // 2) + count(n, h),
        "softmax": count(h, n, 2),
        "gather": count(p + kept, d),
        "merge": count(n - kept, d),
        "macs": macs,
    }
