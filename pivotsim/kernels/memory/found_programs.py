"""The search for the fastest program and the run of the winner: of one GEMM, or of many on many designs.

API twins: engines/memory/schedule.py and many_designs.py, through the kernels of entries/.
"""

from pivotsim.kernels._jit import pasted
from pivotsim.kernels.memory.array_passes import design_as_run
from pivotsim.kernels.memory.mask_tables import Kept
from pivotsim.kernels.memory.records import AT_END, NEVER, RESULT_FIELDS
from pivotsim.kernels.memory.schedule import Floors, schedule
from pivotsim.kernels.memory.search import (
    CANDIDATES,
    CHUNK,
    CLOCKS,
    IS_CHARGED,
    MOVED,
    ORDER,
    RESULT,
    TAIL_FROM,
    choose,
)
from pivotsim.kernels.memory.tiles import DRAM_READ, DRAM_WRITE, GB_INPUT_READ, LEVELS, count_bytes, cut
from pivotsim.kernels.types import Array, Candidates, Channel, Design, Dram, Gemm, Limits, Records

# What is found of each GEMM, and how one that exceeds the budget is marked.
CYCLES, SRAM_BYTES, DRAM_BYTES = range(3)
OVER_BUDGET = -1
SIGNATURE = (
    "void(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64, boolean,"
    " boolean, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], Records, int64[::1], int64[::1], int64[::1],"
    " int64[:, ::1]"
)
TYPES = ((Records, "int64[:, ::1]"), (Channel, "int64[:, ::1]"))


@pasted
def choose_and_run(
    gemm: Gemm, design: Design, limits: Limits, dram: Dram, candidates: Candidates, budget: int, is_pruned: bool,
    is_run: bool, reads: Channel | None, writes: Channel | None, kept: Kept | None, room: Array, states: Array,
    bounds: Array, records: Records, chosen: Array, result: Array, moved: Array,
) -> bool:  # fmt: skip
    """Find the best candidate and write its clocks and bytes; False if over the budget.

    Parameters as in ``choose``; ``is_run`` runs the best candidate once more for its stalls and ``records``. ``moved``
    (16,) takes the bytes by level; under a mask it is that of ``kept``.
    """
    design = design_as_run(design, limits)
    # commands and masks make a run dear: where it charges its stalls, the best needs no second one
    is_dear = kept is not None or (reads is not None and limits.output_halves > 0)
    charges = is_run and is_dear and len(records.drains) == 0
    if not choose(
        gemm, design, limits, dram, candidates, budget, is_pruned, AT_END if charges else NEVER, reads, writes, kept,
        room, states, bounds, records, chosen, result,
    ):  # fmt: skip
        return False
    order, chunk = chosen[ORDER], chosen[CHUNK]
    if chosen[IS_CHARGED]:
        for field in range(RESULT_FIELDS):
            result[field] = chosen[RESULT + field]
        if kept is not None:
            for level in range(LEVELS):
                moved[level] = chosen[MOVED + level]
    elif is_run:
        schedule(
            gemm, design, limits, dram, order, chunk, Floors(0, 0, NEVER), chosen[TAIL_FROM], False, reads, writes,
            kept, chosen[CANDIDATES] + 1, room, states, records, result,
        )  # fmt: skip
    if kept is None:
        count_bytes(gemm, design, limits, order, cut(gemm, design, limits, chunk), moved)
    return True


@pasted
def run_each(
    gemms: Array, designs: Array, limits: Array, drams: Array, tasks: Array, candidates: Array, budget: int,
    is_pruned: bool, is_run: bool, room: Array, states: Array, bounds: Array, records: Records, chosen: Array,
    result: Array, moved: Array, found: Array, reads: Channel | None, writes: Channel | None,
) -> None:  # fmt: skip
    """Fill ``found`` (P, 3) with clocks, SRAM bytes and DRAM bytes of each task.

    A search may have the answer of the one before: where that had the same candidates and larger chunks, and its winner
    is one of these.

    Parameters
    ----------
    gemms : int64 (G, 6)
        Rows of ``Gemm``, then the bits of an element of inputs, weights and outputs.
    designs : int64 (D, 12)
        Rows of ``Design``.
    limits, drams : int64 (M, 24), (M, 14)
        Rows of ``Limits`` and ``Dram``; bits are read from ``gemms``.
    tasks : int64 (P, 4)
        A GEMM, a design, its memories; 1 where all three and the candidates are those of the task before, but for the
        largest chunk, which is no larger.
    candidates : int64 (P, 4)
        Rows of ``Candidates``.
    budget : int
        As in ``choose``; the clocks of a GEMM that exceeds it become OVER_BUDGET.
    is_pruned, is_run, room, states, bounds, records, chosen, result, moved, reads, writes
        As in ``choose_and_run``; what they hold afterwards is of the last task that was searched.
    """
    for p in range(len(tasks)):
        g, d, behind, follows = tasks[p]
        e, a, b, c, row = gemms[g], designs[d], limits[behind], drams[behind], candidates[p]  # in the fields' order
        programs = Candidates(row[0], row[1], row[2], row[3])
        if follows and 0 < chosen[CHUNK] <= programs.most_chunk:
            for field in range(3):
                found[p, field] = found[p - 1, field]
            continue
        gemm = Gemm(e[0], e[1], e[2])
        design = Design(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11])
        limit = Limits(
            b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
            b[16], b[17], b[18], b[19], b[20], e[3], e[4], e[5],
        )  # fmt: skip
        dram = Dram(c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11], c[12], c[13])
        if not choose_and_run(
            gemm, design, limit, dram, programs, budget, is_pruned, is_run, reads, writes, None, room, states, bounds,
            records, chosen, result, moved,
        ):  # fmt: skip
            found[p, CYCLES], chosen[CHUNK] = OVER_BUDGET, 0
            continue
        from_dram = moved[DRAM_READ] + moved[DRAM_WRITE]
        found[p, CYCLES], found[p, DRAM_BYTES] = chosen[CLOCKS], from_dram
        sram_bytes = 0
        for level in range(GB_INPUT_READ, LEVELS):
            sram_bytes += moved[level]
        found[p, SRAM_BYTES] = sram_bytes
