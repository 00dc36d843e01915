"""The threaded twin of ``drawn_cycles``, apart so that only large vectors load it."""

from pivotsim.kernels._jit import kernel, prange
from pivotsim.kernels.array.masked import Flags
from pivotsim.kernels.array.random_masks import LANES_SIGNATURE, Hashes, run_lanes
from pivotsim.kernels.types import Array, Design


@kernel(LANES_SIGNATURE, types=(Design,), parallel=True)
def drawn_cycles_parallel(
    blocks: Array, wanted: Array, seeds: Hashes, height: int, width: int, turned: bool, layout: int, row_size: int,
    col_size: int, t: int, design: Design, hashes: Hashes, kept: Flags, lengths: Array,
    out: Array,
) -> None:  # fmt: skip
    """Do what ``drawn_cycles`` does, the lanes shared among numba's threads, in as many parts as there are rooms."""
    parts = len(kept)
    for p in prange(parts):
        run_lanes(
            p * out.size // parts, (p + 1) * out.size // parts, blocks, wanted, seeds, height, width, turned, layout,
            row_size, col_size, t, design, hashes[p], kept[p], lengths[p], out,
        )  # fmt: skip
