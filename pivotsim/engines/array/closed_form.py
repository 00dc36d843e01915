"""Engine `analytic`: the GEMMs of a trace in closed form, stall-free, with masks or without."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.array.masked import cycles_of_copies
from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.engines.array.one_gemm import check_no_overflow
from pivotsim.hardware.array import ArraySpec
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.types import Gemm
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, copies_run


def cycles_per_gemm(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None] = ()
) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), for (G, 4) rows of m, k, n, repeats.

    Repeat i of a GEMM with a mask uses copy i % count; a mask never adds clocks. Each size is computed once, as plain
    Python: a handful of integer operations, for which loading machine code would take a thousand times as long.
    """
    design, rows = design_of(array), gemms.tolist()
    counts: dict[tuple[int, int, int], int] = {}
    for m, k, n, repeats in rows:
        counts[m, k, n] = counts.get((m, k, n), 0) + repeats
    check_no_overflow(((*size, count) for size, count in counts.items()), design)
    once = {size: design_cycles(Gemm(*size), design) for size in counts}
    per_gemm = np.array([repeats * once[m, k, n] for m, k, n, repeats in rows], dtype=np.int64)
    for i, mask in enumerate(masks):
        if mask is not None:
            m, k, n, repeats = gemms[i].tolist()
            copies = copies_run(check_mask(mask, m, k, n), repeats)
            clocks = cycles_of_copies(m, k, n, mask, dataflow_of(array), design, len(copies)).tolist()
            per_gemm[i] = sum(times * clocks[copy] for copy, times in copies.items())
    return per_gemm
