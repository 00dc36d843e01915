"""Engine `mpca` under rules `authors`: clocks as the latency estimator of Parikh et al. counts them.

The rules were read in a public estimator of the method, whose defaults are the (4, 12, 2, 8) and 300 MHz of
``u250_mpca``; that its authors are those of the paper (FCCM 2024) is inferred from its recipe. One PE makes a b x b
block of the result, in

    s       = ceil(K / b) * ceil(b / p_pe)^2 * b                               clocks for a depth of K
    matrix  = ceil( ceil(ceil(ceil(N / b) / p_h) * ceil(M / b) / (p_t p_c)) * s * phi )
    heads   = ceil(ceil(M / b) * ceil(N / b) / (p_t p_c)) * ceil(heads / p_h) * s
    sums    = ceil(ceil(M / b) / p_t) * ceil(heads / p_h) * ceil(N / b) * ceil(b / p_pe) * b

of an (M, K) x (K, N) product. ``phi`` is the kept share of the blocks of a matrix; Q, K and V are three matrices that
share it. ``sums`` are the row sums of exp(QK^T), the one part of softmax that takes time. The estimator takes the
smaller of ``matrix`` and of another order of the loops, in which a head module takes the columns of whole heads:

    sweep   = ceil( ceil(ceil(M / b) * ceil(d_h / b) / (p_t p_c)) * ceil(ceil(N / d_h) / p_h) * s * phi )

It never is the smaller one: ceil(N / b) <= ceil(N / d_h) * ceil(d_h / b), and rounding up later never gives more.

Balance is assumed perfect. Filling the array, headers of block columns, the DMA of the weights, the rest of softmax,
GELU, norms, additions and the dropping of tokens take no time. A batch's images are stacked rows here, as everywhere
in this package; the estimator knows one image.
"""

from collections.abc import Iterator

from pivotsim.engines.mpca.lanes import MpcaResult, stored_bytes
from pivotsim.hardware.kinds.mpca import MpcaSpec
from pivotsim.operations import UNIT_OF
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Trace

FUSED, PARTS = "qkv", 3  # a fused matrix is three to the estimator


def result_block_cycles(depth: int, block: int, p_pe: int) -> int:
    """Return s, the clocks in which a PE makes one block of the result.

    >>> result_block_cycles(384, 16, 8)  # 24 blocks deep, 2 x 2 parts of 16 clocks each
    1536
    """
    return _ceil(depth, block) * _ceil(block, p_pe) ** 2 * block


def matrix_cycles(m: int, k: int, n: int, block: int, mpca: MpcaSpec, kept: int = 1, blocks: int = 1) -> int:
    """Return the clocks of (m, k) x (k, n) weights of which ``kept`` of ``blocks`` blocks are there.

    >>> import pivotsim as ps
    >>> mpca = ps.load_hardware("u250_mpca").mpca
    >>> matrix_cycles(198, 384, 384, 16, mpca), matrix_cycles(198, 384, 320, 16, mpca, 3, 5)
    (6144, 2765)
    """
    own = _ceil(_ceil(n, block), mpca.p_h) * _ceil(m, block)
    return _ceil(_ceil(own, mpca.p_t * mpca.p_c) * result_block_cycles(k, block, mpca.p_pe) * kept, blocks)


def heads_cycles(m: int, k: int, n: int, heads: int, mpca: MpcaSpec) -> int:
    """Return the clocks of ``heads`` products of activations.

    >>> import pivotsim as ps
    >>> heads_cycles(198, 64, 198, 6, ps.load_hardware("u250_mpca").mpca)  # 8 waves of 256 clocks, twice
    4096
    """
    block = mpca.dense_block
    waves = _ceil(_ceil(m, block) * _ceil(n, block), mpca.p_t * mpca.p_c)
    return waves * _ceil(heads, mpca.p_h) * result_block_cycles(k, block, mpca.p_pe)


def row_sum_cycles(m: int, n: int, heads: int, mpca: MpcaSpec) -> int:
    """Return the clocks of the row sums of ``heads`` m x n matrices exp(QK^T).

    >>> import pivotsim as ps
    >>> row_sum_cycles(198, 198, 6, ps.load_hardware("u250_mpca").mpca)  # 2 * 2 * 13 * 2 * 16
    1664
    """
    block = mpca.dense_block
    groups = _ceil(_ceil(m, block), mpca.p_t) * _ceil(heads, mpca.p_h)
    return groups * _ceil(n, block) * _ceil(block, mpca.p_pe) * block


def run_masked(m: int, module: str, mask: Mask, mpca: MpcaSpec, copy: int = 0) -> MpcaResult:
    """Return an (m, K) x (K, N) product whose (K, N) weights have a mask."""
    kept, blocks = mask.kept_blocks[copy], mask.kept[copy].size
    rows, columns = mask.kept[copy].shape
    size = stored_bytes(kept, rows, columns, mask.block, mpca)
    return _weights("sbmm", module, (m, mask.height, mask.width), mask.block, (kept, blocks), size, mpca)


def run_dense(m: int, module: str, k: int, n: int, mpca: MpcaSpec) -> MpcaResult:
    """Return an (m, k) x (k, n) product with whole weights."""
    blocks = _ceil(k, mpca.dense_block) * _ceil(n, mpca.dense_block)
    size = k * n * mpca.weight_bytes
    return _weights("dbmm", module, (m, k, n), mpca.dense_block, (blocks, blocks), size, mpca)


def run_heads(m: int, k: int, n: int, heads: int, mpca: MpcaSpec) -> MpcaResult:
    """Return ``heads`` products (m, k) x (k, n) of activations."""
    block = mpca.dense_block
    cycles = heads_cycles(m, k, n, heads, mpca)
    made = heads * _ceil(m, block) * _ceil(n, block)
    busy = made * result_block_cycles(k, block, mpca.p_pe) / (mpca.pe_count * cycles)
    kept = heads * _ceil(k, block) * _ceil(n, block)
    return MpcaResult("dhbmm", cycles, cycles, cycles, busy, kept, 0)


def other_cycles(trace: Trace, mpca: MpcaSpec) -> Iterator[tuple[int, int]]:
    """Yield (position, clocks) of each operation that is no GEMM and has a unit: row sums of softmax, else nothing."""
    for position, op in enumerate(trace):
        if op.kind in UNIT_OF:
            is_attention = op.module == op.kind == "softmax"
            yield position, row_sum_cycles(op.m, op.n, op.repeats, mpca) if is_attention else 0


def free_kinds(trace: Trace) -> list[str]:
    """Return the kinds of a trace's operations that take no time."""
    return [kind for kind in trace.first_ops if kind in UNIT_OF and kind != "softmax"]


def _weights(
    kernel: str, module: str, sizes: tuple[int, int, int], block: int, kept: tuple[int, int], size: int, mpca: MpcaSpec
) -> MpcaResult:
    m, k, n = sizes
    parts = PARTS if module == FUSED and n % PARTS == 0 else 1
    cycles = parts * matrix_cycles(m, k, n // parts, block, mpca, *kept)
    made = parts * _ceil(m, block) * _ceil(n // parts, block)
    work = made * result_block_cycles(k, block, mpca.p_pe) * kept[0] / kept[1]
    busy = work / (mpca.pe_count * cycles) if cycles else 1.0
    return MpcaResult(kernel, cycles, cycles, cycles, busy, kept[0], size)


def _ceil(size: int, piece: int) -> int:
    return -(-size // piece)
