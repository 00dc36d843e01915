"""The AXI masters' Verilog on a memory that hesitates, with a checker of AXI's rules, driven from Python."""

import ctypes
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from pivotsim.rtl.sources import module
from tests.rtl import verilated
from tests.rtl.verilated import HERE, Model

NO_FINDING = ("-Wno-WIDTH", "-Wno-UNUSEDSIGNAL", "-Wno-UNUSEDPARAM")  # of the bench; the masters lint without a warning
MASTERS = tuple(module(name) for name in ("burst_splitter", "axi_read_master", "axi_write_master"))
BENCH = tuple(HERE / "axi" / f"{name}.v" for name in ("axi_memory", "axi_checker"))
SOURCES = (*MASTERS, *BENCH, HERE / "axi" / "masters_bench.v")
MODEL = Model("masters_bench", SOURCES, HERE / "axi" / "masters_bridge.cpp", NO_FINDING)
MOST_CLOCKS = 20_000  # of a command, far above any right number


@dataclass(frozen=True)
class Masters:
    """What is fixed when they are compiled: bytes of the streams and of AXI, the longest burst, bursts in flight."""

    lanes: int = 8
    data_bytes: int = 8
    burst_beats: int = 256
    outstanding: int = 8
    burst_bits: int = 3


class Found(NamedTuple):
    """What a run has seen; ``broken`` holds a bit for each rule, see axi_checker.v, and 15 for an error's answer."""

    bursts: int
    clocks: int
    read_bytes: int
    written_bytes: int
    wrong: int
    broken: int


def run(
    masters: Masters, seed: int, commands: int, *, longest: int = 5000, stalls: bool = True, latency: int = 0,
    model: Model = MODEL,
) -> Found:  # fmt: skip
    """Let both masters serve that many random commands of up to ``longest`` bytes each."""
    parameters = {name.upper(): number for name, number in asdict(masters).items()}
    library = ctypes.CDLL(str(verilated.library(model, f"axi-{masters.data_bytes}", parameters, 1, 1)))
    library.masters_run.restype = ctypes.c_int64
    found = np.zeros(6, dtype=np.int64)
    settings = (masters.lanes, seed, commands, longest, int(stalls), latency, MOST_CLOCKS * commands)
    ended = library.masters_run(*map(ctypes.c_int64, settings), ctypes.c_void_p(found.ctypes.data))
    if ended:
        raise RuntimeError("the masters have not come to an end")
    return Found(*found.tolist())
