"""Machines with one systolic array: clocks of an engine of this project, and what the fitted constants multiply."""

from collections.abc import Sequence

import numpy as np

from pivotsim.engines.array.one_gemm import gemm_folds
from pivotsim.engines.base import HW, PAPER
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.spec import Hardware
from pivotsim.hardware.systolic import as_systolic
from pivotsim.truth.measured import Measured
from pivotsim.units import FloatArray
from pivotsim.workload.ops import Op, Trace

FEATHER_CHANNELS = 8  # fitted: the first layer of network 1, of 3 channels, takes the time of 8 (of 16 far more)
ATTENTION = [(197, 64, 197)] * 3 + [(197, 197, 64)] * 3  # of DeiT-T: QK^T and SV of three heads


def clocks(rows: Sequence[Measured], hw: Hardware, engine: str = "analytic", memory: str = PAPER) -> FloatArray:
    """Return the clocks of each product by itself, float64 (N,)."""
    bits = hw.operand_bits
    trace = Trace(tuple(Op(1, "fc1", "gemm", r.m, r.k, r.n, a_bits=bits, w_bits=bits, out_bits=bits) for r in rows))
    board = hw if memory == HW else hw.without_memory_limits()
    return ENGINES[engine].run(trace, board, memory).cycles.astype(np.float64)


def one(rows: Sequence[Measured]) -> FloatArray:
    """Return what an offset is multiplied by, float64 (N,)."""
    return np.ones(len(rows))


def microseconds(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the array's time without limits, float64 (N,), us."""
    return clocks(rows, hw) / hw.clock_mhz


def convolution_microseconds(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the time of 3x3 convolutions whose input channels are padded to ``FEATHER_CHANNELS``, float64 (N,), us."""
    step = 9 * FEATHER_CHANNELS
    return microseconds([row._replace(k=-(-row.k // step) * step) for row in rows], hw)


def half_clocks(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return clocks of a counter at half the array's clock, float64 (N,)."""
    return clocks(rows, hw) / 2


def memory_clocks(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the clocks of the array behind its memories, float64 (N,)."""
    return clocks(rows, hw, "memory", HW)


def weights(rows: Sequence[Measured]) -> FloatArray:
    """Return the weights of each product, float64 (N,)."""
    return np.array([row.k * row.n for row in rows], dtype=np.float64)


def driver_calls(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return tiles of weights and tiles of the result, which a driver handles one by one, float64 (N, 2)."""
    array = as_systolic(hw, "machine").array
    counts = []
    for row in rows:
        products = [(row.m, row.k, row.n)] if row.m else ATTENTION
        tiles = sum(gemm_folds(*sizes, array.rows, array.cols, array.dataflow) for sizes in products)
        counts.append((tiles, sum(-(-n // array.cols) for _, _, n in products)))
    return np.array(counts, dtype=np.float64)
