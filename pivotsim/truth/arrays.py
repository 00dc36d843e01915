"""Machines with one systolic array: clocks of an engine of this project, and what the fitted constants multiply."""

from collections.abc import Sequence

import numpy as np

from pivotsim.engines.base import HW, PAPER
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.kinds.systolic import as_systolic
from pivotsim.hardware.spec import Hardware
from pivotsim.truth.measured import Measured
from pivotsim.units import FloatArray
from pivotsim.workload.ops import Op, Trace

FEATHER_CHANNELS = 8  # fitted: the first layer of network 1, of 3 channels, takes the time of 8 (of 16 far more)
ATTENTION = [(197, 64, 197)] * 3 + [(197, 197, 64)] * 3  # of DeiT-T: QK^T and SV of three heads


def clocks(rows: Sequence[Measured], hw: Hardware, engine: str = "analytic", memory: str = PAPER) -> FloatArray:
    """Return the clocks of each product by itself, with calls of a driver if the board has any, float64 (N,)."""
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


def clocks_of_the_memories(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the clocks of a counter that runs with the memories, float64 (N,)."""
    return clocks(rows, hw, "memory", HW) / as_systolic(hw, "machine").memories.clock_divisor


def memory_clocks(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the clocks of the array behind its memories, float64 (N,)."""
    return clocks(rows, hw, "memory", HW)


def weights(rows: Sequence[Measured]) -> FloatArray:
    """Return the weights of each product, float64 (N,)."""
    return np.array([row.k * row.n for row in rows], dtype=np.float64)


def seconds_with_calls(rows: Sequence[Measured], hw: Hardware) -> FloatArray:
    """Return the time of each product with the calls of its driver, float64 (N,), s; of an attention, of its heads."""
    products = [[(row.m, row.k, row.n)] if row.m else ATTENTION for row in rows]
    heads = [row._replace(m=m, k=k, n=n) for row, each in zip(rows, products, strict=True) for m, k, n in each]
    ends = np.cumsum([len(each) for each in products])
    return np.add.reduceat(clocks(heads, hw), [0, *ends[:-1]]) / (hw.clock_mhz * 1e6)
