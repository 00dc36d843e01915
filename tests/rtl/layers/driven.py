"""Layer programs on the Verilog that ships, run by the driver that ships: DRAM is the host's to read and write."""

import ctypes
import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from pivotsim.rtl.layers.host import constants
from pivotsim.rtl.layers.image import image_words
from pivotsim.rtl.layers.parameters import layer_parameters, layer_widths
from pivotsim.rtl.layers.program import End
from pivotsim.rtl.sources import PARTS, UNIT_PARTS, modules
from tests.rtl import verilated
from tests.rtl.array.bridge import SLICE
from tests.rtl.verilated import HERE, Model

DRIVER = HERE.parents[1] / "pivotsim" / "rtl" / "driver"
AT_STOP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
AFTER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32)


class DrivenModel(Model):
    """A model whose library holds the driver, too."""

    @functools.cached_property
    def source_hash(self):
        files = sorted(DRIVER.iterdir())
        return hashlib.sha256(Model.source_hash.func(self) + b"".join(path.read_bytes() for path in files)).digest()


BENCH = (HERE / "layers/bench/layer_bench.v", HERE / "bench/dram_model.v", SLICE)
BRIDGE = HERE / "layers/layer_bridge.cpp"
MODEL = DrivenModel("layer_bench", (*modules(*PARTS), *BENCH), BRIDGE)
UNITS_MODEL = DrivenModel("layer_bench", (*modules(*PARTS, *UNIT_PARTS), *BENCH), BRIDGE)


class DriverError(RuntimeError):
    """What pivot_run returned: one of pivot_error."""


@dataclass(frozen=True)
class Driven:
    """What one run was: the end's path, the clocks of each product and pass by its entry, words written into tables."""

    path: str
    clocks: dict[int, int]
    stops: list[int]
    words: int
    all_clocks: int  # of the bus, too


def parameters(program, dram_address=0):
    """Return the bench's parameters for a layer program whose first byte lies there."""
    own = dict(layer_parameters(program))
    del own["GEARBOX"]
    flow = program.tables[0].dataflow.name
    return own | {
        "MULTIPLIES": 1, "OS": int(flow == "os"), "WS": int(flow == "ws"),
        "DRAM_BYTES": dram_address + program.dram_bytes,
    }  # fmt: skip


class DrivenAccelerator:
    """One layer program on its compiled accelerator, from a byte of DRAM on."""

    def __init__(self, program, host_of, optimise=verilated.ARRAYS_OPTIMISED, one_column=False, dram_address=0):
        self.program, self._dram_address = program, dram_address
        values = parameters(program, dram_address)
        rows, cols = values["R"], values["C"]
        path = verilated.library(
            UNITS_MODEL if program.units else MODEL,
            f"layers-{rows}x{cols}",
            values,
            cols,
            rows * cols,
            optimise,
            one_column=one_column,
        )
        self._library = ctypes.CDLL(str(path))
        self._library.bench_new.restype = self._library.bench_dram.restype = ctypes.c_void_p
        self._library.bench_clocks.restype = ctypes.c_int64
        self._bench = ctypes.c_void_p(self._library.bench_new())
        dram = ctypes.cast(self._library.bench_dram(self._bench), ctypes.POINTER(ctypes.c_uint8))
        self.dram = np.ctypeslib.as_array(dram, (values["DRAM_BYTES"],))[dram_address:]
        self.host = host_of(program, self.dram)
        self.image = image_words(program, layer_widths(program))
        self.dram[: program.dram_bytes] = constants(program)
        self._reset_clocks = rows + cols + 2 * values["MREG"] + values["READ_CYCLES"] + 4
        self.reset()

    def reset(self, bus_seed=0):
        """Reset the accelerator, not DRAM; with a seed each channel of the bus waits at random."""
        limits = self.program.tables[0].limits
        settings = [
            limits.dram_bytes_per_s or 0, limits.clock_hz, limits.read_latency_cycles, limits.write_latency_cycles,
            self._reset_clocks, bus_seed,
        ]  # fmt: skip
        self._library.bench_reset(self._bench, (ctypes.c_int64 * 6)(*settings))

    def close(self):
        """Free the model."""
        self._library.bench_delete(self._bench)

    def run(self, path="", polls=1_000_000, words=None):
        """Run the program from a path on, with other words as its image where some are given.

        The driver gives up a GEMM after ``polls`` reads of its status. Raises what the host raises at a stop, and
        DriverError for an error of the driver's own.
        """
        clocks, stops, written, problems = {}, [], ctypes.c_int64(), []
        given, first = self.image if words is None else words, self.program.paths[path][0] if path else 0
        begin = self._library.bench_clocks(self._bench)

        def at_stop(_, entry):
            stops.append(entry)
            try:
                return int(self.host.at(self.program.entries[entry]))
            except Exception as problem:  # ctypes would print it and go on
                problems.append(problem)
                return -16

        ended = self._library.bench_run(
            self._bench, given.ctypes.data_as(ctypes.c_void_p), self._dram_address, first, polls, AT_STOP(at_stop),
            AFTER(lambda _, entry, count: clocks.update({entry: count})), ctypes.byref(written),
        )  # fmt: skip
        if problems:
            raise problems[0]
        if ended < 0:
            raise DriverError(ended)
        end = self.program.entries[ended]
        assert isinstance(end, End)
        return Driven(end.path, clocks, stops, written.value, self._library.bench_clocks(self._bench) - begin)
