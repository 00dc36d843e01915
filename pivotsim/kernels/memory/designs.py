"""GEMMs on designs behind memories, each with its best candidate: one GEMM on one design, or many on many.

API twins: engines/memory/schedule.py and many_designs.py.
"""

from pivotsim.kernels._jit import pasted
from pivotsim.kernels.memory.search import CLOCKS, choose_and_run
from pivotsim.kernels.memory.tiles import DRAM_READ, DRAM_WRITE
from pivotsim.kernels.types import Array, Candidates, Channel, Design, Dram, Gemm, Limits, Records

# What is found of each GEMM, and how one that exceeds the budget is marked.
CYCLES, SRAM_BYTES, DRAM_BYTES = range(3)
OVER_BUDGET = -1
SIGNATURE = (
    "void(int64[:, ::1], int64[:, ::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64, boolean,"
    " boolean, int64[:, :, :, ::1], int64[:, :, ::1], Records, int64[::1], int64[::1], int64[::1], int64[:, :, ::1]"
)
TYPES = ((Records, "int64[:, ::1]"), (Channel, "int64[:, ::1]"))


@pasted
def run_each(
    gemms: Array, designs: Array, behind: Array, limits: Array, drams: Array, candidates: Array, budget: int,
    is_pruned: bool, is_run: bool, room: Array, states: Array, records: Records, chosen: Array, result: Array,
    moved: Array, found: Array, reads: Channel | None, writes: Channel | None,
) -> None:  # fmt: skip
    """Fill ``found`` (D, G, 3) with clocks, SRAM bytes and DRAM bytes of each GEMM on each design.

    Parameters
    ----------
    gemms : int64 (G, 3)
        Rows of ``Gemm``.
    designs : int64 (D, 11)
        Rows of ``Design``.
    behind : int64 (D,)
        Which memories each design has.
    limits, drams : int64 (M, 12), (M, 8)
        Rows of ``Limits`` and ``Dram``.
    candidates : int64 (D, G, 4)
        Rows of ``Candidates``; a GEMM whose largest chunk is 0 is left alone.
    budget : int
        As in ``choose``; the clocks of a GEMM that exceeds it become OVER_BUDGET.
    is_pruned, is_run, room, states, records, chosen, result, moved, reads, writes
        As in ``choose_and_run``; what they hold afterwards is of the last GEMM on the last design.
    """
    for d in range(len(designs)):
        a, b, c = designs[d], limits[behind[d]], drams[behind[d]]
        design = Design(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10])
        limit = Limits(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11])
        dram = Dram(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7])
        for g in range(len(gemms)):
            gemm, row = Gemm(gemms[g, 0], gemms[g, 1], gemms[g, 2]), candidates[d, g]
            programs = Candidates(row[0], row[1], row[2], row[3])
            if programs.most_chunk == 0:
                continue
            if not choose_and_run(
                gemm, design, limit, dram, programs, budget, is_pruned, is_run, reads, writes, None, room, states,
                records, chosen, result, moved,
            ):  # fmt: skip
                found[d, g, CYCLES] = OVER_BUDGET
                continue
            from_dram = moved[DRAM_READ] + moved[DRAM_WRITE]
            found[d, g, CYCLES], found[d, g, DRAM_BYTES] = chosen[CLOCKS], from_dram
            found[d, g, SRAM_BYTES] = moved.sum() - from_dram
