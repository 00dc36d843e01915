"""Where units lie in DRAM: addresses for a channel that issues commands (tests/oracles/memory/rules.md, 10).

Weights are packed in the order in which they are fetched first. Inputs and outputs are matrices, row by row, rows
PITCH bytes apart or a multiple of it. Operands follow each other: inputs, weights, outputs, bias.

A place is (address, bytes of a run, number of runs, distance of runs).
"""

from typing import TypeAlias

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.array.closed_form import IS, OS, WS
from pivotsim.kernels.memory.tiles import BIAS_BYTES, OUT_BYTES, Ints, ceil_div

Place: TypeAlias = tuple[int, int, int, int]
PITCH = 64
ALIGNMENT = 4096  # of each operand's start


@inlined
def pitch_of(row_bytes: int) -> int:
    """Return the distance of a matrix's rows."""
    return ceil_div(row_bytes, PITCH) * PITCH


@inlined
def starts(gemm: Ints, limits: Ints) -> tuple[int, int, int, int]:
    """Return the addresses of weights, outputs and bias, and the end of it all; inputs start at 0."""
    m, k, n = gemm[0], gemm[1], gemm[2]
    weights = ceil_div(m * pitch_of(k), ALIGNMENT) * ALIGNMENT
    outputs = weights + ceil_div(k * n, ALIGNMENT) * ALIGNMENT
    bias = outputs + ceil_div(m * pitch_of(n * limits[OUT_BYTES]), ALIGNMENT) * ALIGNMENT
    return weights, outputs, bias, bias + BIAS_BYTES * n


@inlined
def unit_place(
    slot: int, i: int, j: int, t: int, gemm: Ints, design: Ints, limits: Ints, chunk: int, parts: Ints, size: int
) -> Place:
    """Return the place of a slot's unit: row tile i, column tile j, chunk t."""
    rows, cols, dataflow = design[0], design[1], design[2]
    row_size = gemm[0] if dataflow == OS else gemm[1]
    used_rows = parts[3] if i == parts[0] - 1 else rows
    used_cols = parts[4] if j == parts[1] - 1 else cols
    steps = parts[5] if t == parts[2] - 1 else chunk
    if (slot == 0) == (dataflow == WS):  # a weight unit, packed
        if dataflow == IS:  # stream (i, t): chunk by chunk, then row tile by row tile
            before = t * chunk * row_size + i * rows * steps
        elif dataflow == WS:  # tile (i, j): column tile by column tile
            before = j * cols * row_size + i * rows * used_cols
        else:  # (j, t): column tile by column tile, then chunk by chunk
            before = j * cols * gemm[1] + t * chunk * used_cols
        return starts(gemm, limits)[0] + before, size, 1, size
    pitch = pitch_of(gemm[1])
    if dataflow == IS:  # tile (i, j): rows hold K, columns hold M
        return j * cols * pitch + i * rows, used_rows, used_cols, pitch
    if dataflow == WS:  # stream (i, t): rows hold K, M streams
        return t * chunk * pitch + i * rows, used_rows, steps, pitch
    return i * rows * pitch + t * chunk, steps, used_rows, pitch  # (i, t): rows hold M, K streams


@inlined
def region_place(i: int, j: int, t: int, gemm: Ints, design: Ints, limits: Ints, chunk: int, parts: Ints) -> Place:
    """Return the place of the outputs that drain together."""
    rows, cols, dataflow, width = design[0], design[1], design[2], limits[OUT_BYTES]
    used_cols = parts[4] if j == parts[1] - 1 else cols
    steps = parts[5] if t == parts[2] - 1 else chunk
    base, pitch = starts(gemm, limits)[1], pitch_of(gemm[2] * width)
    if dataflow == IS:  # columns hold M, N streams
        return base + j * cols * pitch + t * chunk * width, steps * width, used_cols, pitch
    if dataflow == WS:  # columns hold N, M streams
        return base + t * chunk * pitch + j * cols * width, used_cols * width, steps, pitch
    used_rows = parts[3] if i == parts[0] - 1 else rows
    return base + i * rows * pitch + j * cols * width, used_cols * width, used_rows, pitch


@inlined
def bias_place(gemm: Ints, limits: Ints) -> Place:
    """Return the place of the bias."""
    size = BIAS_BYTES * gemm[2]
    return starts(gemm, limits)[2], size, 1, size
