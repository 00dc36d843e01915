"""All registers of all PEs in 64 bits, for comparison with RTL clock by clock (part of kernels/pe/clock.py)."""

from typing import Any

import numpy as np

from pivotsim.kernels._jit import part
from pivotsim.kernels.pe.sequencer import (
    AT,
    EXTENT_SHIFT,
    FIELD,
    FIRST,
    LAST,
    P_AT,
    P_TAG,
    RESULTS_SHIFT,
    SLOT,
    TOKEN,
    WIDTH_SHIFT,
    X_AT,
    X_TAG,
    Y_AT,
    Y_LAST,
    Config,
    Ints,
)  # fmt: skip


@part
def _mix(state: Any, value: Any) -> Any:
    z = (state ^ value) * np.uint64(0xD1B54A32D192ED03)
    return z ^ (z >> np.uint64(32))


@part
def _bits32(value: Any) -> Any:
    return np.uint64(np.uint32(value))


@part
def _bits8(value: Any) -> Any:
    return np.uint64(np.uint8(value))


@part
def digest_of(
    config: Config, state: Ints, lines: Ints, x: Any, y: Any, s: Any, b: Any, p: Any, a: Any, h: Any, products: Any
) -> Any:
    """Return a hash of every PE's registers after this clock; the place of a register counts.

    The function itself is arbitrary; it is the same as in the Verilog, where it reads the real registers.
    """
    rows, cols, mreg, at = config.rows, config.cols, config.mac_registers, state[AT]
    x_at, y_at, p_at = state[X_AT], state[Y_AT], state[P_AT]
    total = np.uint64(0)
    for r in range(rows):
        for c in range(cols):
            i, across = r * cols + c, c >> (config.packing - 1)
            word = (_bits32(p[p_at + i]) << np.uint64(32)) | _bits32(a[i])
            z = _mix(np.uint64(1), word)
            word = (_bits32(h[i]) << np.uint64(32)) | (_bits8(x[x_at + i]) << np.uint64(24))
            word |= (_bits8(y[y_at + i]) << np.uint64(16)) | (_bits8(s[i]) << np.uint64(8)) | _bits8(b[i])
            z = _mix(z, word)
            z = _mix(z, _tags(config, lines, at, r, c, across))
            word = np.uint64(0)
            if mreg > 0:  # the register before the adder, after SLOT has moved on to it
                product = np.uint64(np.uint16(products[state[SLOT], i]))
                tag = lines[X_TAG, at + r + across + mreg - 1]
                word = (_x_bits(tag, r) << np.uint64(16)) | product
            z = _mix(z, word)
            z = (z + np.uint64(i)) * np.uint64(0x9E3779B97F4A7C15)
            total += z ^ (z >> np.uint64(29))
    return total


@part
def _x_bits(tag: int, r: int) -> Any:
    """First and last, where the fold reaches the row."""
    if r >= (tag >> EXTENT_SHIFT) & FIELD:
        return np.uint64(0)
    return np.uint64((2 if tag & FIRST else 0) | (1 if tag & LAST else 0))


@part
def _tags(config: Config, lines: Ints, at: int, r: int, c: int, across: int) -> Any:
    """The one-bit registers of PE (r, c): x first and last, y last, both halves of the token, the tag of the sum."""
    token_at = at + 2 * r + across + (config.mac_registers if config.drains != 0 else 0)
    # a token that met the last value of its train in this row is gone
    half = r < lines[TOKEN, token_at] - 1
    whole = r < lines[TOKEN, token_at + 1] - 1
    tag = lines[P_TAG, at + r + across + config.mac_registers]
    last = (tag & LAST) != 0
    end = last and c == ((tag >> WIDTH_SHIFT) & FIELD) - 1
    result = c < (tag >> RESULTS_SHIFT) & FIELD
    word = _x_bits(lines[X_TAG, at + r + across], r) << np.uint64(8)
    word |= np.uint64(lines[Y_LAST, at + r + across]) << np.uint64(7)
    word |= (np.uint64(half) << np.uint64(6)) | (np.uint64(whole) << np.uint64(5))
    word |= (np.uint64(end) << np.uint64(4)) | (np.uint64(last) << np.uint64(3)) | (np.uint64(result) << np.uint64(2))
    return word
