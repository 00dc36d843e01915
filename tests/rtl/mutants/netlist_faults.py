"""Faults that yosys draws in the elaborated Verilog that ships: all of a build in one netlist, one of which acts.

A fault inverts a bit of a cell's port, holds it at 0 or 1, or joins another bit to it, in every instance of a module.
"""

import ctypes
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pivotsim.rtl.sources import PARTS, VERILOG, module, modules
from tests.rtl.accelerator.bridge import Build, VerilatedAccelerator, parameters_of
from tests.rtl.array.bridge import SLICE
from tests.rtl.verilated import HERE, Model

BENCH = HERE / "bench"
FILES = " ".join(str(path.relative_to(VERILOG.parent)) for path in modules(*PARTS))
OBSERVED = sorted(set(re.findall(r"\bdut\.(\w+)", (BENCH / "bench.v").read_text())))
BITS = 16  # of a fault's number
LIMIT_S = 900
OFF = ("-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-MULTITOP")


@dataclass(frozen=True)
class NetlistFault:
    """One fault of a build: its number there, and yosys' own line with the place in the source."""

    number: int
    line: str

    def of(self, option: str) -> str:
        """Return what stands behind an option of yosys' line, '' where it has none."""
        found = re.search(rf"-{option} (\S+)", self.line)
        return found[1] if found else ""

    @property
    def place(self) -> str:
        """Where in the source, a file's name with its lines: that of the innermost module."""
        found = [one for one in re.findall(r"-src (?:\S*/)?(\w+\.v:[\d.-]+)", self.line) if ":0." not in one]
        inner = [one for one in found if not one.startswith("accelerator.")]
        return (inner or found or [""])[-1]

    @property
    def module(self) -> str:
        """The module, named as its file."""
        return self.place.partition(".")[0]

    @property
    def words(self) -> str:
        """What is done to which bit; numbers that yosys gives to cells are left out."""
        control = f" by bit {self.of('ctrlbit')}" if self.of("ctrlbit") else ""
        wire = f" ({self.of('wire')}[{self.of('wirebit')}])" if self.of("wire") else ""
        cell = re.sub(r"verilog/\S+|\$\d+$", "", self.of("cell").replace("flatten\\", "")).replace("$", "").strip()
        return f"{self.of('mode')} {cell}.{self.of('port')}[{self.of('portbit')}]{wire}{control}"


def missing() -> str:
    """Return what keeps faults from being drawn, or ''."""
    return "" if shutil.which("yosys") else "no yosys on this machine: apt-get install yosys"


def elaborated(build: Build) -> list[str]:
    """Return yosys' commands that read and elaborate a build."""
    values = " ".join(f"-chparam {name} {value}" for name, value in parameters_of(build).items())
    return [
        "read_verilog -lib +/xilinx/cells_xtra.v", f"read_verilog {FILES}", f"hierarchy -top accelerator {values}",
        *(f"setattr -set keep 1 accelerator/w:{name}" for name in OBSERVED), "proc",
        "setattr -mod -unset keep_hierarchy *", "flatten", "opt", "wreduce", "opt", "memory -nomap",
        "opt_expr -mux_undef", "opt_clean",
    ]  # fmt: skip


def yosys(commands: list[str]) -> str:
    """Run commands and return what yosys prints."""
    done = subprocess.run(
        ["yosys", "-q", "-p", "; ".join(commands)], cwd=VERILOG.parent, capture_output=True, text=True, timeout=LIMIT_S
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def draw_faults(build: Build, count: int, seed: int, folder: Path) -> tuple[list[NetlistFault], Model]:
    """Draw faults in a build; return them, and the bench with the netlist that holds them all."""
    listed, netlist, bench = folder / "faults.ys", folder / "netlist.v", folder / "bench.v"
    draws = f"mutate -list {count} -seed {seed} -ctrl fault {BITS} 1 -o {listed}"
    yosys([*elaborated(build), draws, f"script {listed}", f"write_verilog -noattr {netlist}"])
    faults = [NetlistFault(number, line) for number, line in enumerate(listed.read_text().splitlines(), 1)]
    own = (BENCH / "bench.v").read_text()
    own, count_of = re.subn(r"accelerator #\(.*?\) dut \(", "accelerator dut (.fault(fault), ", own, flags=re.DOTALL)
    own, ended = re.subn(
        r"\n\);\n", f"\n);\n    reg [{BITS - 1}:0] fault /* verilator public_flat_rw */;\n", own, count=1
    )
    assert count_of == 1 and ended == 1
    bench.write_text(own)
    sources = (netlist, bench, BENCH / "dram_model.v", SLICE, module("skew"))
    return faults, Model("bench", sources, HERE / "mutants" / "bridge.cpp", OFF)


class FaultyAccelerator(VerilatedAccelerator):
    """An accelerator with one of its faults at a time."""

    def choose(self, number: int) -> None:
        """Start anew with a fault; 0 is none."""
        self._library.bench_delete(self._bench)
        self._bench = ctypes.c_void_p(self._library.bench_new())
        self._library.bench_choose(self._bench, ctypes.c_int64(number))
