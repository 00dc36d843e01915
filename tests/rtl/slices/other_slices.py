"""A column of slices beside models of others: yosys' DSP48E1, and the same column as yosys maps it for 7-series."""

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pivotsim.rtl.sources import module
from tests.rtl.array.bridge import SLICE
from tests.rtl.verilated import Model, cache_folder, library

HERE = Path(__file__).parent
ROWS = 4
LIMIT_S = 300
OURS = tuple(module(name) for name in ("pe_dsp48e2", "array_column_dsp48e2", "skew"))


class Differences(NamedTuple):
    """Clocks in which something differs from the column with our model."""

    of_e1_sum: int
    of_mapped_sum: int
    of_e1_operand: int


def missing() -> str:
    """Return what keeps the others from being asked, or ''."""
    return "" if shutil.which("yosys") else "no yosys on this machine: apt-get install yosys"


def _cells() -> Path:
    """Return yosys' own models of 7-series cells."""
    program = shutil.which("yosys")
    assert program is not None, missing()
    return Path(program).resolve().parents[1] / "share" / "yosys" / "xilinx" / "cells_sim.v"


@functools.cache
def mapped_column() -> tuple[str, Mapping[str, int]]:
    """Map column_inferred for 7-series; return its netlist, flat in its cells' models, and how many cells it has."""
    with tempfile.TemporaryDirectory() as folder:
        netlist, stat = Path(folder, "column_mapped.v"), Path(folder, "stat")
        script = [
            f"read_verilog {HERE / 'column_inferred.v'}", f"chparam -set R {ROWS} column_inferred",
            "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top column_inferred", f"tee -o {stat} stat",
            "read_verilog +/xilinx/cells_sim.v", "hierarchy -top column_inferred", "proc", "flatten", "opt_clean",
            "rename column_inferred column_mapped", f"write_verilog -noattr {netlist}",
        ]  # fmt: skip
        done = subprocess.run(["yosys", "-q", "-p", "; ".join(script)], capture_output=True, text=True, timeout=LIMIT_S)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        cells = stat.read_text().rpartition("Number of cells:")[2]
        found = re.findall(r"^ +(\S+) +(\d+)$", cells, re.M)
        return netlist.read_text(), MappingProxyType({name: int(count) for name, count in found})


def differences(clocks: int, seed: int, slice_model: Path = SLICE) -> tuple[Differences, Mapping[str, int]]:
    """Drive all three with random operands; return clocks that differ, and the mapped column's cells."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder()) as name:
        folder = Path(name)
        text, cells = mapped_column()
        netlist = folder / "column_mapped.v"
        netlist.write_text(text)
        e1 = folder / "DSP48E1.v"
        text = _cells().read_text()
        e1.write_text(text[text.index("module DSP48E1 (") :].partition("\nendmodule")[0] + "\nendmodule\n")
        sources = (HERE / "other_slices.v", *OURS, slice_model, e1, netlist)
        model = Model("other_slices", sources, HERE / "other_slices.cpp", ("-Wno-fatal", "-Wno-lint", "-Wno-style"))
        path = library(model, "other-slices", {"R": ROWS}, 1, ROWS)
    run = ctypes.CDLL(str(path)).other_slices_run
    run.restype = ctypes.c_int64
    found = (ctypes.c_int64 * 3)()
    moved = run(ctypes.c_uint64(seed), ctypes.c_int64(clocks), found)
    assert moved > clocks // 3
    return Differences(*found), cells
