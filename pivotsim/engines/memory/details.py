"""Details of a run behind memories: stalls, traffic and choices by module, and the spans of each GEMM."""

from collections.abc import Iterator
from typing import Any

from pivotsim.engines.array.engine import FoldDetails
from pivotsim.engines.base import Span
from pivotsim.engines.memory.modes import modes_in_words
from pivotsim.engines.memory.spans import spans_behind_memories
from pivotsim.engines.memory.use import MemoryUse, by_module, memory_bound, moved_bytes, stall_cycles
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.tables import Table, number
from pivotsim.workload.masks.masks import Mask


class MemoryDetails(FoldDetails):
    """The uses that GEMMs make of the memories; without limits there is no traffic to tell of, and folds are steps.

    Attributes
    ----------
    uses : tuple of MemoryUse
        One per GEMM, or per copy of its mask.
    is_limited : bool
        Whether the memories are the hardware's own.
    """

    def __init__(self, uses: tuple[MemoryUse, ...], hw: SystolicHardware, is_limited: bool) -> None:
        super().__init__(hw.array)
        self.uses, self.hw, self.is_limited = uses, hw, is_limited
        self.step = "pass" if is_limited else "fold"

    @property
    def stall_cycles(self) -> dict[str, int]:
        """Idle clocks of the array by cause: weight, input, output, dram."""
        return stall_cycles(self.uses)

    @property
    def moved_bytes(self) -> dict[str, int]:
        """Bytes of every memory level and direction."""
        return moved_bytes(self.uses)

    def to_dict(self) -> dict[str, Any]:
        """Return stalls, bytes, choices by module, and the GEMMs whose roofline is DRAM's."""
        if not self.is_limited:
            return {}
        return {
            "stall_cycles": self.stall_cycles,
            "moved_bytes": self.moved_bytes,
            "memory_by_module": by_module(self.uses),
            "memory_bound": memory_bound(self.uses),
            **({"memory_modes": modes} if (modes := list(modes_in_words(self.hw.memories, self.hw.array))) else {}),
        }

    def tables(self) -> tuple[Table, ...]:
        """Return stalls, traffic and choices by module, their sums, and what DRAM bounds."""
        if not self.is_limited:
            return ()
        modules, stalls, moved = by_module(self.uses), self.stall_cycles, self.moved_bytes
        causes = (f"{cause} stall" for cause in stalls)
        columns = (
            "module", "clocks", "unlimited", "for chunks", *causes, "roofline", "DRAM, MB", "loop order", "chunk",
        )  # fmt: skip
        rows = []
        for module, row in modules.items():
            clocks = (row["cycles"], row["unlimited_cycles"], row["chunk_cycles"], *row["stall_cycles"].values())
            bound = f"{row['roofline_cycles']:,}, {row['roofline_bound']}"
            choice = (number(row["dram_bytes"] / 1e6), row["loop_order"], row["chunk"])
            rows.append((module, *(f"{count:,}" for count in clocks), bound, *choice))
        unlimited, chunks = (sum(row[key] for row in modules.values()) for key in ("unlimited_cycles", "chunk_cycles"))
        stalled = sum(stalls.values())
        read, written = number(moved["dram_read"] / 1e6), number(moved["dram_write"] / 1e6)
        counts: dict[str, int] = {}
        for entry in memory_bound(self.uses):
            name = f"{entry['module']} ({entry['bound']}{', by its mask' if entry['by_mask'] else ''})"
            counts[name] = counts.get(name, 0) + 1
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        closing: tuple[str, ...] = (
            f"array: {unlimited + chunks + stalled:,} clocks = {unlimited:,} with unlimited memories"
            f" + {chunks:,} to reload and refill it for each chunk + {stalled:,} stalled",
            f"DRAM: {read} MB read, {written} MB written; its stalls include those of the AXI ports",
            f"GEMMs whose roofline is DRAM's: {listed or 'none'}",
        )
        closing += tuple(modes_in_words(self.hw.memories, self.hw.array))
        return (Table("", columns, rows, (1, 2, 3, 4, 5, 6, 7, 8, 9, 11), closing),)

    def count_steps(self, m: int, k: int, n: int) -> int | None:
        """Return the folds where nothing limits; how many passes there are, only running a GEMM tells."""
        return None if self.is_limited else super().count_steps(m, k, n)

    def spans(
        self, m: int, k: int, n: int, per_step: bool, mask: Mask | None = None, copy: int = 0,
        bits: tuple[int, int, int] = (8, 8, 8),
    ) -> Iterator[Span]:  # fmt: skip
        """Yield the array's phases, both DMA directions and the halves of the buffers."""
        if self.is_limited:
            return spans_behind_memories(m, k, n, self.hw, per_step, mask, copy, bits)
        return super().spans(m, k, n, per_step, mask, copy, bits)
