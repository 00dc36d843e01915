"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable, Mapping
from typing import Any

from pivotsim.engines import analytic, memory, pe
from pivotsim.hardware.spec import ArraySpec, Hardware
from pivotsim.units import IntArray

# (G, 4) rows of m, k, n, repeats and the hardware -> clocks of each GEMM with its repeats, int64 (G,)
Engine = Callable[[IntArray, Hardware], IntArray]
ENGINES: dict[str, Engine] = {
    "analytic": lambda gemms, hw: analytic.cycles_per_gemm(gemms, hw.array),
    "pe": lambda gemms, hw: pe.cycles_per_gemm(gemms, hw.array),
    "memory": memory.cycles_per_gemm,
}
WITH_MEMORIES = ("memory",)  # engines that `memory: hw` means something to

# the same engines for an array alone, its memories without limits
ArrayEngine = Callable[[IntArray, ArraySpec | Mapping[str, Any]], IntArray]
ARRAY_ENGINES: dict[str, ArrayEngine] = {
    "analytic": analytic.cycles_per_gemm,
    "pe": pe.cycles_per_gemm,
    "memory": memory.cycles_without_limits,
}
