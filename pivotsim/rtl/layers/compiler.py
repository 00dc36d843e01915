"""layer_program(): from the steps of integer inference to entries, tables and a map of DRAM."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.steps import PATCHES, Gemm, Step, View
from pivotsim.rtl.buildable import check_board
from pivotsim.rtl.compiler import BIAS_SLOT
from pivotsim.rtl.layers.arrangements import (
    Arrangement,
    Part,
    Reader,
    Writer,
    as_loaded,
    drain_offsets,
    unit_offsets,
)
from pivotsim.rtl.layers.memory_map import ALIGNMENT, Planned, arranged, copy_kind
from pivotsim.rtl.layers.program import (
    ACTIVATIONS,
    BIAS,
    COMPUTE,
    GATE,
    WEIGHTS,
    End,
    Entry,
    LayerProgram,
    Path,
    Product,
    Stop,
    Tensor,
)
from pivotsim.rtl.program import BIAS_BYTES, Program
from pivotsim.rtl.written.gemms import Gemm as ArrayGemm
from pivotsim.rtl.written.gemms import programs_of
from pivotsim.units import IntArray

NO_BIAS = "no bias"  # zeros: the memories of a board load a bias with every GEMM, or with none


class _Use(NamedTuple):
    """One GEMM to be: its step, its table, and where among their tensors' readers and writers its operands stand."""

    step: Gemm
    copy: int
    table: int
    operands: tuple[tuple[str, int], tuple[str, int]]  # tensor, place among its readers
    output: tuple[str, int]
    bias: str


