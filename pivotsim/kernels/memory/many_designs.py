"""Many designs behind memories in one call: each GEMM's best candidate (API twin: engines/memory/many_designs.py)."""

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.memory.search import CHUNK, CLOCKS, ORDER, choose
from pivotsim.kernels.memory.tiles import DRAM_READ, DRAM_WRITE, Array, Ints, count_bytes
from pivotsim.kernels.memory.transfers import CHANNELS, Channels

# What `run_designs` finds, and how a GEMM that exceeds the budget is marked.
CYCLES, SRAM_BYTES, DRAM_BYTES = range(3)
OVER_BUDGET = -1


@inlined
def design_of(row: Array) -> Ints:
    """Return the 7 fields of an array."""
    return row[0], row[1], row[2], row[3], row[4], row[5], row[6]


@inlined
def dram_of(row: Array) -> Ints:
    """Return the 9 fields of a DRAM."""
    return row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8]


@inlined
def limits_of(row: Array) -> Ints:
    """Return the 12 fields of limited memories."""
    return row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11]


@kernel(
    "void(int64[:, ::1], int64[:, ::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64,"
    f" {CHANNELS}, int64[:, :, :, ::1], int64[:, :, ::1], int64[:, ::1], int64[::1], int64[::1], int64[::1],"
    " int64[:, :, ::1])"
)
def run_designs(
    gemms: Array, designs: Array, behind: Array, limits: Array, dram: Array, candidates: Array, budget: int,
    channels: Channels, room: Array, states: Array, none: Array, chosen: Array, result: Array, moved: Array,
    found: Array,
) -> None:  # fmt: skip
    """Fill ``found`` (D, G, 3) with clocks, SRAM bytes and DRAM bytes of each GEMM on each design.

    Parameters
    ----------
    gemms : int64 (G, 3)
        m, k, n.
    designs : int64 (D, 7)
        Arrays, in the order of kernels/array/closed_form.py.
    behind : int64 (D,)
        Which memories each design has.
    limits, dram : int64 (M, 12), (M, 9)
        Memories and DRAM as in tiles.py and transfers.py; no channel issues commands.
    candidates : int64 (D, G, 4)
        First loop order, last loop order, least chunk, most; a GEMM whose most is 0 is left alone.
    budget : int
        As in ``choose``; the clocks of a GEMM that exceeds it become OVER_BUDGET.
    channels, room, states, none, chosen, result : arrays
        As in ``choose``, to work in.
    moved : int64 (16,)
        To work in.
    """
    for d in range(len(designs)):
        design, limit, memory = design_of(designs[d]), limits_of(limits[behind[d]]), dram_of(dram[behind[d]])
        for g in range(len(gemms)):
            first, last, least, most = (
                candidates[d, g, 0],
                candidates[d, g, 1],
                candidates[d, g, 2],
                candidates[d, g, 3],
            )
            if most == 0:
                continue
            gemm = (gemms[g, 0], gemms[g, 1], gemms[g, 2])
            if not choose(
                gemm, design, limit, memory, (first, last, least, most), budget, True, channels, room, states, none,
                chosen, result,
            ):  # fmt: skip
                found[d, g, CYCLES] = OVER_BUDGET
                continue
            count_bytes(gemm, design, limit, chosen[ORDER], chosen[CHUNK], moved)
            from_dram = moved[DRAM_READ] + moved[DRAM_WRITE]
            found[d, g, CYCLES], found[d, g, SRAM_BYTES], found[d, g, DRAM_BYTES] = (
                chosen[CLOCKS], moved.sum() - from_dram, from_dram
            )  # fmt: skip
