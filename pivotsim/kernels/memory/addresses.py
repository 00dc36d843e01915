"""Addresses of units in DRAM, for a channel that issues commands (tests/oracles/memory/rules.md, 10).

Weights are packed in the order in which they are fetched first. Inputs and outputs are matrices, row by row, rows
PITCH bytes apart or a multiple of it. Operands follow each other: inputs, weights, outputs, bias.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.tiles import BIAS_BYTES, Parts, ceil_div, is_weight
from pivotsim.kernels.types import Design, Gemm, Limits

PITCH = 64
ALIGNMENT = 4096  # of each operand's start


class Place(NamedTuple):
    """Runs of bytes in DRAM: the first one's address, the bytes of each, their number, and their distance."""

    address: int
    run_bytes: int
    runs: int
    pitch: int


@inlined
def pitch_of(row_bytes: int) -> int:
    """Return the distance of a matrix's rows."""
    return ceil_div(row_bytes, PITCH) * PITCH


@inlined
def weights_start(gemm: Gemm) -> int:
    """Return the address of the weights; inputs start at 0."""
    return ceil_div(gemm.m * pitch_of(gemm.k), ALIGNMENT) * ALIGNMENT


@inlined
def outputs_start(gemm: Gemm) -> int:
    """Return the address of the outputs."""
    return weights_start(gemm) + ceil_div(gemm.k * gemm.n, ALIGNMENT) * ALIGNMENT


@inlined
def by_dimension(of_rows: int, of_cols: int, of_stream: int, design: Design) -> Gemm:
    """Return what holds for M, K and N, from what holds for the array's rows, its columns and its stream."""
    m = of_rows if design.rows_dim == 0 else of_cols if design.cols_dim == 0 else of_stream
    k = of_rows if design.rows_dim == 1 else of_cols if design.cols_dim == 1 else of_stream
    n = of_rows if design.rows_dim == 2 else of_cols if design.cols_dim == 2 else of_stream
    return Gemm(m, k, n)


@inlined
def first_of(i: int, j: int, t: int, design: Design, parts: Parts) -> Gemm:
    """Return the first index of M, K and N in pass (i, j, t)."""
    return by_dimension(i * design.rows, j * design.cols, t * parts.chunk, design)


@inlined
def used_of(i: int, j: int, t: int, design: Design, parts: Parts) -> Gemm:
    """Return how many indices of M, K and N pass (i, j, t) uses."""
    return by_dimension(
        parts.last_rows if i == parts.nr - 1 else design.rows,
        parts.last_cols if j == parts.nc - 1 else design.cols,
        parts.last_steps if t == parts.nt - 1 else parts.chunk,
        design,
    )


@inlined
def unit_place(slot: int, i: int, j: int, t: int, gemm: Gemm, design: Design, parts: Parts, size: int) -> Place:
    """Return the place of a slot's unit: row tile i, column tile j, chunk t."""
    first, used = first_of(i, j, t, design, parts), used_of(i, j, t, design, parts)
    if is_weight(slot, design):  # packed: by tile or chunk of N, then by that of K
        return Place(weights_start(gemm) + first.n * gemm.k + first.k * used.n, size, 1, size)
    pitch = pitch_of(gemm.k)
    return Place(first.m * pitch + first.k, used.k, used.m, pitch)


@inlined
def region_place(i: int, j: int, t: int, gemm: Gemm, design: Design, limits: Limits, parts: Parts) -> Place:
    """Return the place of the outputs that drain together."""
    first, used, width = first_of(i, j, t, design, parts), used_of(i, j, t, design, parts), limits.out_bytes
    pitch = pitch_of(gemm.n * width)
    return Place(outputs_start(gemm) + first.m * pitch + first.n * width, used.n * width, used.m, pitch)


@inlined
def bias_place(gemm: Gemm, limits: Limits) -> Place:
    """Return the place of the bias."""
    outputs, size = outputs_start(gemm), BIAS_BYTES * gemm.n
    start = outputs + ceil_div(gemm.m * pitch_of(gemm.n * limits.out_bytes), ALIGNMENT) * ALIGNMENT
    return Place(start, size, 1, size)
