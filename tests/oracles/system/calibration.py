"""Calibration the slow way: each row's time by its formula, and scipy's optimisers in place of our own.

A time is worked out from a plain dict of constants, row by row, as a reader would on paper.
"""

import math

import numpy as np
from scipy.optimize import least_squares

LINE_BYTES, PORT_BYTES = 64, 16  # of zcu102


def row_ms(row, constants, profile="full", host_mhz=1200.0, cores=1):
    """Time of an operation, a transfer or a GEMM by hand; constants by dotted path."""
    prefix = f"host.{profile}"
    if row.kind == "gemm":  # input stationary, padded, no fold overlap, 64 x 36
        folds = math.ceil(row.k / 64) * math.ceil(row.m / 36)
        return row.repeats * folds * (2 * 64 + 36 + row.n - 2) / (constants["array.clock_mhz"] * 1e3)
    call_ms = row.calls * constants[f"{prefix}.call_us"] / 1e3
    if row.kind == "transfer":
        size = row.m * row.n * row.repeats
        clocks = math.ceil(size / PORT_BYTES)
        upkeep_ns = math.ceil(size / LINE_BYTES) * constants["host.transfer.cache_ns_per_line"]
        return clocks / (constants["array.clock_mhz"] * 1e3) + upkeep_ns / 1e6 + call_ms
    rows = row.m * row.repeats
    elements = rows * row.n
    if row.kind == "sort":
        elements *= math.ceil(math.log2(row.n)) if row.n > 1 else 0
    cycles = rows * constants[f"{prefix}.{row.kind}.cycles_per_row"]
    cycles += elements * constants[f"{prefix}.{row.kind}.cycles_per_element"]
    shared = row.cores or cores
    if shared > 1:
        cycles /= shared * constants["host.multicore_efficiency_frac"]
    return cycles / (host_mhz * 1e3) + call_ms


def fit(rows, constants, free, profile="full"):
    """Constants of the least squares of relative errors, by scipy; weights are those of the last prediction."""
    turned = ("array.clock_mhz", "host.multicore_efficiency_frac")
    measured = np.array([row.ms for row in rows])

    def predictions(vector):
        tried = {p: 1 / v if p in turned else v for p, v in zip(free, vector, strict=True)}
        return np.array([row_ms(row, {**constants, **tried}, profile) for row in rows])

    high = dict.fromkeys(free, 1000000000.0) | {"host.multicore_efficiency_frac": 100.0, "array.clock_mhz": 1e3}
    low = dict.fromkeys(free, 0.0) | {"host.multicore_efficiency_frac": 1.0, "array.clock_mhz": 1e-5}
    start = np.array([1 / constants[p] if p in turned else max(constants[p], 1e-3) for p in free])
    weights = 1 / measured
    for _ in range(40):
        found = least_squares(
            lambda x, w=weights: (predictions(x) - measured) * w, start, x_scale=np.maximum(np.abs(start), 1e-9),
            bounds=([low[p] for p in free], [high[p] for p in free]), xtol=1e-15, ftol=1e-15, gtol=1e-15,
        )  # fmt: skip
        if np.allclose(found.x, start, rtol=1e-12, atol=0):
            break
        start, weights = found.x, 1 / predictions(found.x)
    return {p: 1 / v if p in turned else v for p, v in zip(free, found.x.tolist(), strict=True)}


def left_out_ms(rows, constants, free, profile="full"):
    """Each row predicted by a fit without the rows of its point, one after the other."""
    found = []
    for row in rows:
        others = [each for each in rows if each.point != row.point]
        found.append(row_ms(row, {**constants, **fit(others, constants, free, profile)}, profile))
    return found
