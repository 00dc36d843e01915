"""What a run of one GEMM behind the memories writes down: its result, its bytes by level, its intervals."""

from pivotsim.kernels._jit import inlined
from pivotsim.kernels.memory.stalls import END, START, Flight
from pivotsim.kernels.memory.tiles import Array

NEVER = 2**62  # a clock that no schedule reaches

# What `schedule` writes to its result: clocks and counts, the passes that it ran one by one, then stalls by cause.
TOTAL, LAST_OUTPUT, PASSES, LOADS, DRAINS, RUN, STALLS = range(7)
RESULT_FIELDS = STALLS + 4

# Columns of the recorded intervals.
LOAD_FIELDS = ("slot", "pass", "bytes", "from_dram", "half", "start", "end")
PASS_FIELDS = ("row", "col", "chunk", "load_start", "load_end", "stream_start", "stream_end", "registered")
DRAIN_FIELDS = ("bytes", "half", "start", "end")
BIAS_SLOT = 2


@inlined
def note(loads: Array, row: int, what: tuple[int, int, int, int, int], flight: Flight) -> None:
    """Record a load: slot, pass, bytes, whether from DRAM, half, and when."""
    for field, value in enumerate(what):
        loads[row, field] = value
    loads[row, 5], loads[row, 6] = flight[START], flight[END]
