"""The array's sequencer: loads, streams and drains of all folds, clock by clock (part of kernels/pe/clock.py).

It walks a table of folds, and for each the list of the indices that it streams. When the next fold may begin follows
from tags that come through the array, or from what it has sent itself:

    fold_overlap   is, ws: load begins     is, ws: stream begins, once loaded   os: stream begins
    none           end of the fold seen    at once                              end of the fold seen
    preload        with the stream         end of the fold seen                 last operand left the last PE
    chained        with the last operand   at once                              last operand left column 0
    pipelined      with the stream         the stream before is out             the stream before is out, and its drain
                                                                                will be over before this stream is
    settled        the first operand in    the stream before is out             (as pipelined)
                   the fold's last row

A load of `settled` goes through the second registers themselves, the last row's operand first: a column moves all of
them in each clock of the load. Other loads pass by, the first row's operand first, and a token goes with them.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import CHAINED, NONE, PIPELINED, PRELOAD, SETTLED

Ints: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Bytes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int8]]
Table: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]  # (folds, 4)
Words: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


class Config(NamedTuple):
    """The array, the GEMM on it, and the buffers' widths.

    ``drains`` is 1 where sums stay in the PEs and are shifted out (else operands are loaded and stay), ``is_double``
    where each PE holds two of what stays, ``is_bare`` where sums leave the last row without an edge register.
    ``packing`` columns share a slice and see a streamed operand in the same clock. The sequencer is the whole array's;
    PEs are those of ``width`` columns from ``first`` on, whole slices: nothing comes to them from the right.
    """

    rows: int
    cols: int
    drains: int
    fold_overlap: int
    is_double: int
    edge_aware: int
    is_bare: int
    mac_registers: int
    packing: int
    row_size: int
    col_size: int
    x_width: int
    y_width: int
    out_width: int
    span: int
    first: int
    width: int


# A state is an int64 vector with these places.
(
    CLOCK, AT, X_AT, Y_AT, P_AT, SLOT,  # where the moving windows stand
    LOAD_I, LOADING, LOADED, STREAM_I, STREAMING, IDLE, SENT_ROWS, SENT_COLS,
    DRAIN_I, DRAIN_ROWS, DRAIN_COLS, DRAIN_EXTENT, DRAIN_WIDTH, DRAIN_PLACE, DRAINING,
    LOADS_BEGUN, STREAMS_BEGUN, FOLDS_ENDED, X_SENT, Y_SENT, FIRST_SENT, LAST_SENT, TOKEN_SENT, TAG_SENT,
) = range(30)  # fmt: skip
STATES = 30

# A fold: its first row and column, where its list of streamed indices starts, and how many there are.
FOLD_ROW, FOLD_COL, FOLD_LIST, FOLD_LENGTH = range(4)

# Delay lines: what was sent d clocks ago stands d places after the newest. Idle is 0, or the operands' zero row.
# The gaps stand beside what was sent: clocks since a token, a FIRST, a LAST was sent before that, so that a walk goes
# from one to the next and looks at no place between them.
X_FROM, X_TAG, Y_FROM, Y_LAST, TOKEN, P_TAG, P_PLACE, MOVE, TOKEN_GAP, FIRST_GAP, LAST_GAP = range(11)
LINES = 11

# X_TAG: first, last, sent; then rows with a tag (the fold's extent), rows and columns with an operand, 18 bits each.
FIRST, LAST, SENT = 1, 2, 4
EXTENT_SHIFT, ROWS_SHIFT, COLS_SHIFT, FIELD = 3, 21, 39, (1 << 18) - 1
# P_TAG: LAST, SENT; then columns with a result, and the fold's width. P_PLACE: where the result of the fold's first
# column goes. TOKEN: the rows that it walks. MOVE: 1 where a column's second registers move on by a row, with the last
# operand of a load 1 + the rows that it has filled.
RESULTS_SHIFT, WIDTH_SHIFT = 3, 21


@inlined
def _fold_end(config: Config, state: Ints, lines: Ints) -> bool:
    """Whether the last output of the fold sent last stands at the edge: in its register, or handed to it (bare)."""
    depth = config.rows - config.is_bare + slices_across(state[SENT_COLS], config.packing) - 1 + config.mac_registers
    tag = lines[P_TAG, state[AT] + depth]
    return bool((tag & LAST) != 0 and ((tag >> WIDTH_SHIFT) & FIELD) == state[SENT_COLS])


@inlined
def _note(state: Ints, lines: Ints, sent: int, gap: int) -> None:
    """Note that something is sent in this clock, and how many clocks after the one before it."""
    lines[gap, state[AT]] = state[CLOCK] - state[sent]
    state[sent] = state[CLOCK]


@inlined
def _stream(config: Config, state: Ints, lines: Ints, folds: Table, streams: Ints, begins: bool) -> bool:
    """Send one column of streamed operands with its tags; return whether it is the fold's last."""
    at, i, drains, fold = state[AT], state[STREAM_I], config.drains != 0, state[STREAMS_BEGUN] - 1
    row, col, t = folds[fold, FOLD_ROW], folds[fold, FOLD_COL], streams[folds[fold, FOLD_LIST] + i]
    rows, cols = min(config.rows, config.row_size - row), min(config.cols, config.col_size - col)
    extent = rows if config.edge_aware != 0 else config.rows
    width = cols if config.edge_aware != 0 else config.cols
    last = i == folds[fold, FOLD_LENGTH] - 1
    state[SENT_ROWS], state[SENT_COLS] = extent, width
    lines[X_FROM, at] = (t + 1) * config.x_width + row
    fields = (extent << EXTENT_SHIFT) | (rows << ROWS_SHIFT) | (cols << COLS_SHIFT)
    lines[X_TAG, at] = SENT | (FIRST if begins else 0) | (LAST if last else 0) | fields
    state[X_SENT] = state[CLOCK]
    if begins:
        _note(state, lines, FIRST_SENT, FIRST_GAP)
    if drains:
        lines[Y_FROM, at] = (t + 1) * config.y_width + col
        state[Y_SENT] = state[CLOCK]
    else:
        lines[P_TAG, at] = SENT | (LAST if last else 0) | (cols << RESULTS_SHIFT) | (width << WIDTH_SHIFT)
        lines[P_PLACE, at] = t * config.out_width + col
        state[TAG_SENT] = state[CLOCK]
    if not last:
        state[STREAM_I] = i + 1
        return False
    _note(state, lines, LAST_SENT, LAST_GAP)
    state[STREAMING], state[STREAM_I] = 0, 0
    if drains:
        state[DRAINING], state[DRAIN_I] = 1, 0
        state[DRAIN_ROWS], state[DRAIN_COLS] = rows, cols
        state[DRAIN_EXTENT], state[DRAIN_WIDTH] = extent, width
        state[DRAIN_PLACE] = row * config.out_width + col
    return True


