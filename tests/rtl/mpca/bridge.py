"""The Verilog lanes driven from Python: one matrix multiplication at a time."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import pivotsim as ps
from pivotsim.hardware.kinds.mpca import MpcaSpec
from pivotsim.rtl.mpca.lane_programs import LaneProgram
from pivotsim.rtl.sources import module, modules
from tests.rtl import verilated
from tests.rtl.verilated import Model

HERE = Path(__file__).parent
MODEL = Model(
    "bench", (HERE / "bench.v", *modules("mpca"), module("skew")), HERE / "bridge.cpp", ("-Wno-UNUSEDSIGNAL",)
)
BEFORE = 0x5EED_5EED  # of places that nothing is written to
LIST, ROW, WEIGHT, TOKEN = range(4)


@dataclass(frozen=True)
class Build:
    """What is fixed when the array is compiled: its levels, and address bits of its memories."""

    p_h: int
    p_t: int
    p_c: int
    p_pe: int
    list_bits: int = 5
    row_bits: int = 8
    weight_bits: int = 12
    token_bits: int = 10
    out_bits: int = 10

    @property
    def lanes(self) -> int:
        return self.p_h * self.p_c

    def spec(self, **values) -> MpcaSpec:
        """The engine's description of this array."""
        levels = {name: getattr(self, name) for name in ("p_h", "p_t", "p_c", "p_pe")}
        changes = {**levels, "operand_bits": 8, "weight_bytes": 1, **values}
        return ps.load_hardware("u250_mpca").replace({f"mpca.{name}": value for name, value in changes.items()}).mpca


@dataclass(frozen=True)
class Run:
    """What the array did."""

    cycles: int  # of `busy`
    last_sum_cycle: int  # in which the last sum was registered, from 0
    sums: int  # that left
    results: np.ndarray  # int32 (lanes, p_t, p_pe, places)


def library(build: Build, model: Model = MODEL, optimise: str = verilated.ARRAYS_OPTIMISED) -> Path:
    """Return the shared library of a build, compiling it where it is not there yet."""
    parameters = {
        name.upper(): getattr(build, name)
        for name in ("p_h", "p_t", "p_c", "p_pe", "list_bits", "row_bits", "weight_bits", "token_bits", "out_bits")
    }
    name = f"mpca-{build.p_h}-{build.p_t}-{build.p_c}-{build.p_pe}"
    return verilated.library(model, name, parameters, 1, 1, optimise)


class VerilatedLanes:
    """One compiled array; ``run`` multiplies on it, clock by clock."""

    def __init__(self, build: Build, model: Model = MODEL) -> None:
        assert max(build.lanes, build.p_h * build.p_t) <= 64 and build.p_pe <= 8, "bridge.cpp: words of 64 bits"
        self.build = build
        self._library = ctypes.CDLL(str(library(build, model)))
        self._library.mpca_new.restype = ctypes.c_void_p
        self._library.mpca_run.restype = ctypes.c_int64
        self._library.mpca_delete.argtypes = [ctypes.c_void_p]
        self._array = ctypes.c_void_p(self._library.mpca_new())

    def close(self) -> None:
        """Free the model."""
        if self._array:
            self._library.mpca_delete(self._array)
            self._array = None

    def write(self, memory: int, place: int, words: np.ndarray) -> None:
        """Write words from address 0: uint32 entries, or int8 (words, p_pe)."""
        words = np.ascontiguousarray(words, dtype=np.int8 if memory in (WEIGHT, TOKEN) else np.uint32)
        pointer = ctypes.c_void_p(words.ctypes.data)
        entries, operands = (None, pointer) if memory in (WEIGHT, TOKEN) else (pointer, None)
        self._library.mpca_write(
            self._array, memory, place, ctypes.c_int64(len(words)), entries, operands, self.build.p_pe
        )

    def load(self, programs: Sequence[LaneProgram], tokens: Sequence[np.ndarray]) -> None:
        """Write the program of each lane, and the words of each head module's row tiles."""
        for lane, program in enumerate(programs):
            self.write(LIST, lane, program.entries)
            self.write(ROW, lane, program.rows)
            self.write(WEIGHT, lane, program.weights)
        for head, of_tiles in enumerate(tokens):
            for tile, words in enumerate(of_tiles):
                self.write(TOKEN, head * self.build.p_t + tile, words)

    def run(self, *, lockstep: bool, header: int, block: int, groups: int, depth: int, columns: int, limit: int) -> Run:
        """Run what is loaded; ``depth`` and ``columns`` with whole blocks, ``limit`` in clocks."""
        build = self.build
        settings = np.array([lockstep, header, block, groups, depth, columns, limit + 80], dtype=np.int64)
        results = np.zeros((build.lanes, build.p_t, build.p_pe, 1 << build.out_bits), dtype=np.int32)
        noted = np.zeros(2, dtype=np.int64)
        cycles = self._library.mpca_run(
            self._array, ctypes.c_void_p(settings.ctypes.data), BEFORE, ctypes.c_int64(results.size),
            ctypes.c_void_p(results.ctypes.data), ctypes.c_void_p(noted.ctypes.data),
        )  # fmt: skip
        if cycles < 0:
            raise RuntimeError(f"no end within {limit} clocks")
        return Run(cycles, int(noted[0]), int(noted[1]), results)
