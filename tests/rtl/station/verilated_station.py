"""The unit station in Verilog over a DRAM, driven from Python: tables and a pass in, bytes of DRAM and clocks out."""

import ctypes
from collections.abc import Sequence

import numpy as np

from pivotsim.engines.pl_units.operations import Station, UnitOperation
from pivotsim.engines.pl_units.passes import DramPort
from pivotsim.rtl.sources import module, modules
from pivotsim.rtl.stations import TABLES, pass_words
from tests.rtl import verilated
from tests.rtl.station.random_passes import DRAM_BYTES, Pass
from tests.rtl.verilated import Model

HERE = verilated.HERE / "station"
MODEL = Model(
    "station_bench",
    (
        *modules("units", "station"), module("transfer_sequencer"), module("descriptor_table"),
        verilated.HERE / "bench" / "dram_model.v", HERE / "station_bench.v",
    ),
    HERE / "station_bridge.cpp",
)  # fmt: skip


class VerilatedStation:
    """A station of some sizes."""

    def __init__(self, station: Station, model: Model = MODEL) -> None:
        self.station = station
        parameters = {
            "LANES": station.lanes, "PORT_BYTES": station.port_bytes, "WORDS": station.words,
            "MAX_ELEMENTS": station.max_elements, "MAX_CHANNELS": station.max_channels,
            "TOKEN_BITS": station.token_bits, "COMPARATORS": station.comparators, "PREFIX": station.prefix,
            "DRAM_BYTES": DRAM_BYTES,
        }  # fmt: skip
        path = verilated.library(model, f"station-{station.lanes}", parameters, columns=station.lanes, pes=1)
        self._library = ctypes.CDLL(str(path))
        self._library.bench_new.restype = ctypes.c_void_p
        self._library.bench_dram.restype = ctypes.c_void_p
        self._library.bench_run.restype = ctypes.c_int64
        self._library.bench_delete.argtypes = [ctypes.c_void_p]
        self._bench = ctypes.c_void_p(self._library.bench_new())
        at = ctypes.c_void_p(self._library.bench_dram(self._bench))
        self.dram = np.ctypeslib.as_array(ctypes.cast(at, ctypes.POINTER(ctypes.c_uint8)), (DRAM_BYTES,))

    def close(self) -> None:
        """Free the model."""
        self._library.bench_delete(self._bench)

    def run(self, one: Pass, port: DramPort, limit: int) -> list[int]:
        """Run a pass; return the clocks of each operation."""
        rate = map(ctypes.c_uint64, (port.bytes_per_s or 0, port.clock_hz))
        self._library.bench_rate(self._bench, *rate, port.read_latency_cycles, port.write_latency_cycles)
        self._tables(one)
        ends = np.zeros(len(one.operations), dtype=np.int64)
        clocks = self._library.bench_run(
            self._bench, ctypes.c_int64(len(ends)), ctypes.c_void_p(ends.ctypes.data), ctypes.c_int64(limit)
        )
        assert clocks == ends[-1], f"done after {clocks} clocks, the last operation ends with {ends[-1]}"
        return np.diff(ends, prepend=0).tolist()

    def _tables(self, one: Pass) -> None:
        lanes, n = self.station.lanes, one.norm.multiplier.size
        constants = np.zeros((n, 6), dtype=np.uint8)
        constants[:, :2] = one.norm.multiplier.astype("<i2").view(np.uint8).reshape(n, 2)
        constants[:, 2:] = one.norm.addend.astype("<i4").view(np.uint8).reshape(n, 4)
        self._write("operations", self._words(one.operations))
        self._write("exponentials", one.exponentials.astype("<u2").view(np.uint8).reshape(256, 2))
        self._write("activation", one.activation.view(np.uint8).reshape(256, 1))
        self._write("norm", constants.reshape(n // lanes, 6 * lanes))

    def _words(self, operations: Sequence[UnitOperation]) -> np.ndarray:
        return np.array(pass_words(operations, self.station), dtype="<u4").view(np.uint8).reshape(len(operations), 32)

    def _write(self, table: str, words: np.ndarray) -> None:
        words = np.ascontiguousarray(words)
        count, size = map(ctypes.c_int64, words.shape)
        self._library.bench_table(
            self._bench, ctypes.c_int64(TABLES[table]), count, size, ctypes.c_void_p(words.ctypes.data)
        )
