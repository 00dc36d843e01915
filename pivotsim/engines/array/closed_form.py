"""Engine `analytic`: the GEMMs of a trace in closed form, stall-free, with masks or without."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.array.masked import cycles_of_copies
from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.engines.array.one_gemm import check_no_overflow, surely_fits
from pivotsim.hardware.array import ArraySpec
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.ops import Trace


def cycles_per_gemm(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None] = ()
) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), for (G, 4) rows of m, k, n, repeats.

    Repeat i of a GEMM with a mask uses copy i % count; a mask never adds clocks.
    """
    rows = [tuple(row) for row in gemms.tolist()]
    return _cycles(rows, Counter(rows), array, masks)


def cycles_of_trace(trace: Trace, array: ArraySpec) -> IntArray:
    """Return the clocks of each GEMM of a trace with its repeats, int64 (G,)."""
    return _cycles(trace.gemm_rows, trace.distinct_gemm_rows, array, trace.gemm_masks)


def _cycles(
    rows: Sequence[Any],
    counts: Mapping[Any, int],
    array: ArraySpec | Mapping[str, Any],
    masks: Sequence[Mask | None],
) -> IntArray:
    """Return the clocks of rows that begin with m, k, n, repeats; ``counts`` says how often each stands among them.

    Each is computed once, as plain Python: a handful of integer operations, for which loading machine code would take a
    thousand times as long.
    """
    design = design_of(array)
    clocks = {row: row[3] * design_cycles(row, design) for row in counts}  # of a Gemm it reads m, k and n
    if not surely_fits(sum(map(mul, clocks.values(), counts.values())), design):
        check_no_overflow(((*row[:3], row[3] * count) for row, count in counts.items()), design)
    per_gemm = np.array([clocks[row] for row in rows], dtype=np.int64)
    for i, mask in enumerate(masks):
        if mask is not None:
            m, k, n, repeats = rows[i][:4]
            copies = copies_run(check_mask(mask, m, k, n), repeats)
            of_copies = cycles_of_copies(m, k, n, mask, dataflow_of(array), design, len(copies)).tolist()
            per_gemm[i] = sum(times * of_copies[copy] for copy, times in copies.items())
    return per_gemm
