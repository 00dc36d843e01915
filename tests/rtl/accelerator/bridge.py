"""The accelerator's Verilog behind a modelled DRAM, driven from Python: one program at a time."""

import ctypes
from dataclasses import dataclass

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.integer.scaling import Scale
from pivotsim.rtl.encoding import Widths, tables, word
from pivotsim.rtl.program import Program
from pivotsim.rtl.sizes import bits
from pivotsim.rtl.sources import PARTS, modules
from tests.rtl import verilated
from tests.rtl.array.bridge import FOLD_OVERLAPS, SLICE
from tests.rtl.verilated import HERE, Model

SOURCES = (*modules(*PARTS), *sorted((HERE / "bench").glob("*.v")), SLICE)
MODEL = Model("bench", SOURCES, HERE / "accelerator" / "bridge.cpp")
UNSCALED = Scale(1, 0)
EVENTS = ("load_start", "load_end", "tile_start", "tile_end", "stream_start", "stream_end", "drain_start", "drain_end")
MOVED = ("dram_read", "dram_write", "gb_write", "ipmem_write", "wtmem_write", "sums")


@dataclass(frozen=True)
class Build:
    """What is fixed when the accelerator is compiled; memories are as large as any case needs."""

    rows: int
    cols: int
    fold_overlap: str = "none"
    slices: bool = False  # elements in DSP48E2 slices: `settled`, is and ws, mac_latency 2 (packed: 3)
    mac_packing: int = 1
    is_only: bool = False  # input stationary GEMMs alone, whose words have one bias each
    os_edge_register: bool = True
    mac_latency: int = 1
    opmem_halves: int = 2
    buffer_read_cycles: int = 0
    lanes: int = 8
    buffer_bytes: int = 256  # of each memory of bytes
    opmem_depth: int = 64
    table_bits: int = 13
    dram_bytes: int = 16384
    masked: bool = False  # for programs of masked GEMMs, too
    multiplies: bool = False  # outputs are scaled by a multiplier, not shifted alone
    outstanding_reads: int = 1
    ultra: int = 0  # memories in UltraRAM, a bit each, as verilog/accelerator.v
    count_bits: int = 20
    address_bits: int = 32

    @property
    def widths(self) -> Widths:
        """Bits of the descriptors' fields."""
        return Widths(self.count_bits, self.address_bits, *((self.rows, self.cols) if self.masked else ()))


@dataclass(frozen=True)
class Run:
    """What the accelerator did: clocks from 0, ends exclusive."""

    cycles: int
    events: dict[str, np.ndarray]  # int64, as EVENTS
    column_ends: np.ndarray  # int64 (cols, passes): a column's last sums at the edge, -1 where none came
    image: np.ndarray  # DRAM after the run
    moved: dict[str, int]  # as MOVED


def parameters_of(build: Build) -> dict[str, int]:
    """Return the parameters of verilog/accelerator.v."""
    bias_lanes = 4 if build.is_only else 4 * build.cols
    return {
        "R": build.rows, "C": build.cols, "OVERLAP": FOLD_OVERLAPS.index(build.fold_overlap),
        "MREG": build.mac_latency + build.mac_packing - 2, "SLICES": int(build.slices),
        "MAC_PACKING": build.mac_packing,
        "OS_EDGE_REGISTER": int(build.os_edge_register),
        "READ_CYCLES": build.buffer_read_cycles, "LANES": build.lanes, "IPMEM_BYTES": build.buffer_bytes,
        "WTMEM_BYTES": build.buffer_bytes, "OPMEM_DEPTH": build.opmem_depth, "OPMEM_HALVES": build.opmem_halves,
        "BUFFER_BYTES": 2 * build.buffer_bytes, "BIAS_BYTES": build.buffer_bytes,
        "BANK_BITS": bits(max(build.lanes, build.rows, build.cols)),
        "BIAS_LANES": bias_lanes, "BIAS_BANK_BITS": bits(max(build.lanes, bias_lanes)),
        "TABLE_BITS": build.table_bits, "COUNT_BITS": build.count_bits, "ADDRESS_BITS": build.address_bits,
        "MASKED": int(build.masked), "MULTIPLIES": int(build.multiplies),
        "OUTSTANDING": build.outstanding_reads, "ULTRA": build.ultra,
    }  # fmt: skip


