"""Engine `serial`: each multiplication of a trace as a descriptor of the serial tile machine."""

from typing import Any, ClassVar

import numpy as np

from pivotsim.engines.base import HW, PAPER, Details, Engine, EngineRun
from pivotsim.engines.counts import Counts
from pivotsim.engines.serial.tiles import Descriptor, TileClocks, tile_clocks
from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.serial import SerialSpec, as_serial
from pivotsim.hardware.spec import Hardware
from pivotsim.tables import Table, percent
from pivotsim.units import INT64_MAX
from pivotsim.workload.ops import Op, Trace

OF_HEADS = ("qkt", "sv")  # heads stand in banks side by side, and there is no bias
SUMS = ("qkt", "head")  # results that leave as whole sums
PARTS = ("a", "b", "bias", "multiply", "post", "write_back", "control", "descriptor")


class Serial(Engine):
    """Clocks of descriptors that run one after the other."""

    name: ClassVar[str] = "serial"
    kind: ClassVar[str] = "serial"
    memories: ClassVar[tuple[str, ...]] = (HW, PAPER)

    def run(self, trace: Trace, hw: Hardware, memory: str = HW) -> EngineRun:
        """Return the clocks of each GEMM; the port is part of them, so `memory` makes no difference."""
        spec = as_serial(hw, "engine").serial
        if any(mask is not None for mask in trace.gemm_masks):
            raise InputError(f"{trace.name}: engine 'serial' runs dense matrices only {got('a mask')}")
        found = [(op.module, times, tile_clocks(work, spec)) for op, times, work in descriptors_of(trace)]
        cycles = [times * clocks.total for _, times, clocks in found]
        if sum(cycles) > INT64_MAX:
            raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(sum(cycles))}")
        moved = sum(times * (c.read_beats + c.write_beats) for _, times, c in found) * spec.port.beat_bytes
        return EngineRun(
            np.array(cycles, dtype=np.int64),
            SerialDetails(found, spec),
            lambda: Counts(trace.macs, dram_bytes=moved),
        )


def descriptors_of(trace: Trace) -> list[tuple[Op, int, Descriptor]]:
    """Return (operation, times that it runs, descriptor) of each GEMM.

    Heads of QK^T and SV share one descriptor; other repeats run one by one. A GELU that follows is the function that
    the results pass.
    """
    found = []
    ops = [op for op in trace if op.kind != "requant"]  # free at the edge, and between a GEMM and its GELU
    for place, op in enumerate(ops):
        if op.kind != "gemm":
            continue
        is_of_heads = op.module in OF_HEADS
        after = ops[place + 1 : place + 2]
        post = "gelu" if [each.encoder for each in after if each.kind == "gelu"] == [op.encoder] else ""
        descriptor = Descriptor(
            op.m, op.k, op.n, op.repeats if is_of_heads else 1, post,
            transposed=op.module == "qkt", has_bias=not is_of_heads, is_sum=op.module in SUMS,
        )  # fmt: skip
        found.append((op, 1 if is_of_heads else op.repeats, descriptor))
    return found


class SerialDetails(Details):
    """Where the clocks of each module go."""

    def __init__(self, found: list[tuple[str, int, TileClocks]], spec: SerialSpec) -> None:
        self.found, self.spec = found, spec

    def by_module(self) -> dict[str, dict[str, int]]:
        """Return {module: clocks by part}."""
        table: dict[str, dict[str, int]] = {}
        for module, times, clocks in self.found:
            row = table.setdefault(module, dict.fromkeys(PARTS, 0))
            for part in PARTS:
                row[part] += times * getattr(clocks, part)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return the clocks by module and part."""
        return {"serial_by_module": self.by_module()} if self.found else {}

    def tables(self) -> tuple[Table, ...]:
        """Return the clocks by module and part."""
        if not self.found:
            return ()
        table = self.by_module()
        rows = [(module, *(f"{row[part]:,}" for part in PARTS)) for module, row in table.items()]
        total = sum(sum(row.values()) for row in table.values())
        share = sum(row["multiply"] for row in table.values()) / total
        closing = f"nothing overlaps: the multipliers work in {percent(share)} of these clocks;"
        more = "the port is part of each of them, so that memory paper gives the same"
        columns = ("module", "read A", "read B", "bias", "multiply", "post", "write", "control", "descriptor")
        return (Table("", columns, rows, tuple(range(1, 9)), (f"{closing} {more}",)),)
