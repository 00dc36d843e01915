"""Walks of tags and tokens: the few PEs that they visit in a clock (part of kernels/pe/clock.py).

A tag sent d clocks ago is in every PE with r + c = d, a token in every PE with 2r + c = d, where c counts slices if
columns share them (is, ws). With product registers a sum
is that many clocks behind. Each walk begins with what was sent last and follows the gaps to what was sent before it.
"""

from pivotsim.kernels._jit import part
from pivotsim.kernels.pe.sequencer import (
    CLOCK,
    EXTENT_SHIFT,
    FIELD,
    FIRST_GAP,
    FIRST_SENT,
    LAST_GAP,
    LAST_SENT,
    MOVE,
    TOKEN,
    TOKEN_GAP,
    TOKEN_SENT,
    X_TAG,
    Y_FROM,
    Bytes,
    Config,
    Ints,
    Words,
)  # fmt: skip
from pivotsim.kernels.slices import slices_across


@part
def put_sums(config: Config, state: Ints, lines: Ints, at: int, p: Words, p_at: int, finished: Words) -> None:
    """Let each row that a token reaches put its sum on the way down (os)."""
    cols, lag = config.width, config.mac_registers + config.first
    ago = state[CLOCK] - state[TOKEN_SENT]
    while ago - lag < cols + 2 * config.rows - 2:
        d = ago - lag
        for r in range(max(0, (d - cols + 2) // 2), min(lines[TOKEN, at + ago], (d + 2) // 2)):
            i = r * cols + d - 2 * r
            p[p_at + i] = finished[i]
        ago += lines[TOKEN_GAP, at + ago]


@part
def take_operands(config: Config, state: Ints, lines: Ints, at: int, y: Bytes, y_at: int, held: Bytes) -> None:
    """Let each row that a token reaches take the operand that passes (is, ws)."""
    cols, packing = config.width, config.packing
    lag, across = config.first // packing, slices_across(cols, packing)
    ago = state[CLOCK] - state[TOKEN_SENT]
    while ago - lag < across + 2 * config.rows - 2:
        d = ago - lag
        for r in range(max(0, (d - across + 2) // 2), min(lines[TOKEN, at + ago], (d + 2) // 2)):
            first = (d - 2 * r) * packing
            for i in range(r * cols + first, r * cols + min(first + packing, cols)):
                held[i] = y[y_at + i]
        ago += lines[TOKEN_GAP, at + ago]


@part
def move_seconds(config: Config, lines: Ints, at: int, y_source: Bytes, b: Bytes) -> None:
    """Move the second registers of each column that a load moves on by a row, and let its operand in (is, ws)."""
    cols, first = config.width, config.first
    for c in range(cols):
        here = at + ((first + c) >> (config.packing - 1))
        if lines[MOVE, here] != 0:
            for r in range(config.rows - 1, 0, -1):
                b[r * cols + c] = b[(r - 1) * cols + c]
            b[c] = y_source[lines[Y_FROM, here] + first + c]


@part
def take_doubles(config: Config, state: Ints, lines: Ints, at: int, s: Bytes, b: Bytes) -> None:
    """Let the loaded operand become the held one with the first streamed operand (is, ws)."""
    cols, packing = config.width, config.packing
    lag, across = config.first // packing, slices_across(cols, packing)
    ago = state[CLOCK] - state[FIRST_SENT]
    while ago - lag < across + config.rows - 1:
        d = ago - lag
        extent = (lines[X_TAG, at + ago] >> EXTENT_SHIFT) & FIELD
        for r in range(max(0, d - across + 1), min(extent, d + 1)):
            first = (d - r) * packing
            for i in range(r * cols + first, r * cols + min(first + packing, cols)):
                s[i] = b[i]
        ago += lines[FIRST_GAP, at + ago]


@part
def clear_sums(config: Config, state: Ints, lines: Ints, at: int, a: Words) -> None:
    """Let a sum begin again with the first product (os)."""
    cols, lag = config.width, config.mac_registers + config.first
    ago = state[CLOCK] - state[FIRST_SENT]
    while ago - lag < cols + config.rows - 1:
        d = ago - lag
        extent = (lines[X_TAG, at + ago] >> EXTENT_SHIFT) & FIELD
        for r in range(max(0, d - cols + 1), min(extent, d + 1)):
            a[r * cols + d - r] = 0
        ago += lines[FIRST_GAP, at + ago]


@part
def keep_sums(config: Config, state: Ints, lines: Ints, at: int, a: Words, h: Words) -> None:
    """Keep a sum with its last product, so that the next one may begin (os)."""
    cols, lag = config.width, config.mac_registers + config.first
    ago = state[CLOCK] - state[LAST_SENT]
    while ago - lag < cols + config.rows - 1:
        d = ago - lag
        extent = (lines[X_TAG, at + ago] >> EXTENT_SHIFT) & FIELD
        for r in range(max(0, d - cols + 1), min(extent, d + 1)):
            h[r * cols + d - r] = a[r * cols + d - r]
        ago += lines[LAST_GAP, at + ago]
