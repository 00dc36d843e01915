"""Records of one GEMM's run behind the memories: its result, its bytes by level, its intervals."""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.array_passes import PassIndex
from pivotsim.kernels.memory.stalls import Flight
from pivotsim.kernels.types import Array

NEVER = 2**62  # a clock that no schedule reaches
AT_END = -1  # the clock of the last output, where that is not known before

# What `schedule` writes to its result: clocks and counts, the passes that it ran one by one, then stalls by cause.
TOTAL, LAST_OUTPUT, PASSES, LOADS, DRAINS, RUN, STALLS = range(7)
RESULT_FIELDS = STALLS + 4

# Columns of the recorded intervals.
LOAD_FIELDS = ("slot", "pass", "bytes", "from_dram", "half", "start", "end")
PASS_FIELDS = ("row", "col", "chunk", "load_start", "load_end", "stream_start", "stream_end", "registered")
DRAIN_FIELDS = ("bytes", "half", "start", "end")
BIAS_SLOT = 2


@inlined
def note_load(
    loads: Array, row: int, slot: int, number: int, size: int, is_dram: bool, half: int, flight: Flight
) -> None:
    """Record a load, in the order of LOAD_FIELDS."""
    for field, value in enumerate((slot, number, size, int(is_dram), half, flight.start, flight.end)):
        loads[row, field] = value


@inlined
def note_pass(passes: Array, row: int, at: PassIndex, load: int, lead: int, begin: int, done: int, output: int) -> None:
    """Record a pass, in the order of PASS_FIELDS."""
    for field, value in enumerate((at.i, at.j, at.t, load, load + lead, begin, done, output)):
        passes[row, field] = value


@inlined
def note_drain(drains: Array, row: int, size: int, half: int, flight: Flight, late: int) -> None:
    """Record a drain, in the order of DRAIN_FIELDS; its flight begins ``late`` clocks after its start."""
    for field, value in enumerate((size, half, flight.start - late, flight.end)):
        drains[row, field] = value
