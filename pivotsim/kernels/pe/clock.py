"""A systolic array clock by clock, PE by PE, bit-exact (API twin: engines/pe/clock.py).

One PE holds what its RTL holds: operands x (moving right) and y (moving down), a sum p (moving down), a held operand
s or a held sum a, their doubles b and h where the fold overlap has them, `mac_latency - 1` product registers, tags
and a token. A token walks down a column at half the speed of everything else and so meets the r-th value of the
train that left with it in row r, and nowhere else: there s takes the value (is, ws) or the row's sum takes the
place (os). Where loads settle (`settled`), nothing passes: b of one row is the way to b of the next.

Where columns share slices (`packing`), the register that parts their sums counts as one more for products: a clock more
on the same way, and the same values.

Every register changes in every clock. What only moves is not copied: x, y and p lie in buffers on which the array is
a window, one place further each clock, and tags lie in delay lines. What is computed, is computed for all PEs:

    sum[r, c] += x[r, c] * factor[r, c]      is, ws: p and s;   os: a and y

Sources: the timing contract of kernels/array/closed_form.py; numpy for the results; the Verilog of tests/rtl, clock
by clock.
"""

from typing import TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined, kernel, part
from pivotsim.kernels.pe.digest import digest_of
from pivotsim.kernels.pe.sequencer import (
    AT,
    CLOCK,
    COLS_SHIFT,
    EXTENT_SHIFT,
    FIELD,
    FIRST_SENT,
    FOLDS_ENDED,
    LAST,
    LAST_SENT,
    LINES,
    MOVE,
    P_AT,
    P_PLACE,
    P_TAG,
    RESULTS_SHIFT,
    ROWS_SHIFT,
    SENT,
    SLOT,
    TAG_SENT,
    TOKEN,
    TOKEN_SENT,
    WIDTH_SHIFT,
    X_AT,
    X_FROM,
    X_SENT,
    X_TAG,
    Y_AT,
    Y_FROM,
    Y_SENT,
    Bytes,
    Config,
    Ints,
    Table,
    Words,
    send,
)  # fmt: skip
from pivotsim.kernels.pe.tag_walks import clear_sums, keep_sums, move_seconds, put_sums, take_doubles, take_operands
from pivotsim.kernels.types import SETTLED

Products: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int16]]
Marks: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Digests: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

# What a PE does in a clock, for pictures.
MULTIPLIES, PADS, LOADS, DRAINS = 1, 2, 4, 8


@inlined
def _move(
    config: Config, state: Ints, lines: Ints, folds: Table, streams: Ints, x_source: Bytes, y_source: Bytes, x: Bytes,
    y: Bytes, p: Words, loads: Ints, starts: Ints,
) -> None:  # fmt: skip
    """Move all windows by one place, and let in what the sequencer sends."""
    rows, width, span, left = config.rows, config.width, config.span, config.first
    if state[AT] == 0:
        _return_windows(lines, x, y, p, span, rows * width, width, config.packing)
        state[AT], state[X_AT], state[Y_AT], state[P_AT] = span, span * config.packing, span * width, span * width
    state[AT] -= 1
    state[X_AT] -= config.packing
    state[Y_AT] -= width
    state[P_AT] -= width
    send(config, state, lines, folds, streams, loads, starts)
    # skew: row r receives what was sent r clocks ago, a slice's columns what was sent as many clocks ago as there are
    # slices to its left
    x_at, y_at, p_at, shift = state[X_AT], state[Y_AT], state[P_AT], config.packing - 1
    here = state[AT] + (left >> shift)
    for q in range(min(config.packing, width)):
        if state[CLOCK] - state[X_SENT] <= rows + left:
            for r in range(rows):
                x[x_at + r * width + q] = x_source[lines[X_FROM, here + r] + r]
        else:
            for r in range(rows):
                x[x_at + r * width + q] = 0
    if state[CLOCK] - state[Y_SENT] <= config.cols:
        for c in range(width):
            y[y_at + c] = y_source[lines[Y_FROM, here + (c >> shift)] + left + c]
    else:
        for c in range(width):
            y[y_at + c] = 0
    for c in range(width):
        p[p_at + c] = 0


