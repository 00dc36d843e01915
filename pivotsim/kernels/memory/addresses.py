"""Addresses of units in DRAM, for a channel that issues commands (tests/oracles/memory/rules.md, 10).

Weights are packed in the order in which they are fetched first. Inputs and outputs are matrices, row by row, rows
PITCH bytes apart or a multiple of it. Operands follow each other: inputs, weights, outputs, bias. Elements narrower
than a byte share bytes; what moves is every byte that an element of a run lies in.
"""

from typing import NamedTuple

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.tiles import Parts, ceil_div, is_weight, packed
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
def run_at(base: int, before: int, elements: int, bits: int, runs: int, pitch: int) -> Place:
    """Return the place of runs of elements with so many elements ``before`` the first run, from ``base`` on."""
    first = before * bits >> 3
    return Place(base + first, packed(before + elements, bits) - first, runs, pitch)


@inlined
def weights_start(gemm: Gemm, limits: Limits) -> int:
    """Return the address of the weights; inputs start at 0."""
    return ceil_div(gemm.m * pitch_of(packed(gemm.k, limits.input_bits)), ALIGNMENT) * ALIGNMENT


@inlined
def outputs_start(gemm: Gemm, limits: Limits) -> int:
    """Return the address of the outputs."""
    weights = packed(gemm.k * gemm.n, limits.weight_bits)
    return weights_start(gemm, limits) + ceil_div(weights, ALIGNMENT) * ALIGNMENT


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
    return by_dimension(i * parts.rows, j * parts.cols, t * parts.chunk, design)


@inlined
def used_of(i: int, j: int, t: int, design: Design, parts: Parts) -> Gemm:
    """Return how many indices of M, K and N pass (i, j, t) uses."""
    return by_dimension(
        parts.last_rows if i == parts.nr - 1 else parts.rows,
        parts.last_cols if j == parts.nc - 1 else parts.cols,
        parts.last_steps if t == parts.nt - 1 else parts.chunk,
        design,
    )


@inlined
def unit_place(
    slot: int, i: int, j: int, t: int, gemm: Gemm, design: Design, limits: Limits, parts: Parts
) -> Place:  # fmt: skip
    """Return the place of a slot's unit: row tile i, column tile j, chunk t."""
    first, used = first_of(i, j, t, design, parts), used_of(i, j, t, design, parts)
    if is_weight(slot, design):  # packed: by tile or chunk of N, then by that of K
        before = first.n * gemm.k + first.k * used.n
        return run_at(weights_start(gemm, limits), before, used.k * used.n, limits.weight_bits, 1, PITCH)
    pitch = pitch_of(packed(gemm.k, limits.input_bits))
    return run_at(first.m * pitch, first.k, used.k, limits.input_bits, used.m, pitch)


@inlined
def unit_rows(slot: int, i: int, j: int, t: int, design: Design, limits: Limits, parts: Parts) -> Place:
    """Return the rows of a slot's unit, wherever they lie: each a run of its own."""
    used = used_of(i, j, t, design, parts)
    if is_weight(slot, design):
        return Place(0, packed(used.n, limits.weight_bits), used.k, 0)
    return Place(0, packed(used.k, limits.input_bits), used.m, 0)


@inlined
def region_rows(i: int, j: int, t: int, design: Design, limits: Limits, parts: Parts) -> Place:
    """Return the rows of the outputs that drain together, wherever they lie."""
    used = used_of(i, j, t, design, parts)
    return Place(0, packed(used.n, limits.out_bits), used.m, 0)


@inlined
def region_place(i: int, j: int, t: int, gemm: Gemm, design: Design, limits: Limits, parts: Parts) -> Place:
    """Return the place of the outputs that drain together."""
    first, used = first_of(i, j, t, design, parts), used_of(i, j, t, design, parts)
    pitch = pitch_of(packed(gemm.n, limits.out_bits))
    return run_at(outputs_start(gemm, limits) + first.m * pitch, first.n, used.n, limits.out_bits, used.m, pitch)


@inlined
def bias_place(gemm: Gemm, limits: Limits) -> Place:
    """Return the place of the bias."""
    outputs, size = outputs_start(gemm, limits), limits.sum_bytes * gemm.n
    start = outputs + ceil_div(gemm.m * pitch_of(packed(gemm.n, limits.out_bits)), ALIGNMENT) * ALIGNMENT
    return Place(start, size, 1, size)