@inlined
def _load(config: Config, state: Ints, lines: Ints, folds: Table, begins: bool) -> None:
    """Send one row of held operands, zeros in rows that only pad, with a token or a move of the column."""
    at, i, fold = state[AT], state[LOAD_I], state[LOADS_BEGUN] - 1
    row = folds[fold, FOLD_ROW]
    rows = min(config.rows, config.row_size - row)
    extent = rows if config.edge_aware != 0 else config.rows
    last = i == extent - 1
    is_moved = config.fold_overlap == SETTLED
    of_row = extent - 1 - i if is_moved else i
    if of_row < rows:
        lines[Y_FROM, at] = (row + of_row + 1) * config.y_width + folds[fold, FOLD_COL]
    if is_moved:
        lines[MOVE, at] = 1 + extent if last else 1
        state[TOKEN_SENT] = state[CLOCK]
    else:
        if of_row < rows:
            state[Y_SENT] = state[CLOCK]
        if begins:
            lines[TOKEN, at] = extent
            _note(state, lines, TOKEN_SENT, TOKEN_GAP)
        lines[Y_LAST, at] = int(last)
    state[LOAD_I] = i + 1
    if last:
        state[LOADING], state[LOADED], state[LOAD_I] = 0, 1, 0


@inlined
def _drain(config: Config, state: Ints, lines: Ints) -> None:
    """Send one empty place for the sum of a row (where sums stay); a token goes with the first."""
    if state[DRAINING] == 0:
        return
    at, i = state[AT], state[DRAIN_I]
    last = i == state[DRAIN_EXTENT] - 1
    results = state[DRAIN_COLS] if i < state[DRAIN_ROWS] else 0
    lines[P_TAG, at] = SENT | (LAST if last else 0) | (results << RESULTS_SHIFT) | (state[DRAIN_WIDTH] << WIDTH_SHIFT)
    lines[P_PLACE, at] = state[DRAIN_PLACE] + i * config.out_width
    state[TAG_SENT] = state[CLOCK]
    if i == 0:
        lines[TOKEN, at] = state[DRAIN_EXTENT]
        _note(state, lines, TOKEN_SENT, TOKEN_GAP)
    state[DRAIN_I] = i + 1
    if last:
        state[DRAINING] = 0


