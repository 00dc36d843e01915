"""The tensors of a layer program: which GEMMs and units read and write them, and where each lies in DRAM."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.steps import PATCHES, Gemm, Operation, View
from pivotsim.rtl.layers.arrangements import (
    Arrangement,
    Part,
    Reader,
    Tensor,
    Writer,
    as_loaded,
    blocked,
    drain_offsets,
    unit_offsets,
)
from pivotsim.rtl.layers.memory_map import ALIGNMENT, Planned, arranged
from pivotsim.rtl.layers.program import ACTIVATIONS, BIAS, POSITIONS, WEIGHTS, Path
from pivotsim.rtl.layers.units.placement import Placed, reads_of, type_of
from pivotsim.rtl.program import BIAS_BYTES, Program
from pivotsim.rtl.written.gemms import Gemm as ArrayGemm
from pivotsim.rtl.written.gemms import programs_of
from pivotsim.units import IntArray

NO_BIAS = "no bias"  # zeros: the memories of a board load a bias with every GEMM, or with none


class Use(NamedTuple):
    """One GEMM to be: its step, its table, and where among their tensors' readers and writers its operands stand."""

    step: Gemm
    copy: int
    table: int
    operands: tuple[tuple[str, int], tuple[str, int]]  # tensor, place among its readers
    output: tuple[str, int]
    bias: str


class TensorMap:
    """Filled in two walks: ``use`` of every step notes who reads and writes what, ``place`` then gives addresses.

    Attributes
    ----------
    tables : list of Program
        One for each distinct GEMM.
    tensors : dict
        What has a place in DRAM, by name, in the order of addresses.
    address : int
        Bytes of DRAM.
    places, drained, copies : dict
        By (tensor, place among its readers or writers): the address of each unit, of each region, and the name of the
        copy that a reader loads instead.
    """

    def __init__(self, paths: Sequence[Path], board: SystolicHardware) -> None:
        self.paths, self.board = paths, board
        self.tables: list[Program] = []
        self.tensors: dict[str, Tensor] = {}
        self.address = 0
        self.places: dict[tuple[str, int], dict[Any, int]] = {}
        self.drained: dict[tuple[str, int], IntArray] = {}
        self.copies: dict[tuple[str, int], str] = {}
        self.part_columns: dict[str, int] = {}  # of a copy: as many columns as a GEMM reads
        self._table_of: dict[tuple[Any, ...], int] = {}
        self._planned: dict[str, Planned] = {}
        self._constants: dict[bytes, str] = {}  # names of weights, biases and positions by what they hold

    # ---- who reads and writes what

    def named(self, path: Path, tensor: str) -> str:
        """Return the name of a path's tensor among those of all paths."""
        return tensor if len(self.paths) == 1 or tensor == PATCHES else f"{path.name}/{tensor}"

    def use(self, path: Path, placed: Placed) -> list[Use]:
        """Note what the steps of an entry read and write; return the GEMMs that it is."""
        step = placed.steps[-1]
        if isinstance(step, Gemm):
            return self._products(path, step)
        output = self._plan(self.named(path, step.output), (step.m, step.n * step.copies), type_of(step))
        if placed.is_pass:
            output.is_in_passes = True
            for name, dtype in reads_of(placed):
                self._plan(self.named(path, name), (step.m, step.n * step.copies), dtype).is_in_passes = True
            if step.kind == "add":
                self.positions(step)
        return []

    def positions(self, step: Operation) -> Tensor | None:
        """Return the positions that a step adds to, None where it adds to the stream."""
        if len(step.inputs) > 1:
            return None
        values = step.constants[0]
        name = self._constant(values, POSITIONS)
        if name not in self.tensors:
            self._add(Tensor(name, POSITIONS, "int16", 0, blocked(values.shape, 0, 1, values.itemsize), values))
        return self.tensors[name]

    def _products(self, path: Path, step: Gemm) -> list[Use]:
        self._plan(self.named(path, step.a.tensor), (step.m, step.k * step.copies), "int8")  # the network's input
        output = self._plan(self.named(path, step.output), (step.m, step.n * step.copies), f"int{step.out_bits}")
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
            found.append(Use(step, copy, table, (a, b), (output.name, len(output.writers) - 1), bias))
        return found

    def _rows(self, path: Path, view: View) -> int:
        return self._planned[self.named(path, view.tensor)].shape[0]

    def _plan(self, name: str, shape: tuple[int, int], dtype: str) -> Planned:
        return self._planned.setdefault(name, Planned(name, shape, dtype))

    def _read(self, path: Path, view: View, copy: int, reader: Reader) -> tuple[str, int]:
        planned = self._planned[self.named(path, view.tensor)]
        planned.readers.append(reader)
        return planned.name, len(planned.readers) - 1

    def _weights(self, step: Gemm, program: Program) -> tuple[str, int]:
        """Note the weights of a step; equal ones of several paths lie in DRAM once."""
        matrix = np.ascontiguousarray(step.b, dtype=np.int8)
        name = self._constant(
            matrix, f"{step.encoder}.{step.module}.weight", "" if step.mask is None else step.mask.digest
        )
        planned = self._planned.setdefault(name, Planned(name, (step.k, step.n), "int8", WEIGHTS, matrix))
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
        taken = set(self._constants.values())
        number = sum(name == label or name.startswith(f"{label} (") for name in taken)
        return self._constants.setdefault(digest, f"{label} ({number + 1})" if number else label)

    def _table(self, step: Gemm) -> int:
        key = (step.m, step.k, step.n, step.out_bits, step.mask and step.mask.digest)
        if key not in self._table_of:
            self._table_of[key] = len(self.tables)
            self.tables += programs_of([ArrayGemm(step.ops[0], step.mask)], self.board)
        return self._table_of[key]

    # ---- where everything lies

    def _add(self, tensor: Tensor) -> Tensor:
        placed = replace(tensor, address=self.address)
        self.tensors[tensor.name] = placed
        self.address += -(-tensor.arrangement.size_bytes // ALIGNMENT) * ALIGNMENT
        return placed

    def place(self) -> None:
        """Give every tensor that a GEMM or a unit reads or writes its place."""
        for planned in self._planned.values():
            self._place(planned)

    def _place(self, planned: Planned) -> None:
        """Give a tensor that a GEMM reads or writes its place, and one to each copy that a reader needs."""
        if not (planned.readers or planned.writers or planned.is_in_passes):
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
            self.part_columns[name] = max(planned.readers[place].part.columns for place in places)
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


def _part(view: View, copy: int, rows: int) -> Part:
    return Part(rows, view.first + copy * view.size, view.size, view.transposed)
