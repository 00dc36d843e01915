"""Descriptors: what hardware executes, field by field in the order of verilog/accelerator.v and pass_sequencer.v."""

from typing import NamedTuple


class Load(NamedTuple):
    """One load. ``reads``: tiles or streams that must have been read of its half before; 0 for none."""

    to: int
    from_dram: int
    keeps: int  # the global buffer keeps what comes
    size_bytes: int
    lanes: int  # bytes per clock
    to_address: int
    buffer_address: int
    reads: int
    dram_address: int


class Tile(NamedTuple):
    """The tile of one pass: rows and columns in use, rows sent, its address, loads that must have ended."""

    rows: int
    cols: int
    extent: int
    address: int
    loads: int


class Stream(NamedTuple):
    """What one pass streams. ``tile_after``, ``stream_after``: when the array takes the next ones, from its start."""

    rows: int
    cols: int
    extent: int
    steps: int
    x_address: int
    y_address: int
    loads: int
    drains: int  # drains that must have ended
    tile_after: int
    stream_after: int
    entry: int  # OPMEM's address of its first sums
    first: int  # os: sums begin
    last: int  # os: sums end
    adds: int  # to what OPMEM holds
    half: int


class Drain(NamedTuple):
    """One drain. ``passes``: passes (os: folds) whose last sum must be at the edge, in the narrow or last column."""

    half: int
    narrow: int
    entries: int
    row_bytes: int
    entry: int
    lanes: int
    passes: int
    loads: int
    bias_address: int
    bias_step: int
    size_bytes: int
    dram_address: int


class Unit(NamedTuple):
    """Where an operand's unit lies in DRAM: places of its row tile, column tile or chunk; -1 where it has none."""

    operand: str  # a, b
    row: int
    col: int
    chunk: int
