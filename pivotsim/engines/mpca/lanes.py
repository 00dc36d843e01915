"""Engine `mpca`: clocks of matrix multiplications on a multi-level parallelism compute array (MPCA).

API twin of kernels/mpca.py. Parikh et al. (FCCM 2024) name the array and its load balancing; every rule below is
this simulator's own choice. An (M, K) x (K, N) product is cut into row tiles of p_pe tokens and blocks of b x b
weights. A PE holds a row tile and p_pe output columns and streams the depth; a lane takes whole block columns. With n_j
kept blocks in block column j, Z of them together, and p lanes:

    C_blk = ceil(b / p_pe) * b                      clocks of one kept block, for one row tile
    G_t   = ceil(ceil(M / p_pe) / p_t)              groups of row tiles that run side by side
    SBMM    a matrix with a mask, p = p_h * p_c     G_t * makespan(n_j * C_blk + header_cycles) + fill
    DBMM    one without: n_j = ceil(K / b)          G_t * ceil(J / p) * n_j * C_blk + fill
    DHBMM   QK^T and SV, p = p_c                    ceil(heads / p_h) * DBMM of one head

A block at the edge costs a whole one. An empty column has no header and costs nothing, and a matrix without any kept
block is not begun: no clock, no fill. Matrices without a mask have no headers and are cut into blocks of
``dense_block``; one with a mask has the mask's block.

    lower bound   G_t * C_blk * max(ceil(Z / p), max n_j)
    lpt           at most 4/3 - 1/(3p) times the best makespan (Graham, 1969), without headers
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.hardware.kinds.mpca import BALANCES, MpcaSpec
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.masks.masks import Mask


@dataclass(frozen=True)
class MpcaResult:
    """One matrix multiplication, or all heads of one: clocks and what bounds them.

    ``makespan_cycles`` is that of one group of row tiles (of one round of heads), ``lane_efficiency_frac`` the share of
    all p_h * p_c lanes' clocks within it that multiply kept blocks. ``lower_bound_cycles`` holds for any balance.
    ``dma_bytes`` are stored weights, 0 for heads.
    """

    kernel: str
    cycles: int
    lower_bound_cycles: int
    makespan_cycles: int
    lane_efficiency_frac: float
    kept_blocks: int
    dma_bytes: int


def block_cycles(block: int, p_pe: int) -> int:
    """Return C_blk, the clocks of one kept block for one row tile.

    >>> block_cycles(16, 8), block_cycles(17, 8)
    (32, 51)
    """
    return -(-block // p_pe) * block


def token_groups(tokens: int, mpca: MpcaSpec) -> int:
    """Return G_t: how often the array takes p_t row tiles of p_pe tokens."""
    tiles = -(-tokens // mpca.p_pe)
    return -(-tiles // mpca.p_t)


def column_counts(mask: Mask, copy: int = 0) -> IntArray:
    """Return the kept blocks of each block column of a mask, int64 (J,)."""
    counts: IntArray = mask.kept[copy].sum(axis=0, dtype=np.int64)
    return counts


def makespan_cycles(counts: Any, *, lanes: int, block_cycles: int, balance: str, header_cycles: int = 0) -> IntArray:
    """Return the makespan of one group of row tiles for each row of kept blocks by column, int64 (S,).

    Parameters
    ----------
    counts : array of int64, (S, J)
        Kept blocks of each block column, of S masks.
    lanes : int
        Column lanes.
    block_cycles : int
        Clocks of a kept block.
    balance : {'lockstep', 'rr', 'greedy', 'lpt'}
        How columns are handed to lanes.
    header_cycles : int
        Clocks of a column that keeps a block, on top.

    Raises
    ------
    InputError
        A value is not valid, or the clocks would exceed int64.

    Examples
    --------
    Columns of 5, 4, 3, 3 and 3 blocks on two lanes: longest first gives 5 + 3 and 4 + 3 + 3.

    >>> makespan_cycles([[5, 4, 3, 3, 3]], lanes=2, block_cycles=1, balance="lpt").tolist()
    [10]
    """
    return _run(counts, lanes, block_cycles, balance, header_cycles)[0]


def lane_loads(counts: Any, *, lanes: int, block_cycles: int, balance: str, header_cycles: int = 0) -> IntArray:
    """Return the busy clocks of each lane for one mask's (J,) kept blocks by column, int64 (lanes,)."""
    return _run(np.asarray(counts)[None], lanes, block_cycles, balance, header_cycles)[1]


