"""Descriptors: what hardware executes, field by field in the order of verilog/accelerator.v and pass_sequencer.v.

Fields of masks (``MASK_FIELDS``) have no bits in hardware built for dense GEMMs alone. There each pass has one tile and
one stream; under a mask several, one for each run of rows or steps whose bytes follow each other in the same lanes.
"""

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
    stored_bytes: int  # of a masked unit its index, which comes last, is not stored: these descriptors say the same


class Tile(NamedTuple):
    """The tile of one pass: rows and columns in use, rows sent, its address, loads that must have ended.

    Under a mask ``cols`` is the bytes of a row.
    """

    rows: int
    cols: int
    extent: int
    address: int
    loads: int
    tile_lanes: int  # columns that a row has a byte for, a bit each
    begins: int  # the pass's first descriptor
    ends: int  # its last one


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
    x_bytes: int  # of a step
    y_bytes: int
    x_lanes: int  # rows that a step has a byte for, a bit each
    y_lanes: int  # os: columns
    begins: int  # the pass's first descriptor, for which alone it waits
    ends: int  # its last one


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


MASK_FIELDS = frozenset(
    ("stored_bytes", "tile_lanes", "x_bytes", "y_bytes", "x_lanes", "y_lanes", "begins", "ends")
)  # fmt: skip


class Unit(NamedTuple):
    """Where an operand's unit lies in DRAM: places of its row tile, column tile or chunk; -1 where it has none."""

    operand: str  # a, b
    row: int
    col: int
    chunk: int
