"""Named tuples of integers that kernels are handed.

numba compiles a named tuple of one type like a plain tuple, so a name costs nothing. Signatures call them by their
class names.
"""

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
else:  # the table of dataflows needs names of integers alone, and no numpy
    Array = Any

NONE, PRELOAD, CHAINED, PIPELINED, SETTLED = range(5)  # in the order of hardware.fold_overlaps
AUTO, HEADS, ROWS, COLS = range(4)  # splits among several arrays, in the order of hardware.dataflows


class Gemm(NamedTuple):
    """An (m, k) matrix times a (k, n) matrix."""

    m: int
    k: int
    n: int


class Mapping(NamedTuple):
    """A dataflow: places in ``Gemm`` of the dimensions that rows hold, columns hold, and that streams.

    ``drains`` is 1 where sums stay in the array and are shifted out after a fold, 0 where operands are loaded before
    it; ``holds_weights`` is 1 where the first of a pass's two operands is the weights.
    """

    rows_dim: int
    cols_dim: int
    stream_dim: int
    drains: int
    holds_weights: int


class DesignColumns(NamedTuple):
    """Many designs, a vector (D,) per field; ``dataflow``, ``fold_overlap`` and ``split`` hold codes.

    All but the last two say what one array is; ``array_count`` how many there are, ``split`` what they share out.
    """

    rows: Array
    cols: Array
    dataflow: Array
    fold_overlap: Array
    edge_aware: Array
    os_edge_register: Array
    mac_latency: Array
    mac_packing: Array
    array_count: Array
    split: Array


class Design(NamedTuple):
    """An array: its PEs, its dataflow (as in ``Mapping``), and how folds follow each other.

    ``mac_latency`` is the array's own, and a clock more where columns share slices: a register parts their sums.
    """

    rows: int
    cols: int
    rows_dim: int
    cols_dim: int
    stream_dim: int
    drains: int
    holds_weights: int
    fold_overlap: int
    edge_aware: int
    os_edge_register: int
    mac_latency: int
    mac_packing: int


class Limits(NamedTuple):
    """Memories in bytes and array clocks, and what one GEMM's elements take in them.

    Halves: 0 is unlimited, 1 single, 2 ping-pong. Shares of the global buffer in bytes: -1 is unlimited. Ports in bytes
    per clock: 0 is unlimited. Latencies in clocks; ``bias`` is 1 where one is loaded. Partial sums and bias take
    ``sum_bytes`` each. Ports and latencies count in the memories' clock, one of which takes ``clock_divisor`` array
    clocks. ``is_serial`` is 1 where loads, passes and drains take turns, ``refetches`` 1 where no unit is kept for
    another pass. Between a region's last output and its drain lie ``post_region`` array clocks and ``post_entry`` for
    each entry. Memories answer ``buffer_read_cycles`` after their address. At most
    ``outstanding_reads`` loads are asked for and not there yet. Where sums drain, folds of ``block_rows`` x
    ``block_cols`` outputs share their chunks (a 0: the array's own; 0, 0: none do). The last three are the GEMM's: bits
    of an element of inputs, weights and outputs.
    """

    input_halves: int
    weight_halves: int
    output_halves: int
    input_share: int
    weight_share: int
    gb_port: int
    ipmem_port: int
    wtmem_port: int
    read_latency: int
    write_latency: int
    bias: int
    sum_bytes: int
    clock_divisor: int
    is_serial: int
    refetches: int
    post_region: int
    post_entry: int
    buffer_read_cycles: int
    block_rows: int
    block_cols: int
    outstanding_reads: int
    input_bits: int
    weight_bits: int
    out_bits: int


class Dram(NamedTuple):
    """DRAM behind its AXI ports, of ``axi_bytes`` per array clock (0: unlimited).

    A bandwidth takes bytes * cost_num / cost_den array clocks (0 / 1: none). A channel that issues commands
    (kernels/dram) has f_dram / f_array = clock_num / clock_den in lowest terms; its bursts of ``burst_bytes`` take
    ``burst_clocks`` of its clocks, and no data comes before ``least_clocks``.

    The AXI ports take ``read_burst`` or ``write_burst`` array clocks for each burst of at most ``axi_burst_bytes``, and
    ``read_beat`` or ``write_beat`` for each beat of ``axi_bytes``; ``axi_burst_bytes`` 0 is a clock a beat and nothing
    a burst. A burst reaches over a unit, or where ``by_row`` is 1 over a row of its matrix.
    """

    axi_bytes: int
    cost_num: int
    cost_den: int
    burst_bytes: int
    burst_clocks: int
    least_clocks: int
    clock_num: int
    clock_den: int
    axi_burst_bytes: int
    read_burst: int
    read_beat: int
    write_burst: int
    write_beat: int
    by_row: int


class Candidates(NamedTuple):
    """Programs to choose from: loop orders and chunks, first to last; one of each is a plain run."""

    first_order: int
    last_order: int
    least_chunk: int
    most_chunk: int


class Channel(NamedTuple):
    """A DRAM channel that issues commands, as kernels/dram/commands.py lays it out."""

    state: Array
    gaps: Array
    device: Array
    queue: Array


class Tables(NamedTuple):
    """What a mask leaves along the streamed index, as kernels/memory/mask_tables.py lays it out."""

    needed: Array
    sums_0: Array
    blocks_0: Array
    sums_1: Array
    blocks_1: Array


class Shape(NamedTuple):
    """How ``Tables`` are read.

    ``list_i`` and ``list_j`` are strides of the rows of ``needed``; ``block`` is the mask's; ``masked`` the slot that
    the mask covers or -1; ``whole_0`` and ``whole_1`` the elements of all units of a slot, of tiles their bytes with
    index; ``tiled`` is 1 where slot 0 is tiles.
    """

    list_i: int
    list_j: int
    block: int
    masked: int
    whole_0: int
    whole_1: int
    tiled: int


class Records(NamedTuple):
    """Room for intervals, (count, 7), (count, 8) and (count, 4); of no rows where they are not wanted."""

    loads: Array
    passes: Array
    drains: Array
