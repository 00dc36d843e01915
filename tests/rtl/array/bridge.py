"""The Verilog array of the clock's proof, driven from Python: one multiplication at a time."""

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pivotsim.rtl.sources import VERILOG, module
from tests.rtl import verilated
from tests.rtl.verilated import Model, cache_folder, missing

__all__ = ["DATAFLOWS", "FOLD_OVERLAPS", "Build", "Run", "VerilatedArray", "cache_folder", "library", "missing"]

HERE = Path(__file__).parent
SLICE = VERILOG.parent / "testbench" / "DSP48E2.v"
SOURCES = [
    *(HERE / name for name in ("systolic.v", "sequencer.v", "pe_digest.v", "delay.v", "collector.v")),
    *(module(name) for name in ("pe_generic", "pe_dsp48e2", "array_column_dsp48e2", "skew", "pe_packed_dsp48e2")),
    *(module(name) for name in ("array_pair_dsp48e2", "packed_sums")),
    SLICE,
]
DATAFLOWS = ("is", "ws", "os")
FOLD_OVERLAPS = ("none", "preload", "chained", "pipelined", "settled")


@dataclass(frozen=True)
class Build:
    """What is fixed when the array is compiled."""

    rows: int
    cols: int
    fold_overlap: str = "none"
    os_edge_register: bool = True
    mac_latency: int = 1
    digest: bool = False
    address_bits: int = 12  # of each memory: operands a, operands b, results
    slices: bool = (
        False  # columns of slices beside those of pe_generic: `settled`, is and ws, mac_latency 2 (packed: 3)
    )
    mac_packing: int = 1  # 2: columns share slices, is and ws


@dataclass(frozen=True)
class Run:
    """What the array did: clocks from 0; ``digests`` is empty unless compiled in."""

    result: np.ndarray  # int32 (m, n)
    loads: np.ndarray  # int64 (folds,), -1 for os
    starts: np.ndarray
    ends: np.ndarray
    cycles: int
    digests: np.ndarray  # uint64 (clocks,)


MODEL = Model("systolic", tuple(SOURCES), HERE / "bridge.cpp", ("-Wno-UNUSEDSIGNAL",))


def library(build: Build, optimise: str = verilated.ARRAYS_OPTIMISED, model: Model = MODEL) -> Path:
    """Return the shared library of a build, compiling it where it is not there yet."""
    assert build.rows < 24 or not build.slices, "bridge.cpp: RESET_CLOCKS"
    parameters = {
        "R": build.rows,
        "C": build.cols,
        "OVERLAP": FOLD_OVERLAPS.index(build.fold_overlap),
        "OS_EDGE_REGISTER": int(build.os_edge_register),
        "MREG": build.mac_latency + build.mac_packing - 2,  # the register that parts sums, too
        "PACKING": build.mac_packing,
        "DIGEST": int(build.digest),
        "SLICES": int(build.slices),
        "ADDRESS_BITS": build.address_bits,
    }
    warnings = []
    if build.rows == 1 and not build.os_edge_register:
        # The last row's tags come straight from the sequencer, from registers in the one mode that looks at them (os);
        # Verilator sees the other mode's path through the same wire and calls it a loop.
        warnings.append("-Wno-UNOPTFLAT")
    kind = "-slices" * build.slices + "-packed" * (build.mac_packing > 1)
    name = f"{build.rows}x{build.cols}-{build.fold_overlap}{kind}"
    return verilated.library(model, name, parameters, build.cols, build.rows * build.cols, optimise, warnings)


class VerilatedArray:
    """One compiled array; ``run`` multiplies matrices on it, clock by clock."""

    def __init__(self, build: Build, optimise: str = verilated.ARRAYS_OPTIMISED, model: Model = MODEL) -> None:
        self.build = build
        self._library = ctypes.CDLL(str(library(build, optimise, model)))
        self._library.array_new.restype = ctypes.c_void_p
        self._library.array_run.restype = ctypes.c_int64
        self._library.array_delete.argtypes = [ctypes.c_void_p]
        self._array = ctypes.c_void_p(self._library.array_new())

    def close(self) -> None:
        """Free the model."""
        if self._array:
            self._library.array_delete(self._array)
            self._array = None

    def run(self, a: np.ndarray, b: np.ndarray, dataflow: str, edge: str, *, limit: int = 0) -> Run:
        """Multiply int8 (m, k) by int8 (k, n); ``limit`` bounds the clocks (0: far above any right answer)."""
        build = self.build
        a, b = np.ascontiguousarray(a, dtype=np.int8), np.ascontiguousarray(b, dtype=np.int8)
        (m, k), n = a.shape, b.shape[1]
        assert max(m * k, k * n, m * n) <= 1 << build.address_bits
        row_size, col_size, length = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[dataflow]
        folds = -(-row_size // build.rows) * -(-col_size // build.cols)
        limit = limit or folds * (2 * build.rows + build.cols + length + 8) + 64
        loads, starts, ends = (np.full(folds, -1, dtype=np.int64) for _ in range(3))
        digests = np.zeros(limit if build.digest else 0, dtype=np.uint64)
        result = np.zeros((m, n), dtype=np.int32)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (a, b, result, loads, starts, ends, digests)]
        clocks = self._library.array_run(
            self._array, *pointers[:3], *map(ctypes.c_int64, (m, k, n)), DATAFLOWS.index(dataflow),
            int(edge == "aware"), ctypes.c_int64(folds), ctypes.c_int64(limit), *pointers[3:6],
            pointers[6] if build.digest else None,
        )  # fmt: skip
        if clocks < 0:
            raise RuntimeError(f"no end of the last fold within {limit} clocks")
        cycles = int(ends.max()) + 1
        return Run(result, loads, starts, ends, cycles, digests[:cycles])