def library(build: Build, optimise: str = verilated.ARRAYS_OPTIMISED, model: Model = MODEL):
    """Return the shared library of a build, compiling it where it is not there yet."""
    parameters = {**parameters_of(build), "DRAM_BYTES": build.dram_bytes}
    name = f"accelerator-{build.rows}x{build.cols}-{build.fold_overlap}"
    return verilated.library(model, name, parameters, build.cols, build.rows * build.cols, optimise)


class VerilatedAccelerator:
    """One compiled accelerator; ``run`` executes programs on it, one after the other."""

    def __init__(self, build: Build, optimise: str = verilated.ARRAYS_OPTIMISED, model: Model = MODEL) -> None:
        self.build = build
        self._library = ctypes.CDLL(str(library(build, optimise, model)))
        self._library.bench_new.restype = ctypes.c_void_p
        self._library.bench_run.restype = ctypes.c_int64
        self._library.bench_delete.argtypes = [ctypes.c_void_p]
        self._bench = ctypes.c_void_p(self._library.bench_new())

    def close(self) -> None:
        """Free the model."""
        if self._bench:
            self._library.bench_delete(self._bench)
            self._bench = None

    def run(self, program: Program, image: np.ndarray, scale: Scale = UNSCALED, limit: int = 0) -> Run:
        """Execute a program on what DRAM holds; ``limit`` bounds the clocks (0: far above any right answer)."""
        build, limits = self.build, program.limits
        assert max(map(len, tables(program))) <= 1 << build.table_bits and program.dram_bytes <= build.dram_bytes
        assert program.entries <= build.opmem_depth and program.buffer_bytes <= 2 * build.buffer_bytes
        assert build.masked or program.mask is None
        assert build.multiplies or (scale.multiplier == 1 and scale.shift < 32)
        widths = build.widths
        table_words = -(-widths.table_bits // 32)
        encoded = [
            np.frombuffer(b"".join(word(row, widths).to_bytes(4 * table_words, "little") for row in table), np.uint32)
            for table in tables(program)
        ]
        words, flow = [len(table) for table in tables(program)], program.dataflow
        passes = program.prediction.result.passes
        counts = [words[0], 0 if flow.drains else passes, passes, words[3]]  # of events
        settings = np.array(
            [
                flow == DATAFLOW["os"], flow == DATAFLOW["ws"], words[0], passes, words[3], words[1], words[2],
                program.narrow_column, limits.bias, program.out_bytes == 4, *scale,
                limits.dram_bytes_per_s or 0, limits.clock_hz, limits.read_latency_cycles,
                limits.write_latency_cycles, program.dram_bytes, table_words,
                build.rows + build.cols + 2 * build.mac_latency + 4,
                limit or 4 * program.prediction.result.cycles + 100,
            ],
            dtype=np.int64,
        )  # fmt: skip
        events = {name: np.full(max(1, counts[i // 2]), -1, dtype=np.int64) for i, name in enumerate(EVENTS)}
        ends = np.full((build.cols, max(1, passes)), -1, dtype=np.int64)
        moved = np.zeros(len(MOVED), dtype=np.int64)
        after = image.copy()
        table_pointers = (ctypes.c_void_p * 4)(*(table.ctypes.data for table in encoded))
        event_pointers = (ctypes.c_void_p * 8)(*(clocks.ctypes.data for clocks in events.values()))
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (settings, after, ends, moved)]
        clocks = self._library.bench_run(
            self._bench, pointers[0], table_pointers, pointers[1], event_pointers, *pointers[2:]
        )
        if clocks < 0:
            raise RuntimeError("no end of the last drain" if clocks == -1 else "more events than descriptors")
        seen = {name: clocks[: counts[i // 2]] for i, (name, clocks) in enumerate(events.items())}
        return Run(clocks, seen, ends, after, dict(zip(MOVED, moved.tolist(), strict=True)))