@inlined
def send(
    config: Config, state: Ints, lines: Ints, folds: Table, streams: Ints, loads: Ints, starts: Ints
) -> None:  # fmt: skip
    """Put into the delay lines what enters in this clock; the state moves on to the next one."""
    at, clock = state[AT], state[CLOCK]
    for line in range(LINES):
        lines[line, at] = 0
    drains = config.drains != 0
    if drains:
        _drain(config, state, lines)
    fold_end = _fold_end(config, state, lines)

    # ---- stream
    begins = False
    if state[STREAMING] == 0 and state[STREAMS_BEGUN] < len(folds):
        if not drains:
            begins = state[LOADED] != 0 and (config.fold_overlap != PRELOAD or state[IDLE] != 0 or fold_end)
        elif clock == 0:
            begins = True
        elif config.fold_overlap == NONE:
            begins = fold_end
        elif config.fold_overlap == PIPELINED:
            undrained = state[DRAIN_EXTENT] - state[DRAIN_I] if state[DRAINING] != 0 else 0
            begins = undrained < folds[state[STREAMS_BEGUN], FOLD_LENGTH]
        else:
            left = state[SENT_ROWS]
            if config.fold_overlap == PRELOAD:
                left += state[SENT_COLS] - 1 + config.mac_registers
            tag = lines[X_TAG, at + left]
            begins = (tag & LAST) != 0 and ((tag >> EXTENT_SHIFT) & FIELD) >= state[SENT_ROWS]
    state[IDLE] = int((state[IDLE] != 0 or fold_end) and not begins)
    last = False
    if begins:
        starts[state[STREAMS_BEGUN]] = clock
        state[STREAMS_BEGUN] += 1
        state[STREAMING] = 1
    if state[STREAMING] != 0:
        last = _stream(config, state, lines, folds, streams, begins)

    # ---- load
    if drains:
        return
    if config.fold_overlap == NONE:
        trigger = fold_end
    elif config.fold_overlap == CHAINED:
        trigger = last
    elif config.fold_overlap == SETTLED:
        trigger = lines[X_TAG, at + state[SENT_ROWS] - 1] & FIRST != 0
    else:
        trigger = begins
    if begins:
        state[LOADED] = 0
    load_begins = (trigger or clock == 0) and state[LOADS_BEGUN] < len(folds)
    if load_begins:
        loads[state[LOADS_BEGUN]] = clock
        state[LOADS_BEGUN] += 1
        state[LOADING] = 1
    if state[LOADING] != 0:
        _load(config, state, lines, folds, load_begins)