def column_lists(
    counts: Any, *, lanes: int, block_cycles: int, balance: str, header_cycles: int = 0
) -> tuple[tuple[int, ...], ...]:
    """Return the block columns of each lane in the order in which it takes them, empty ones among them.

    It is the assignment whose clocks `lane_loads` counts, for one mask's (J,) kept blocks by column; of columns with as
    many blocks, `lpt` hands out the first one first.

    Examples
    --------
    >>> column_lists([5, 4, 3, 3, 3], lanes=2, block_cycles=1, balance="lpt")
    ((0, 3), (1, 2, 4))
    """
    counts = np.asarray(counts)
    lane_of = _run(counts[None], lanes, block_cycles, balance, header_cycles)[2]
    handed_out = np.argsort(-counts.astype(np.int64), kind="stable") if balance == "lpt" else np.arange(len(counts))
    return tuple(tuple(handed_out[lane_of == lane].tolist()) for lane in range(lanes))


def _run(counts: Any, lanes: int, c_blk: int, balance: str, header_cycles: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the makespans of all masks; of the last one lanes' loads, and the lane of each column as handed out."""
    from pivotsim.kernels.mpca import lane_makespans

    counts = np.ascontiguousarray(counts)
    if counts.ndim != 2 or (counts.size and counts.dtype.kind not in "iu"):
        raise InputError(f"counts: must be a table of integers, a row of block columns per mask {got(counts.tolist())}")
    lanes = check_integer("lanes", lanes, 1, 2**20)
    c_blk = check_integer("block_cycles", c_blk, 1)
    header_cycles = check_integer("header_cycles", header_cycles, 0)
    code = BALANCES.index(check_choice("balance", balance, BALANCES))
    if counts.size:
        check_integer("counts", int(counts.min()), 0)
        worst = counts.shape[1] * (int(counts.max()) * c_blk + header_cycles)
        if worst > INT64_MAX:
            raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(worst)}")
    out, loads = np.zeros(len(counts), dtype=np.int64), np.zeros(lanes, dtype=np.int64)
    costs, lane_of = np.zeros((2, counts.shape[1]), dtype=np.int64)
    lane_makespans(counts.astype(np.int64, copy=False), code, c_blk, header_cycles, costs, lane_of, loads, out)
    return out, loads, lane_of


def sbmm_cycles(counts: Any, tokens: int, block: int, mpca: MpcaSpec) -> IntArray:
    """Return the clocks of (tokens, K) x (K, N) for many masks of the (K, N) weights, int64 (S,).

    Parameters
    ----------
    counts : array of int64, (S, J)
        Kept blocks of each block column, of S masks.
    tokens : int
        Rows of the activations, M.
    block : int
        Edge of a block, b.
    mpca : MpcaSpec
        The array; its DMA is left out here.

    Examples
    --------
    197 tokens are 25 row tiles, 3 groups; 24 columns of 12 blocks of 32 clocks, 3 to each of 8 lanes, and 28 to fill.

    >>> import pivotsim as ps
    >>> mpca = ps.load_hardware("u250_mpca").replace({"mpca.header_cycles": 0}).mpca
    >>> sbmm_cycles([[12] * 24], 197, 16, mpca).tolist()
    [3484]
    """
    tokens, block = check_integer("tokens", tokens, 1), check_integer("block", block, 1)
    spans = makespan_cycles(
        counts, lanes=mpca.lanes, block_cycles=block_cycles(block, mpca.p_pe), balance=mpca.balance,
        header_cycles=mpca.header_cycles,
    )  # fmt: skip
    groups = token_groups(tokens, mpca)
    if groups * int(spans.max(initial=0)) + mpca.fill_cycles > INT64_MAX:
        raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(tokens)}")
    cycles: IntArray = groups * spans + (spans > 0) * mpca.fill_cycles
    return cycles


