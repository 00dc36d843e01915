"""Resources of the Verilog that ships, part by part, counted by yosys before place and route: `make synth`.

Parts are mapped for UltraScale+ (``synth_xilinx -family xcup``), one at a time; an array is its columns beside the
registers that skew what enters, so that 64x36 takes no longer than 8x8. Rows go, with the tool's version, to
pivotsim/hardware/resources/synthesis.csv. What is counted as what stands in ``CELLS``; a cell that is not listed ends
the recording.
"""

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pivotsim.hardware.resources.synthesis import TABLE
from pivotsim.rtl.sizes import bits

ROOT = Path(__file__).parents[2]
VERILOG = ROOT / "pivotsim" / "rtl" / "verilog"
LIMIT_S = 1500
SIZES = ((8, 8), (16, 16), (32, 32), (64, 36))
FLAT = SIZES[:2]  # arrays that are also counted in one piece, to check the sum of their parts
COUNTS = ("dsp48e2", "lut", "ff", "bram36", "carry4")
MISSING = "no yosys on this machine: apt-get install yosys (0.23 counted what is recorded)"

# cell -> what it counts as. Shift registers and distributed RAM are LUTs; a RAMB18 is half a block RAM.
CELLS: dict[str, tuple[str, float]] = {
    "DSP48E2": ("dsp48e2", 1),
    **{f"LUT{inputs}": ("lut", 1) for inputs in range(1, 7)},
    **dict.fromkeys(("INV", "SRL16E", "SRLC32E"), ("lut", 1)),
    **dict.fromkeys(("RAM32X1D", "RAM64X1D"), ("lut", 2)),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D"), ("lut", 4)),
    **dict.fromkeys(("RAM32M16", "RAM64M8", "RAM256X1D"), ("lut", 8)),
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), ("ff", 1)),
    "RAMB36E2": ("bram36", 1),
    "RAMB18E2": ("bram36", 0.5),
    "CARRY4": ("carry4", 1),
}
FREE = {"MUXF7", "MUXF8", "MUXF9"}  # beside the LUTs of a slice


@dataclass(frozen=True)
class Part:
    """What is mapped in one run: a module with its parameters; ``outside`` are modules that stay black boxes."""

    name: str
    top: str
    rows: int
    cols: int
    parameters: dict[str, int] = field(default_factory=dict)
    outside: tuple[str, ...] = ()


def parts() -> Iterator[Part]:
    """Yield all parts: elements, columns and arrays, then what feeds and empties an array of each size."""
    yield Part("pe_dsp48e2", "pe_dsp48e2", 1, 1)
    yield Part("pe_generic", "pe_generic", 1, 1, {"DOUBLE": 0, "CHAIN": 0, "MREG": 0})
    yield Part("pe_generic_settled", "pe_generic", 1, 1, {"DOUBLE": 1, "CHAIN": 1, "MREG": 1})
    for rows in dict.fromkeys(rows for rows, _ in SIZES):
        yield Part("column", "array_column_dsp48e2", rows, 1, {"R": rows})
    for rows, cols in SIZES:
        yield Part("skew", "array", rows, cols, _array(rows, cols), ("array_column_dsp48e2", "array_column"))
    for rows, cols in FLAT:
        yield Part("array", "array", rows, cols, _array(rows, cols))
    yield Part("transfer_sequencer", "transfer_sequencer", 0, 0, {"COUNT_BITS": 20})
    yield Part("pass_sequencer", "pass_sequencer", 0, 0, {"COUNT_BITS": 20, "SETTLED": 1})
    for rows, cols in SIZES:
        yield from _memories(rows, cols)


def _array(rows: int, cols: int) -> dict[str, int]:
    return {"R": rows, "C": cols, "OVERLAP": 4, "MREG": 1, "SLICES": 1}


def _memories(rows: int, cols: int) -> Iterator[Part]:
    """Yield memories of PIVOT's sizes (Table 1), ports of a byte a row, and their movers; they answer in a clock."""
    late, width = {"READ_CYCLES": 1, "COUNT_BITS": 20}, max(rows, cols)
    lanes = {"LANES": rows, "READ_LANES": width, "BANK_BITS": bits(width)}
    yield Part("ipmem, wtmem: each", "packed_memory", rows, cols, {"BYTES": 8192, **lanes, **late})
    yield Part("global_buffer", "packed_memory", rows, cols, {"BYTES": 16384, **lanes, "READ_LANES": rows, **late})
    depth = 8192 // (4 * cols)
    yield Part("opmem", "opmem", rows, cols, {"C": cols, "DEPTH": depth, "HALVES": 1, "EDGE": rows + 1, **late})
    yield Part("read_mover", "read_mover", rows, cols, {"LANES": rows, **late})
    yield Part("write_mover", "write_mover", rows, cols, {"C": cols, "LANES": rows, **late})


def synthesised(part: Part) -> dict[str, float]:
    """Return what yosys counts of a part."""
    inside = [path for path in sorted(VERILOG.glob("*.v")) if path.stem not in part.outside]
    setting = " ".join(f"-set {name} {value}" for name, value in part.parameters.items())
    with tempfile.TemporaryDirectory() as folder:
        script = [
            *(f"read_verilog -lib {VERILOG / name}.v" for name in part.outside),
            "read_verilog " + " ".join(map(str, inside)),
            *([f"chparam {setting} {part.top}"] if setting else []),
            f"synth_xilinx -family xcup -flatten -noiopad -noclkbuf -top {part.top}",
            f"tee -o {folder}/stat stat",
        ]
        command = ["yosys", "-q", "-p", "; ".join(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        if done.returncode:
            raise RuntimeError(f"{part.name}: {done.stderr[-2000:]}")
        return counts((Path(folder) / "stat").read_text(), part.outside)


def counts(stat: str, outside: tuple[str, ...] = ()) -> dict[str, float]:
    """Return the resources in the text of yosys' command `stat`.

    Raises
    ------
    KeyError
        There is a cell of which nothing says what it counts as.
    """
    found = dict.fromkeys(COUNTS, 0.0)
    cells = stat.rpartition("Number of cells:")[2].partition("\n")[2]
    for name, amount in re.findall(r"^ +(\S+) +(\d+)$", cells, re.M):
        if name in FREE or any(module in name for module in outside):
            continue
        resource, each = CELLS[name]
        found[resource] += each * int(amount)
    return found


def version() -> str:
    """Return yosys' name and version."""
    told = subprocess.run(["yosys", "-V"], capture_output=True, text=True, timeout=60).stdout
    return " ".join(told.split()[:2])


def main() -> None:
    """Count all parts, or those of the names given, and write the table."""
    if not shutil.which("yosys"):
        sys.exit(MISSING)
    tool, rows = version(), []
    for part in parts():
        if len(sys.argv) > 1 and part.name not in sys.argv[1:]:
            continue
        found = synthesised(part)
        words = " ".join(f"{name}={value}" for name, value in part.parameters.items())
        rows.append([part.name, part.top, part.rows, part.cols, words, *(f"{found[name]:g}" for name in COUNTS), tool])
        sys.stdout.write(" ".join(map(str, rows[-1])) + "\n")
        sys.stdout.flush()
        if len(sys.argv) == 1:
            _write(rows)


def _write(rows: list[list[object]]) -> None:
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["part", "module", "rows", "cols", "parameters", *COUNTS, "tool"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
