"""Walks of tags and tokens: the few PEs that they visit in a clock (part of kernels/pe/clock.py).

A tag sent d clocks ago is in every PE with r + c = d, a token in every PE with 2r + c = d.
"""

from pivotsim.kernels._jit import part
from pivotsim.kernels.pe.sequencer import (
    EXTENT_SHIFT,
    FIELD,
    FIRST,
    LAST,
    MOVE,
    TOKEN,
    X_TAG,
    Y_FROM,
    Bytes,
    Config,
    Ints,
    Words,
)  # fmt: skip


@part
def put_sums(config: Config, lines: Ints, at: int, p: Words, p_at: int, finished: Words) -> None:
    """Let each row that a token reaches put its sum on the way down (os)."""
    cols = config.cols
    for d in range(cols + 2 * config.rows - 2):
        extent = lines[TOKEN, at + d + config.mac_registers]
        for r in range(max(0, (d - cols + 2) // 2), min(extent, d // 2 + 1)):
            i = r * cols + d - 2 * r
            p[p_at + i] = finished[i]


@part
def take_operands(config: Config, lines: Ints, at: int, y: Bytes, y_at: int, held: Bytes) -> None:
    """Let each row that a token reaches take the operand that passes (is, ws)."""
    cols = config.cols
    for d in range(cols + 2 * config.rows - 2):
        extent = lines[TOKEN, at + d]
        for r in range(max(0, (d - cols + 2) // 2), min(extent, d // 2 + 1)):
            i = r * cols + d - 2 * r
            held[i] = y[y_at + i]


@part
def move_seconds(config: Config, lines: Ints, at: int, y_source: Bytes, b: Bytes) -> None:
    """Move the second registers of each column that a load moves on by a row, and let its operand in (is, ws)."""
    cols = config.cols
    for c in range(cols):
        if lines[MOVE, at + c] != 0:
            for r in range(config.rows - 1, 0, -1):
                b[r * cols + c] = b[(r - 1) * cols + c]
            b[c] = y_source[lines[Y_FROM, at + c] + c]


@part
def take_doubles(config: Config, lines: Ints, at: int, s: Bytes, b: Bytes) -> None:
    """Let the loaded operand become the held one with the first streamed operand (is, ws)."""
    cols = config.cols
    for d in range(cols + config.rows - 1):
        tag = lines[X_TAG, at + d]
        if tag & FIRST:
            for r in range(max(0, d - cols + 1), min((tag >> EXTENT_SHIFT) & FIELD, d + 1)):
                s[r * cols + d - r] = b[r * cols + d - r]


@part
def clear_sums(config: Config, lines: Ints, at: int, a: Words) -> None:
    """Let a sum begin again with the first product (os)."""
    cols = config.cols
    for d in range(cols + config.rows - 1):
        tag = lines[X_TAG, at + d + config.mac_registers]
        if tag & FIRST:
            for r in range(max(0, d - cols + 1), min((tag >> EXTENT_SHIFT) & FIELD, d + 1)):
                a[r * cols + d - r] = 0


@part
def keep_sums(config: Config, lines: Ints, at: int, a: Words, h: Words) -> None:
    """Keep a sum with its last product, so that the next one may begin (os)."""
    cols = config.cols
    for d in range(cols + config.rows - 1):
        tag = lines[X_TAG, at + d + config.mac_registers]
        if tag & LAST:
            for r in range(max(0, d - cols + 1), min((tag >> EXTENT_SHIFT) & FIELD, d + 1)):
                h[r * cols + d - r] = a[r * cols + d - r]
