"""Engine `memory`: the array behind the hardware's memories, or behind memories without limits."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pivotsim.engines.array.calls import with_calls
from pivotsim.engines.array.engine import ArrayEngine, counts_of_trace
from pivotsim.engines.base import HW, PAPER, EngineRun, GemmMasks
from pivotsim.engines.counts import counts_by_level
from pivotsim.errors import InputError, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.kinds.systolic import as_systolic
from pivotsim.hardware.spec import Hardware
from pivotsim.units import IntArray
from pivotsim.workload.ops import Trace


class Memory(ArrayEngine):
    """Clocks with stalls, pass by pass."""

    name: ClassVar[str] = "memory"
    memories: ClassVar[tuple[str, ...]] = (PAPER, HW)

    def cycles_per_gemm(
        self, gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: GemmMasks = ()
    ) -> IntArray:  # fmt: skip
        """Return the clocks of each GEMM where nothing limits."""
        from pivotsim.engines.memory.trace_gemms import cycles_without_limits

        return cycles_without_limits(gemms, array, masks)

    def run(self, trace: Trace, hw: Hardware, memory: str = PAPER) -> EngineRun:
        """Return clocks with stalls; bytes as the memories move them, or as an array without limits would."""
        from pivotsim.engines.memory.details import MemoryDetails
        from pivotsim.engines.memory.use import gemm_cycles, memory_uses

        board = as_systolic(hw, "engine")
        is_limited = memory == HW
        if board.array.count > 1:
            if is_limited:
                problem = "several arrays run with memories without limits alone, memory 'paper'"
                raise InputError(f"array.count: {problem} {got(board.array.count)}")
            return super().run(trace, board, memory)
        if not is_limited:
            board = board.without_memory_limits()
        uses = memory_uses(trace, board)
        details = MemoryDetails(uses, board, is_limited)
        cycles = with_calls(np.array(gemm_cycles(uses), dtype=np.int64), trace, board)
        if is_limited:
            return EngineRun(cycles, details, lambda: counts_by_level(trace.macs, details.moved_bytes))
        return EngineRun(cycles, details, lambda: counts_of_trace(trace, board.array))

    def values_read(self, memory: str) -> tuple[str, ...]:
        """Return the memories, where they limit."""
        return ("memories",) if memory == HW else ()

    def batched(self, memory: str) -> str:
        """Return that arrays and memories vary in one call, where memories limit."""
        return "memories" if memory == HW else ""
