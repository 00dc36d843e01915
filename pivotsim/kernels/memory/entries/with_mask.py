"""A masked GEMM behind memories whose DRAM is a bandwidth, with its best candidate."""

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.memory.found_programs import choose_and_run
from pivotsim.kernels.memory.mask_tables import Kept
from pivotsim.kernels.types import (
    Array,
    Candidates,
    Design,
    Dram,
    Gemm,
    Limits,
    Records,
    Shape,
    Tables,
)


@kernel(
    "boolean(Gemm, Design, Limits, Dram, Candidates, int64, boolean, Tables, Shape, int64[::1], int64[::1],"
    " int64[:, ::1], int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], Records, int64[::1], int64[::1],"
    " int64[::1])",
    types=(
        Gemm, Design, Limits, Dram, Candidates, Shape, (Tables, "int64[:, ::1]"), (Records, "int64[:, ::1]")
    ),
)  # fmt: skip
def run_masked(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, budget: int, is_pruned: bool,
    tables: Tables, shape: Shape, seen_0: Array, seen_1: Array, flights: Array, room: Array, states: Array,
    bounds: Array, records: Records, chosen: Array, result: Array, moved: Array,
) -> bool:  # fmt: skip
    """Find the best candidate and run it, see ``choose_and_run``; the arrays of a mask as in ``Kept``."""
    kept = Kept(tables, shape, seen_0, seen_1, flights, moved)
    return choose_and_run(
        gemm, design, limits, dram, candidates, budget, is_pruned, True, None, None, kept, room, states, bounds,
        records, chosen, result, moved,
    )  # fmt: skip
