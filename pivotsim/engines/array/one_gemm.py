"""One GEMM in closed form, in Python's integers, which never wrap (API twin of kernels/array/closed_form.py)."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pivotsim.engines.array.designs import design_of
from pivotsim.errors import InputError, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.types import Design, Gemm
from pivotsim.units import INT64_MAX

CLOSED_FORM = "analytic"  # the engine whose clocks these are


def is_closed_form(engine: str) -> bool:
    """Whether an engine's clocks are those of this module, so that one GEMM needs neither numpy nor the registry."""
    return engine == CLOSED_FORM


def check_no_overflow(gemms: Iterable[Iterable[int]], design: Design) -> None:
    """Raise InputError where the cycles of (m, k, n, repeats) rows on one design could exceed int64.

    Every form of the timing contract is at most folds * (2R + C + T + mac_latency), which is the padded count
    without overlap to within 2 clocks per fold; Python's integers never wrap.
    """
    total = 0
    for *sizes, repeats in gemms:
        row_size, col_size, t = sizes[design.rows_dim], sizes[design.cols_dim], sizes[design.stream_dim]
        folds = -(-row_size // design.rows) * -(-col_size // design.cols)
        total += repeats * folds * (2 * design.rows + design.cols + t + design.mac_latency)
    if total > INT64_MAX:
        size = f"about 2**{math.log2(total):.1f}"
        raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(size)}")


def surely_fits(cycles: int, design: Design) -> bool:
    """Whether GEMMs of so many cycles on one design are so small that ``check_no_overflow`` need not be asked.

    A fold takes a clock at least for each of its T streamed indices, and 2R + C + T + mac_latency is at most T times
    what it is for T = 1.
    """
    return cycles * (2 * design.rows + design.cols + 1 + design.mac_latency) <= INT64_MAX


def gemm_folds(m: int, k: int, n: int, rows: int, cols: int, dataflow: str) -> int:
    """Return the number of folds: ceil(rows held / R) * ceil(columns held / C)."""
    row_size, col_size, _ = DATAFLOW[dataflow].sizes(m, k, n)
    return -(-row_size // rows) * -(-col_size // cols)


def gemm_cycles(m: int, k: int, n: int, array: ArraySpec | Mapping[str, Any]) -> int:
    """Return the clocks of one GEMM, as plain Python: a handful of integer operations.

    Raises
    ------
    InputError
        A value of the array is out of bounds, or the clocks could exceed int64.
    """
    design = design_of(array)
    check_no_overflow(((m, k, n, 1),), design)
    return design_cycles(Gemm(m, k, n), design)
