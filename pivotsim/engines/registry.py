"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pivotsim.engines import analytic, memory_gemms, pe
from pivotsim.hardware.spec import ArraySpec, Hardware
from pivotsim.units import IntArray
from pivotsim.workload.masks import Mask
from pivotsim.workload.ops import Trace

Masks = Sequence[Mask | None]  # of each GEMM
# a trace and the hardware -> clocks of each of its GEMMs with its repeats, int64 (G,)
Engine = Callable[[Trace, Hardware], IntArray]
ENGINES: dict[str, Engine] = {
    "analytic": lambda trace, hw: analytic.cycles_per_gemm(trace.gemms, hw.array, trace.gemm_masks),
    "pe": lambda trace, hw: pe.cycles_per_gemm(trace.gemms, hw.array, trace.gemm_masks),
    "memory": lambda trace, hw: memory_gemms.cycles_per_gemm(trace.gemms, hw, trace.gemm_masks),
}
WITH_MEMORIES = ("memory",)  # engines that `memory: hw` means something to

# the same engines for an array alone, its memories without limits: (G, 4) rows of m, k, n, repeats, the array, masks
ArrayEngine = Callable[[IntArray, ArraySpec | Mapping[str, Any], Masks], IntArray]
ARRAY_ENGINES: dict[str, ArrayEngine] = {
    "analytic": analytic.cycles_per_gemm,
    "pe": pe.cycles_per_gemm,
    "memory": memory_gemms.cycles_without_limits,
}
