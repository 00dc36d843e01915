"""Clocks that the array waits for its driver: whole clocks per call, added to the multiplication's own.

    clocks = repeats * (folds * c(fold_us) + result tiles * c(result_tile_us) + c(gemm_us)),  c(us) = ceil(us * MHz)

A fold is one tile of the held operand; a tile of the result is the columns that the array holds, and for os, where
rows are those of the result too, a fold. Nothing of a call overlaps what the array does; chunks of a fold are no calls.
"""

import math
from fractions import Fraction

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.ops import Trace


def call_counts(m: int, k: int, n: int, rows: int, cols: int, dataflow: str) -> tuple[int, int, int]:
    """Return (folds, tiles of the result, 1) of one multiplication.

    >>> call_counts(197, 192, 576, 12, 16, "ws")
    (576, 36, 1)
    """
    row_size, col_size, _ = DATAFLOW[dataflow].sizes(m, k, n)
    row_tiles, col_tiles = -(-row_size // rows), -(-col_size // cols)
    return row_tiles * col_tiles, row_tiles * col_tiles if DATAFLOW[dataflow].drains else col_tiles, 1


def call_cycles(trace: Trace, hw: SystolicHardware) -> IntArray:
    """Return the clocks that each GEMM of a trace, with its repeats, waits for the driver, int64 (G,).

    Raises
    ------
    InputError
        A GEMM has a mask, there are several arrays, or the clocks exceed int64.
    """
    gemms, calls, array = trace.gemms.tolist(), hw.calls, hw.array
    if not any(calls.paths()):
        return np.zeros(len(gemms), dtype=np.int64)
    if any(mask is not None for mask in trace.gemm_masks):
        raise InputError(f"calls: are counted for dense matrices only {got('a mask')}")
    if array.count > 1:
        raise InputError(f"calls: are counted for one array only {got(f'array.count {array.count}')}")
    mhz = Fraction(str(array.clock_mhz))
    each = [math.ceil(Fraction(str(us)) * mhz) for us in (calls.fold_us, calls.result_tile_us, calls.gemm_us)]
    clocks = []
    for m, k, n, repeats in gemms:
        counts = call_counts(m, k, n, array.rows, array.cols, array.dataflow)
        clocks.append(repeats * sum(count * cost for count, cost in zip(counts, each, strict=True)))
    if sum(clocks) > INT64_MAX:
        raise InputError(f"calls: the clocks of all calls exceed int64 {got(sum(clocks))}")
    return np.array(clocks, dtype=np.int64)


def with_calls(cycles: IntArray, trace: Trace, hw: SystolicHardware) -> IntArray:
    """Return the clocks of each GEMM with its calls, or raise InputError where they exceed int64."""
    if not any(hw.calls.paths()):
        return cycles
    waits = call_cycles(trace, hw)
    if waits.any() and sum(cycles.tolist()) + sum(waits.tolist()) > INT64_MAX:
        raise InputError("gemm: sizes too large, the cycles would exceed int64 with their calls")
    return cycles + waits


def calls_note(trace: Trace, hw: SystolicHardware) -> tuple[str, ...]:
    """Return how much of the array's clocks are calls, where there are any."""
    paths = [path.partition(".")[2] for path in hw.calls.paths()]
    if not paths:
        return ()
    waits = sum(call_cycles(trace, hw).tolist())
    whose = "each image's array clocks" if hw.ps_pl_overlap == "images" else "the array's clocks"
    return (
        f"calls ({', '.join(paths)}): {waits:,} of {whose} are waits for its driver; they are in the delay and in no"
        " stall",
    )
