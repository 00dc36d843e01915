"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable

from pivotsim.engines import analytic, memory
from pivotsim.hardware.spec import Hardware
from pivotsim.units import IntArray

# (G, 4) rows of m, k, n, repeats and the hardware -> clocks of each GEMM with its repeats, int64 (G,)
Engine = Callable[[IntArray, Hardware], IntArray]
ENGINES: dict[str, Engine] = {
    "analytic": lambda gemms, hw: analytic.cycles_per_gemm(gemms, hw.array),
    "memory": memory.cycles_per_gemm,
}
WITH_MEMORIES = ("memory",)  # engines that `memory: hw` means something to