@part
def _return_windows(
    lines: Ints, x: Bytes, y: Bytes, p: Words, span: int, pes: int, cols: int, packing: int
) -> None:  # fmt: skip
    """Copy all windows from the start of their buffers to the end, far places first: the two may overlap."""
    for line in range(LINES):
        for i in range(lines.shape[1] - span - 1, -1, -1):
            lines[line, span + i] = lines[line, i]
    for i in range(pes - 1, -1, -1):
        x[span * packing + i] = x[i]
        y[span * cols + i] = y[i]
        p[span * cols + i] = p[i]


@inlined
def _multiply(
    sums: Words, sums_at: int, x: Bytes, x_at: int, factors: Bytes, factors_at: int, products: Products, slot: int,
    pes: int, mreg: int,
) -> None:  # fmt: skip
    """All multiply-accumulates of one clock; ``mreg`` registers hold products on their way to the adder."""
    if mreg == 0:
        for i in range(pes):
            sums[sums_at + i] += np.int32(np.int16(x[x_at + i]) * np.int16(factors[factors_at + i]))  # at most 2**14
    else:
        for i in range(pes):
            product_of_before = products[slot, i]
            sums[sums_at + i] += np.int32(product_of_before)
            products[slot, i] = np.int16(x[x_at + i]) * np.int16(factors[factors_at + i])


@inlined
def _collect(config: Config, state: Ints, lines: Ints, p: Words, out: Words, columns: Ints, ends: Ints) -> None:
    """Add what leaves each column to its result (zero at first), and note a fold's last registered output."""
    last_row, width, left, shift = config.rows - 1, config.width, config.first, config.packing - 1
    foot, depth = state[P_AT] + last_row * width, state[AT] + last_row + config.mac_registers + (left >> shift)
    for c in range(width):
        tag = lines[P_TAG, depth + (c >> shift)]
        if left + c < (tag >> RESULTS_SHIFT) & FIELD:
            out[lines[P_PLACE, depth + (c >> shift)] + left + c] += p[foot + c]
        if tag & LAST:
            _end_train(config, state, columns, ends, c, tag)


@part
def _end_train(config: Config, state: Ints, columns: Ints, ends: Ints, c: int, tag: int) -> None:
    """Note the end of a column's fold where the column is the fold's last; the next one there is the next fold's.

    A fold has left these columns with the last that it has of them, or with the first where it ends to the left of it.
    Without the edge register (bare) the last row hands its value over in this clock, from a register of the clock
    before.
    """
    last = ((tag >> WIDTH_SHIFT) & FIELD) - 1 - config.first
    if c == last:
        ends[columns[c]] = state[CLOCK] - config.is_bare
    if c == max(0, min(last, config.width - 1)):
        state[FOLDS_ENDED] += 1
    columns[c] += 1


@part
def _mark(config: Config, lines: Ints, at: int, marks: Marks) -> None:
    """Write what each PE does in this clock: multiply an operand or padding, load, drain."""
    rows, cols, drains = config.rows, config.cols, config.drains != 0
    for r in range(rows):
        for c in range(cols):
            mark, across = 0, c >> (config.packing - 1)
            tag = lines[X_TAG, at + r + across]
            if tag & SENT and r < (tag >> EXTENT_SHIFT) & FIELD:
                used = r < (tag >> ROWS_SHIFT) & FIELD and c < (tag >> COLS_SHIFT) & FIELD
                mark = MULTIPLIES if used else PADS
            of_token = lines[TOKEN, at + 2 * r + across + (config.mac_registers if drains else 0)]
            if r < of_token or r < lines[MOVE, at + across] - 1:
                mark |= DRAINS if drains else LOADS
            marks[r * cols + c] = mark