def run_masked(m: int, mask: Mask, mpca: MpcaSpec, copy: int = 0) -> MpcaResult:
    """Return an (m, K) x (K, N) product whose (K, N) weights have a mask (SBMM)."""
    counts = column_counts(mask, copy)
    c_blk, groups = block_cycles(mask.block, mpca.p_pe), token_groups(m, mpca)
    cycles = int(sbmm_cycles(counts[None], m, mask.block, mpca)[0])
    kept = int(counts.sum())
    makespan = (cycles - mpca.fill_cycles) // groups if kept else 0
    bound = groups * c_blk * max(-(-kept // mpca.lanes), int(counts.max()))
    busy = kept * c_blk / (mpca.lanes * makespan) if kept else 1.0
    size = stored_bytes(kept, mask.kept.shape[1], len(counts), mask.block, mpca)
    return MpcaResult("sbmm", cycles, bound, makespan, busy, kept, size)


def run_dense(m: int, k: int, n: int, mpca: MpcaSpec) -> MpcaResult:
    """Return an (m, k) x (k, n) product with whole weights (DBMM).

    >>> import pivotsim as ps
    >>> run_dense(197, 384, 384, ps.load_hardware("u250_mpca").mpca).cycles  # 3 * 3 * 24 * 32, and 28 to fill
    6940
    """
    return _dense("dbmm", (m, k, n), mpca.lanes, (1, 1), k * n * mpca.weight_bytes, mpca)


def run_heads(m: int, k: int, n: int, heads: int, mpca: MpcaSpec) -> MpcaResult:
    """Return ``heads`` products (m, k) x (k, n) of activations, p_h at a time (DHBMM).

    >>> import pivotsim as ps
    >>> run_heads(197, 64, 197, 6, ps.load_hardware("u250_mpca").mpca).cycles  # 2 * (3 * 7 * 4 * 32 + 28)
    5432
    """
    return _dense("dhbmm", (m, k, n), mpca.p_c, (heads, -(-heads // mpca.p_h)), 0, mpca)


def _dense(
    kernel: str, sizes: tuple[int, int, int], lanes: int, heads: tuple[int, int], size_bytes: int, mpca: MpcaSpec
) -> MpcaResult:
    """Return ``heads`` (count, rounds) of products without a mask, each on so many lanes."""
    (m, k, n), (count, rounds) = sizes, heads
    b = mpca.dense_block
    rows, columns = -(-k // b), -(-n // b)
    c_blk, groups = block_cycles(b, mpca.p_pe), token_groups(m, mpca)
    makespan = -(-columns // lanes) * rows * c_blk
    cycles = rounds * (groups * makespan + mpca.fill_cycles)
    if cycles > INT64_MAX:
        raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(cycles)}")
    bound = rounds * groups * c_blk * max(-(-rows * columns // lanes), rows)
    kept = count * rows * columns
    busy = kept * c_blk / (rounds * mpca.lanes * makespan)
    return MpcaResult(kernel, cycles, bound, makespan, busy, kept, size_bytes)


def stored_bytes(kept: int, rows: int, columns: int, block: int, mpca: MpcaSpec) -> int:
    """Return the bytes of a stored mask: kept * (b^2 weights and a row index) + (columns + 1) pointers.

    Blocks at the edge are padded with zeros. An index is the whole bytes of ceil(log2 rows) bits, unless
    ``index_bytes`` says otherwise. A matrix without a mask is stored as it is, without index and padding.
    """
    index = mpca.index_bytes or -(-(rows - 1).bit_length() // 8)
    return kept * (block * block * mpca.weight_bytes + index) + (columns + 1) * mpca.pointer_bytes