def layer_program(paths: Sequence[Path], board: SystolicHardware) -> LayerProgram:
    """Return the program that runs some paths one after the other, until a gate ends it.

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
    """Walks the paths twice: who reads and writes what, then entries with addresses."""

    def __init__(self, paths: Sequence[Path], board: SystolicHardware) -> None:
        self.paths, self.board = paths, board
        self.tables: list[Program] = []
        self.table_of: dict[tuple[Any, ...], int] = {}
        self.planned: dict[str, Planned] = {}
        self.constants: dict[bytes, str] = {}  # names of weights and biases by what they hold
        self.tensors: dict[str, Tensor] = {}
        self.address = 0
        self.places: dict[tuple[str, int], dict[Any, int]] = {}  # absolute addresses of units, by tensor and reader
        self.drained: dict[tuple[str, int], IntArray] = {}
        self.copies: dict[tuple[str, int], str] = {}  # the copy that a reader loads instead

    def compiled(self) -> LayerProgram:
        uses = [[self._use(path, step) for step in path.steps] for path in self.paths]
        for planned in self.planned.values():
            self._place(planned)
        entries: list[Entry] = []
        spans = {}
        for path, of_path in zip(self.paths, uses, strict=True):
            first = len(entries)
            for step, of_step in zip(path.steps, of_path, strict=True):
                entries += self._entries(path, step, of_step, entries[first:])
            end = End(path.name, self._named(path, path.output))
            if path.gate is not None:  # a yes goes past the end
                entries.append(Stop(f"{path.name} gate", GATE, (end.output,), "", path.gate, len(entries) + 2))
            entries.append(end)
            spans[path.name] = (first, len(entries))
        return LayerProgram(self.tensors, self.tables, entries, self.address, spans)

    # ---- who reads and writes what

    def _named(self, path: Path, tensor: str) -> str:
        return tensor if len(self.paths) == 1 or tensor == PATCHES else f"{path.name}/{tensor}"

    def _use(self, path: Path, step: Step) -> list[_Use]:
        """Note what a step reads and writes; return the GEMMs that it is."""
        if not isinstance(step, Gemm):
            self._plan(self._named(path, step.output), (step.m, step.n * step.copies), "int8")
            return []
        self._plan(self._named(path, step.a.tensor), (step.m, step.k * step.copies), "int8")  # the network's input
        output = self._plan(self._named(path, step.output), (step.m, step.n * step.copies), f"int{step.out_bits}")
        table = self._table(step)
        program, bias = self.tables[table], self._bias(step)
        found = []
        for copy in range(step.copies):
            a = self._read(path, step.a, copy, Reader(program, "a", _part(step.a, copy, step.m)))
            if isinstance(step.b, View):
                b = self._read(path, step.b, copy, Reader(program, "b", _part(step.b, copy, self._rows(path, step.b))))
            else:
                b = self._weights(step, program)
            output.writers.append(Writer(program, Part(step.m, copy * step.n, step.n)))
            found.append(_Use(step, copy, table, (a, b), (output.name, len(output.writers) - 1), bias))
        return found

    def _rows(self, path: Path, view: View) -> int:
        return self.planned[self._named(path, view.tensor)].shape[0]

    def _plan(self, name: str, shape: tuple[int, int], dtype: str) -> Planned:
        return self.planned.setdefault(name, Planned(name, shape, dtype))

    def _read(self, path: Path, view: View, copy: int, reader: Reader) -> tuple[str, int]:
        planned = self.planned[self._named(path, view.tensor)]
        planned.readers.append(reader)
        return planned.name, len(planned.readers) - 1

    def _weights(self, step: Gemm, program: Program) -> tuple[str, int]:
        """Note the weights of a step; equal ones of several paths lie in DRAM once."""
        matrix = np.ascontiguousarray(step.b, dtype=np.int8)
        name = self._constant(
            matrix, f"{step.encoder}.{step.module}.weight", "" if step.mask is None else step.mask.digest
        )
        planned = self.planned.setdefault(name, Planned(name, (step.k, step.n), "int8", WEIGHTS, matrix))
        planned.readers.append(Reader(program, "b", Part(step.k, 0, step.n)))
        return name, len(planned.readers) - 1

    def _bias(self, step: Gemm) -> str:
        """Return the name of a step's bias, '' where the memories load none."""
        if not self.board.memories.bias:
            if step.bias is not None and np.any(step.bias):
                raise InputError(f"memories.bias: must be on, {step.encoder}.{step.module} has a bias {got(False)}")
            return ""
        values = np.zeros(step.n, np.int32) if step.bias is None else np.asarray(step.bias, dtype=np.int32)
        label = NO_BIAS + f" of {step.n}" if step.bias is None else f"{step.encoder}.{step.module}.bias"
        name = self._constant(values, label)
        if name not in self.tensors:
            offsets = BIAS_BYTES * np.arange(step.n)[None, :]
            self._add(Tensor(name, BIAS, "int32", 0, Arrangement("as it is", offsets, BIAS_BYTES, values.nbytes),
                             values[None, :]))  # fmt: skip
        return name

    def _constant(self, values: Any, label: str, mask: str = "") -> str:
        digest = hashlib.sha256(values.tobytes() + repr((values.shape, mask)).encode()).digest()
        taken = set(self.constants.values())
        number = sum(name == label or name.startswith(f"{label} (") for name in taken)
        return self.constants.setdefault(digest, f"{label} ({number + 1})" if number else label)

    def _table(self, step: Gemm) -> int:
        key = (step.m, step.k, step.n, step.out_bits, step.mask and step.mask.digest)
        if key not in self.table_of:
            self.table_of[key] = len(self.tables)
            self.tables += programs_of([ArrayGemm(step.ops[0], step.mask)], self.board)
        return self.table_of[key]

    # ---- where everything lies

    def _add(self, tensor: Tensor) -> Tensor:
        placed = replace(tensor, address=self.address)
        self.tensors[tensor.name] = placed
        self.address += -(-tensor.arrangement.size_bytes // ALIGNMENT) * ALIGNMENT
        return placed

    def _place(self, planned: Planned) -> None:
        """Give a tensor that a GEMM reads or writes its place, and one to each copy that a reader needs."""
        if not planned.readers and not planned.writers:
            return  # the host's own
        arrangement, left = arranged(planned)
        own = self._add(Tensor(planned.name, planned.role, planned.dtype, 0, arrangement, planned.values))
        copied: dict[tuple[int, str], list[int]] = {}
        for place in left:
            reader = planned.readers[place]
            copied.setdefault((id(reader.program), reader.operand), []).append(place)
        copy_of: dict[int, Tensor] = {}
        for number, places in enumerate(copied.values()):
            layout = as_loaded(planned.shape, [planned.readers[place] for place in places], is_whole=False)
            name = f"{planned.name} copy {number + 1}"
            copy = self._add(Tensor(name, planned.role, "int8", 0, layout, planned.values, planned.name))
            copy_of |= dict.fromkeys(places, copy)
        for place, reader in enumerate(planned.readers):
            tensor = copy_of.get(place, own)
            units = unit_offsets(reader, tensor.arrangement)
            assert units is not None
            self.places[planned.name, place] = {unit: tensor.address + at for unit, at in units.items()}
            if tensor is not own and planned.role == ACTIVATIONS:
                self.copies[planned.name, place] = tensor.name
        for place, writer in enumerate(planned.writers):
            drains = drain_offsets(writer, arrangement)
            self.drained[planned.name, place] = own.address + np.array(drains, dtype=np.int64)

    # ---- entries

    def _entries(self, path: Path, step: Step, uses: Sequence[_Use], before: Sequence[Entry]) -> list[Entry]:
        if not isinstance(step, Gemm):
            reads = tuple(self._named(path, name) for name in step.inputs)
            name = f"{step.encoder}.{step.module}"
            return [Stop(name, COMPUTE, reads, self._named(path, step.output), step)]
        found: list[Entry] = []
        made = {entry.writes for entry in before if isinstance(entry, Stop)}
        for copy in dict.fromkeys(self.copies[operand] for use in uses for operand in use.operands
                                  if operand in self.copies):  # fmt: skip
            if copy not in made:
                source, own = self.tensors[self.tensors[copy].copy_of], self.tensors[copy]
                kind = copy_kind(source.arrangement, own.arrangement)
                found.append(Stop(f"{step.encoder}.{step.module}", kind, (source.name,), copy))
        return found + [self._product(use) for use in uses]

    def _product(self, use: _Use) -> Product:
        program, step = self.tables[use.table], use.step
        units = {**self.places[use.operands[0]], **self.places[use.operands[1]]}
        bias = self.tensors[use.bias].address if use.bias else 0
        loads = [
            bias if slot == BIAS_SLOT else units[program.unit_of(slot, number)]
            for slot, number, *_ in program.prediction.loads.tolist()
        ]
        name = f"{step.encoder}.{step.module}" + (f"[{use.copy}]" if step.copies > 1 else "")
        multiplier, shift = (1, 0) if step.scale is None else (step.scale.multiplier, step.scale.shift)
        return Product(
            name, use.table, np.array(loads, dtype=np.int64), self.drained[use.output], multiplier, shift,
            step.scale is None, program.prediction.result.cycles,
        )  # fmt: skip


def _part(view: View, copy: int, rows: int) -> Part:
    return Part(rows, view.first + copy * view.size, view.size, view.transposed)