@kernel(
    "void(Config, int64[::1], int64[:, ::1], int64[:, ::1], int64[::1], int8[::1], int8[::1], int8[::1], int8[::1],"
    "int8[::1], int8[::1], int32[::1], int32[::1], int32[::1], int16[:, ::1], int32[::1], int64[::1], int64[::1],"
    "int64[::1], int64[::1], uint64[::1], uint8[:, ::1], int64)",
    types=(Config,),
)
def advance(
    config: Config, state: Ints, lines: Ints, folds: Table, streams: Ints, x_source: Bytes, y_source: Bytes, x: Bytes,
    y: Bytes, s: Bytes, b: Bytes, p: Words, a: Words, h: Words, products: Products, out: Words, columns: Ints,
    loads: Ints, starts: Ints, ends: Ints, digests: Digests, activity: Marks, clocks: int,
) -> None:  # fmt: skip
    """Run ``clocks`` clocks, or up to the end of the last fold; ``digests`` and ``activity`` of all columns alone.

    ``folds`` is (folds, 4): first row, first column, where the fold's indices start in ``streams``, how many they are.
    ``x``, ``y`` and ``p`` hold the array's window and ``config.span`` places (slices, rows) before it; ``s``, ``b``,
    ``a``, ``h`` are (R*C,), row by row, with C the ``config.width`` columns that are run. ``out`` is flat, from
    (streamed, columns) for is and ws, (rows, columns) for os. ``columns`` is (C,): folds that have left each column.
    ``loads``, ``starts`` and ``ends`` are (folds,): clocks of the first loaded operand, the first streamed operand, the
    last registered output, which is left alone where that comes from other columns. ``digests`` (clocks,) and
    ``activity`` (clocks, R*C) may be empty.
    """
    pes = config.rows * config.width
    drains, double, mreg = config.drains != 0, config.is_double != 0, config.mac_registers
    reach = config.rows + config.cols + mreg
    for _ in range(clocks):
        if state[FOLDS_ENDED] == ends.size:
            break
        clock = state[CLOCK]
        _move(config, state, lines, folds, streams, x_source, y_source, x, y, p, loads, starts)
        at, x_at, y_at, p_at = state[AT], state[X_AT], state[Y_AT], state[P_AT]

        # what tags and tokens do with the values of the clock before
        token_about = clock - state[TOKEN_SENT] <= reach + config.rows
        if drains and token_about:
            put_sums(config, state, lines, at, p, p_at, h if double else a)
        if clock - state[FIRST_SENT] <= reach:
            if drains:
                clear_sums(config, state, lines, at, a)
            elif double:
                take_doubles(config, state, lines, at, s, b)

        if clock - state[X_SENT] <= reach:  # longer ago, every x is zero
            if drains:
                _multiply(a, 0, x, x_at, y, y_at, products, state[SLOT], pes, mreg)
            else:
                _multiply(p, p_at, x, x_at, s, 0, products, state[SLOT], pes, mreg)

        if drains and double and clock - state[LAST_SENT] <= reach:
            keep_sums(config, state, lines, at, a, h)
        if not drains and token_about:
            if config.fold_overlap == SETTLED:
                move_seconds(config, lines, at, y_source, b)
            else:
                take_operands(config, state, lines, at, y, y_at, b if double else s)

        if clock - state[TAG_SENT] <= reach:
            _collect(config, state, lines, p, out, columns, ends)
        if mreg > 0:
            state[SLOT] = state[SLOT] + 1 if state[SLOT] + 1 < mreg else 0
        if digests.size:
            digests[clock] = digest_of(config, state, lines, x, y, s, b, p, a, h, products)
        if activity.size:
            _mark(config, lines, at, activity[clock])
        state[CLOCK] = clock + 1
