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
    """Many arrays, a vector (D,) per field; ``dataflow`` holds codes."""

    rows: Array
    cols: Array
    dataflow: Array
    fold_overlap: Array
    edge_aware: Array
    os_edge_register: Array
    mac_latency: Array


class Design(NamedTuple):
    """An array: its PEs, its dataflow (as in ``Mapping``), and how folds follow each other."""

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


class Limits(NamedTuple):
    """Memories in bytes and array clocks.

    Halves: 0 is unlimited, 1 single, 2 ping-pong. Shares of the global buffer in bytes: -1 is unlimited. Ports in bytes
    per clock: 0 is unlimited. Latencies in clocks; ``bias`` is 1 where one is loaded. Memories answer
    ``buffer_read_cycles`` after their address.
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
    out_bytes: int
    bias: int
    buffer_read_cycles: int


class Dram(NamedTuple):
    """DRAM behind its AXI ports, of ``axi_bytes`` per array clock (0: unlimited).

    A bandwidth takes bytes * cost_num / cost_den array clocks (0 / 1: none). A channel that issues commands
    (kernels/dram) has f_dram / f_array = clock_num / clock_den in lowest terms; its bursts of ``burst_bytes`` take
    ``burst_clocks`` of its clocks, and no data comes before ``least_clocks``.
    """

    axi_bytes: int
    cost_num: int
    cost_den: int
    burst_bytes: int
    burst_clocks: int
    least_clocks: int
    clock_num: int
    clock_den: int


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
    bytes_0: Array
    blocks_0: Array
    bytes_1: Array
    blocks_1: Array


class Shape(NamedTuple):
    """How ``Tables`` are read.

    ``list_i`` and ``list_j`` are strides of the rows of ``needed``; ``block`` is the mask's; ``masked`` the slot that
    the mask covers or -1; ``whole_0`` and ``whole_1`` the bytes of all units of a slot but for index along the stream;
    ``tiled`` is 1 where slot 0 is tiles.
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
