"""The program of one GEMM: descriptors of loads, tiles, streams and drains, from the engine's own static lists.

Which passes there are, which unit is loaded when, into which half, from where, and what drains, are the static columns
of engine `memory`'s records, dense or masked; when the array takes the next tile or stream is the engine's own function
of the pass before. What stands here is only what hardware needs besides: addresses, lanes, and the counts that the
three sequencers wait for.

Words are those of verilog/accelerator.v and pass_sequencer.v, whose fields stand here in the same order.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import MemoryLimits
from pivotsim.engines.memory.schedule import AUTO, record_gemm
from pivotsim.errors import InputError, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import OPERAND_MEMORY
from pivotsim.kernels.memory.array_passes import after_pass
from pivotsim.kernels.types import SETTLED
from pivotsim.rtl.buildable import check_limits, ports
from pivotsim.rtl.descriptors import Drain, Load, Stream, Tile, Unit
from pivotsim.rtl.program import BIAS_BYTES, Program
from pivotsim.rtl.regions import Region, regions_of
from pivotsim.rtl.units import Run, Units, runs
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask

IPMEM, WTMEM, BIAS = range(3)  # where a load goes to
MEMORY_CODE = {"ipmem": IPMEM, "wtmem": WTMEM}
BIAS_SLOT = 2


def program_of(
    m: int,
    k: int,
    n: int,
    array: ArraySpec | Mapping[str, Any],
    limits: MemoryLimits,
    *,
    loop_order: str = AUTO,
    chunk: int = 0,
    mask: Mask | None = None,
    copy: int = 0,
) -> Program | DoesNotFit:
    """Return the program of an (m, k) x (k, n) GEMM, or what does not fit; parameters as ``run_gemm``'s.

    Raises
    ------
    InputError
        A value is not valid, the Verilog does not have it, or nothing says how wide hardware must be.
    """
    check_limits(limits)
    run = record_gemm(m, k, n, array, limits, loop_order=loop_order, chunk=chunk, mask=mask, copy=copy)
    if isinstance(run, DoesNotFit):
        return run
    design, flow = design_of(array), dataflow_of(array)
    if mask is not None and mask.operand == "out" and limits.bias and flow.stream == "n":
        raise InputError(
            "memories.bias: must be false in hardware for input stationary GEMMs whose outputs have a mask (got true)"
        )
    contents = Units((m, k, n), design, flow, run.result.chunk, run.passes[:, :3], mask, copy)
    program = Program((m, k, n), design, flow, limits, run, contents, narrow_column=design.cols - 1)
    of_rows, of_cols, streamed = flow.sizes(m, k, n)
    counts = -(-of_rows // design.rows), -(-of_cols // design.cols), -(-streamed // run.result.chunk)
    order = flow.loop_orders.index(run.result.loop_order)
    program.regions = list(regions_of(contents, design, counts, order, run.passes[:, :3]))
    _lay_out(program)
    _Writer(program).write()
    return program


def _lay_out(program: Program) -> None:
    """Give every unit its place in DRAM, in the order of first use, then bias and outputs."""
    address, load = 0, program.prediction.loads.tolist()
    for slot, number, size, *_ in load:
        if slot == BIAS_SLOT:
            continue
        unit = program.unit_of(slot, number)
        if unit not in program.units:
            program.units[unit] = address
            address += size
    program.bias_address = address
    program.output_address = address + (BIAS_BYTES * program.sizes[2] if program.limits.bias else 0)
    program.dram_bytes = program.output_address + int(program.prediction.drains[:, 0].sum())


class _Writer:
    """Walks through the engine's passes once and writes all descriptors."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.held: dict[tuple[int, int], tuple[Unit, int]] = {}  # (memory, half) -> unit, loads until it is there
        self.last_use: dict[tuple[int, int], int] = {}  # passes until a half's unit was used last
        self.kept: dict[Unit, int] = {}  # address in the global buffer
        self.before: tuple[int, int, IntArray] | None = None  # of the region's pass before: see _check_spacing
        self.residents: set[int] = set()
        self.folds = 0
        self.bias_loads = 0

    def write(self) -> None:
        program = self.program
        waiting = deque(program.prediction.loads.tolist())
        self.residents = self._residents(list(waiting))
        steps = [len(program.contents.needed(*row)) for row in program.prediction.passes[:, :3].tolist()]
        folds = [sum(steps[one] for one in region.passes) for region in program.regions if region.passes]
        following = iter([*folds[1:], program.dataflow.sizes(*program.sizes)[2]])
        for number, region in enumerate(program.regions):
            self.before = None
            next_steps = next(following) if region.passes else 0
            for one in region.passes:
                while waiting and waiting[0][1] == one:
                    self._load(waiting.popleft())
                self._pass(number, region, one, next_steps)
            if waiting and waiting[0][0] == BIAS_SLOT:  # the first region has no pass
                self._load(waiting.popleft())
            self._drain(number, region)

    def _memory(self, slot: int) -> int:
        return MEMORY_CODE[OPERAND_MEMORY[self.program.dataflow.fetched[slot]]]

    def _half_bytes(self, memory: int) -> int:
        return self.program.limits.half_bytes(("ipmem", "wtmem")[memory]) or 0

    def _lanes(self, memory: str, from_dram: bool) -> int:
        widths, axi = ports(self.program.limits)[memory], self.program.limits.axi_bytes_per_cycle
        return min([*widths, axi] if from_dram and axi is not None else widths)

    def _residents(self, loads: list[list[int]]) -> set[int]:
        """Return the slots whose units together take no more than their operand's share of the global buffer."""
        units = {(slot, self.program.unit_of(slot, one)): size for slot, one, size, *_ in loads if slot != BIAS_SLOT}
        shares = self.program.limits.input_share_bytes, self.program.limits.weight_share_bytes
        found = set()
        for slot in (0, 1):
            share, total = shares[self._memory(slot)], sum(size for (of, _), size in units.items() if of == slot)
            found |= {slot} if share is None or total <= share else set()
        return found

    def _load(self, load: list[int]) -> None:
        program = self.program
        slot, number, size, from_dram, half, *_ = load
        if slot == BIAS_SLOT:
            lanes = self._lanes("bias", True)
            program.loads.append(Load(BIAS, 1, 0, size, lanes, 0, 0, 0, program.bias_address, size))
            self.bias_loads = len(program.loads)
            return
        memory, unit = self._memory(slot), program.unit_of(slot, number)
        keeps = from_dram and slot in self.residents
        if keeps:
            self.kept[unit] = program.buffer_bytes
            program.buffer_bytes += size
        program.loads.append(
            Load(
                memory, from_dram, int(keeps), size, self._lanes(("ipmem", "wtmem")[memory], bool(from_dram)),
                half * self._half_bytes(memory), self.kept.get(unit, 0), self.last_use.get((memory, half), 0),
                program.units[unit], int(program.contents.content(unit).lanes.sum()),
            )
        )  # fmt: skip
        self.held[memory, half] = (unit, len(program.loads))

    def _use(self, slot: int, number: int) -> tuple[int, int]:
        """Return a unit's address, and the loads after which it is there."""
        memory, unit = self._memory(slot), self.program.unit_of(slot, number)
        half = next(half for half in (0, 1) if (memory, half) in self.held and self.held[memory, half][0] == unit)
        self.last_use[memory, half] = number + 1
        return half * self._half_bytes(memory), self.held[memory, half][1]

    def _pass(self, number: int, region: Region, one: int, next_steps: int) -> None:
        """Write the tile and the stream of pass ``one``; the next region's passes stream ``next_steps`` in all."""
        program, design = self.program, self.program.design
        i, j, t = program.prediction.passes[one, :3].tolist()
        rows, cols = len(program.part("rows", i)), len(program.part("cols", j))
        streamed = program.contents.needed(i, j, t)
        extent, width = (rows, cols) if design.edge_aware else (design.rows, design.cols)
        is_first, is_last = one == region.passes.start, one == region.passes.stop - 1
        _, tile_after, stream_after = after_pass(0, len(streamed), extent, width, next_steps, is_last, design)
        drains, halves = bool(design.drains), program.limits.halves("opmem")
        (first_address, first_loads), (second_address, second_loads) = (self._use(slot, one) for slot in (0, 1))
        first, second = (program.contents.content(program.unit_of(slot, one)) for slot in (0, 1))
        claims = is_last if drains else is_first
        waits = max(0, number - halves + 1) if claims else 0
        if drains:
            sent, entries = [first.at(streamed), second.at(streamed)], np.arange(len(streamed))
            x_address, y_address, loads = first_address, second_address, max(first_loads, second_loads)
        else:
            program.tiles += self._tiles(list(runs([first], np.arange(rows))), rows, extent, first_address, first_loads)
            sent, entries = [second.at(streamed)], np.searchsorted(region.entries, streamed)
            x_address, y_address, loads = second_address, 0, second_loads
        for run in runs(sent, entries):
            (x_begins, y_begins), (x_bytes, y_bytes), (x_lanes, y_lanes) = (
                (*of, 0)[:2] for of in (run.starts, run.widths, run.lanes)
            )
            program.streams.append(
                Stream(
                    rows, cols, extent, run.size, x_address + x_begins, y_address + y_begins, loads, waits,
                    0 if drains else tile_after, stream_after, 0 if drains else int(entries[run.first]),
                    int(is_first or not drains), int(is_last or not drains), int(not drains and not is_first),
                    number % halves, x_bytes, y_bytes, x_lanes, y_lanes, int(run.first == 0),
                    int(run.first + run.size == len(streamed)),
                )
            )  # fmt: skip
        if not drains:
            self._check_spacing(extent, entries)
            self.before = stream_after, tile_after, entries

    def _tiles(self, found: list[Run], rows: int, extent: int, address: int, loads: int) -> Iterator[Tile]:
        """Yield a tile's descriptors; empty rows up to its extent are sent after it, `settled` before it."""
        ends = 0 if self.program.design.fold_overlap == SETTLED else len(found) - 1
        for order, run in enumerate(found):
            empty = extent - rows if order == ends else 0
            yield Tile(
                run.size, run.widths[0], run.size + empty, address + run.starts[0], loads, run.lanes[0],
                int(order == 0), int(order == len(found) - 1),
            )  # fmt: skip

    def _check_spacing(self, extent: int, entries: IntArray) -> None:
        """Raise InputError where sums may come sooner after those that they are added to than OPMEM answers."""
        if self.before is None:
            return
        stream_after, tile_after, entries_before = self.before
        answer, apart = self.program.limits.buffer_read_cycles, max(stream_after, tile_after + extent)
        _, steps_before, steps = np.intersect1d(entries_before, entries, assume_unique=True, return_indices=True)
        if (apart + steps - steps_before < answer).any():
            raise InputError(
                "memories.buffer_read_cycles: sums that are added to those of another pass follow them too soon"
                f" {got(answer)}; try 1, fold_overlap none or another chunk"
            )

    def _drain(self, number: int, region: Region) -> None:
        program, design, limits = self.program, self.program.design, self.program.limits
        cols = len(program.part("cols", region.col))
        self.folds += int(len(region.passes) > 0)
        narrow = bool(design.edge_aware) and cols < design.cols
        if narrow:
            program.narrow_column = cols - 1
        by_column = program.dataflow.cols == "n"  # a bias per column of the array, or per entry
        first = program.part("cols", region.col).start if by_column else int(region.entries[0])
        passes = self.folds if design.drains else region.passes.stop
        before = program.drains[-1] if program.drains else None
        program.drains.append(
            Drain(
                number % limits.halves("opmem"), int(narrow), len(region.entries), cols * program.out_bytes, 0,
                self._lanes("DRAM", True), passes if region.passes else 0, self.bias_loads, BIAS_BYTES * first,
                0 if by_column else BIAS_BYTES, len(region.entries) * cols * program.out_bytes,
                before.dram_address + before.size_bytes if before else program.output_address,
            )
        )  # fmt: skip
        program.entries = max(program.entries, len(region.entries))
