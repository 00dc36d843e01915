"""layer_program(): from the steps of integer inference to entries, tables and a map of DRAM."""

from collections.abc import Sequence

import numpy as np

from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.pl_units.operations import MAX_OPERATIONS, UnitOperation
from pivotsim.engines.pl_units.passes import DramPort, pass_cycles
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.steps import Gemm, Operation, Step
from pivotsim.rtl.buildable import check_board
from pivotsim.rtl.compiler import BIAS_SLOT
from pivotsim.rtl.layers.memory_map import copy_kind
from pivotsim.rtl.layers.program import (
    COMPUTE,
    GATE,
    End,
    Entry,
    LayerProgram,
    Path,
    Product,
    Stop,
    UnitPass,
)
from pivotsim.rtl.layers.tensor_map import TensorMap, Use
from pivotsim.rtl.layers.units.passes import PassWriter
from pivotsim.rtl.layers.units.placement import Placed, constants_of, place_steps, reads_of

TOO_MANY = f"more than {MAX_OPERATIONS:,} operations between memories of units.memory_bytes"


def layer_program(paths: Sequence[Path], board: SystolicHardware) -> LayerProgram:
    """Return the program that runs some paths one after the other, until a gate ends it.

    Steps whose kind ``placement`` puts on the programmable logic are passes of its units where these have memories
    (``units.memory_bytes``) and take the step's sizes; all others are stops of the host.

    Parameters
    ----------
    paths : sequence of Path
        The steps of each effort, low before high; one for a network without a gate.
    board : SystolicHardware
        As it is built: see ``pivotsim.rtl.written.latencies``.

    Raises
    ------
    InputError
        The Verilog does not have the board, a GEMM does not fit its memories, or has a bias that none of them loads.
    """
    check_board(board)
    return _Compiler(paths, board).compiled()


class _Compiler:
    """Turns steps into entries, once it is known who reads and writes what and where that lies."""

    def __init__(self, paths: Sequence[Path], board: SystolicHardware) -> None:
        self.paths = paths
        self.map = TensorMap(paths, board)
        self.units, self.placed, self.reasons = place_steps(board, [path.steps for path in paths])
        limits = limits_of(board.memories, board.array.clock_mhz)
        dram = DramPort(
            limits.dram_bytes_per_s, limits.clock_hz, limits.read_latency_cycles, limits.write_latency_cycles
        )

        def cycles(operations: Sequence[UnitOperation]) -> int:
            assert self.units is not None
            return pass_cycles(operations, self.units.station, dram)

        self.cycles = cycles
        self.passes = PassWriter(self.units, cycles) if self.units else None

    def compiled(self) -> LayerProgram:
        uses = [[self.map.use(path, placed) for placed in of] for path, of in zip(self.paths, self.placed, strict=True)]
        self.map.place()
        entries: list[Entry] = []
        spans = {}
        for path, of_path, uses_of_path in zip(self.paths, self.placed, uses, strict=True):
            first = len(entries)
            for placed, own in zip(of_path, uses_of_path, strict=True):
                entries += self._entries(path, placed, own, entries[first:])
            end = End(path.name, self.map.named(path, path.output))
            if path.gate is not None:  # a yes goes past the end
                entries.append(Stop(f"{path.name} gate", GATE, (end.output,), "", path.gate, len(entries) + 2))
            entries.append(end)
            spans[path.name] = (first, len(entries))
        return LayerProgram(
            self.map.tensors, self.map.tables, entries, self.map.address, spans, self.units, self.reasons.lines()
        )

    def _entries(self, path: Path, placed: Placed, uses: Sequence[Use], before: Sequence[Entry]) -> list[Entry]:
        if placed.is_pass and (found := self._pass(path, placed)):
            return [found]
        step = placed.steps[0]
        if not isinstance(step, Gemm):
            return [self._stop(path, each) for each in placed.steps]
        made = {entry.writes for entry in before if isinstance(entry, Stop | UnitPass)}
        operands = [operand for use in uses for operand in use.operands if operand in self.map.copies]
        copies = dict.fromkeys(self.map.copies[operand] for operand in operands)
        copied = [self._copied(f"{step.encoder}.{step.module}", copy) for copy in copies if copy not in made]
        return copied + [self._product(use) for use in uses]

    def _stop(self, path: Path, step: Step) -> Stop:
        reads = tuple(self.map.named(path, name) for name in step.inputs)
        return Stop(f"{step.encoder}.{step.module}", COMPUTE, reads, self.map.named(path, step.output), step)

    def _product(self, use: Use) -> Product:
        program, step = self.map.tables[use.table], use.step
        units = {**self.map.places[use.operands[0]], **self.map.places[use.operands[1]]}
        bias = self.map.tensors[use.bias].address if use.bias else 0
        loads = [
            bias if slot == BIAS_SLOT else units[program.unit_of(slot, number)]
            for slot, number, *_ in program.prediction.loads.tolist()
        ]
        name = f"{step.encoder}.{step.module}" + (f"[{use.copy}]" if step.copies > 1 else "")
        multiplier, shift = (1, 0) if step.scale is None else (step.scale.multiplier, step.scale.shift)
        return Product(
            name, use.table, np.array(loads, dtype=np.int64), self.map.drained[use.output], multiplier, shift,
            step.scale is None, program.prediction.result.cycles,
        )  # fmt: skip

    def _copied(self, name: str, copy: str) -> Entry:
        """Return what writes a tensor a second time, in another order: the station, or the host."""
        own = self.map.tensors[copy]
        source = self.map.tensors[own.copy_of]
        kind = copy_kind(source.arrangement, own.arrangement)
        operations = self.passes.relayout(source, own, self.map.part_columns[copy]) if self.passes else []
        if not operations:
            if self.passes:
                self.reasons.add(TOO_MANY, f"{name}: {copy}")
            return Stop(name, kind, (source.name,), copy)
        return UnitPass(name, kind, (source.name,), copy, tuple(operations), {}, self.cycles(operations))

    def _pass(self, path: Path, placed: Placed) -> UnitPass | None:
        """Return the pass of some steps, None where its operations are too many."""
        first, step = placed.steps[0], placed.steps[-1]
        assert self.passes is not None and isinstance(first, Operation) and isinstance(step, Operation)
        reads = [self.map.tensors[self.map.named(path, name)] for name, _ in reads_of(placed)]
        found = self.map.tensors[self.map.named(path, step.output)]
        positions = self.map.positions(step) if step.kind == "add" else None
        operations = self.passes.operations(placed, [*([positions] if positions else []), *reads], found)
        name = f"{first.encoder}.{first.module}"
        if not operations:
            self.reasons.add(TOO_MANY, name)
            return None
        return UnitPass(
            name, first.kind, tuple(one.name for one in reads), found.name,
            tuple(operations), constants_of(step, self.passes.units.station.lanes), self.cycles(operations),
        )  # fmt: skip
