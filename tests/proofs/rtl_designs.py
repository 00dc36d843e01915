"""`make rtl-designs`: designs off a Pareto front as Verilog: written, linted, checked by yosys, simulated by `make`.

Writes tests/data/rtl_designs.csv and the table of docs/hardware_out.md. A count of designs makes a quick try that
writes no table: python -m tests.proofs.rtl_designs 3. With `large`, one 64x36 and one 128x64, verilated by columns.
"""

import csv
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pivotsim as ps
from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.fronts import front_rows
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.dse.sweep_designs import stored_design
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.rtl.written.design import WrittenDesign
from pivotsim.workload.ops import Op, Trace
from tests.rtl import verilated

SPACE, OBJECTIVES, DESIGNS, SEED = "digits_arrays", ("delay_ms", "dsp", "bram36"), 25, 1
OF_OTHERS = 3  # designs of a dataflow that the front has none of, off its own front
TABLE = Path(__file__).parents[1] / "data" / "rtl_designs.csv"
PAGE = Path(__file__).parents[2] / "docs" / "hardware_out.md"
BEGIN, END = "<!-- designs -->", "<!-- end of designs -->"
LIMIT_S = 3000
SHAPE = ("array.dataflow", "array.fold_overlap", "array.edge", "array.rows", "array.cols")
COLUMNS = ("point", *SHAPE, "dsp", "slices", "programs", "predicted", "clocks", "outputs", "yosys_check")
LARGE = ((64, 36), (128, 64))


def drawn(front: dict[str, Any], count: int) -> list[int]:
    """Return numbers of designs on the front, by the seed, with one of each dataflow at least."""
    draw = random.Random(SEED)
    of_flow = {flow: [int(p) for p, f in zip(front["point"], front["array.dataflow"], strict=True) if f == flow]
               for flow in DATAFLOWS}  # fmt: skip
    first = [draw.choice(points) for points in of_flow.values() if points]
    rest = [int(point) for point in front["point"] if int(point) not in first]
    return sorted([*first, *draw.sample(rest, min(len(rest), max(0, count - len(first))))])


def simulated(folder: Path, *options: str) -> tuple[int, bool]:
    """Run `make` in a written folder, which lints it; return the clocks of all programs, and whether outputs agree."""
    command = ["make", "-s", f"VERILATOR_ROOT={verilated.verilator()}", "CXX=g++", "OPTIMISE=-O0", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S)
    rows = re.findall(r"^\S+ +(\d+) +\d+  (equal|\d+ bytes differ)$", done.stdout, re.M)
    if not rows:
        raise RuntimeError(f"{folder}: make said\n{done.stdout}{done.stderr}")
    return sum(int(clocks) for clocks, _ in rows), done.returncode == 0 and all(said == "equal" for _, said in rows)


def yosys_check(folder: Path) -> str:
    """Return 'clean' where `yosys check` finds nothing, or its last line."""
    read = "read_verilog -lib +/xilinx/cells_xtra.v; read_verilog rtl/*.v"  # a DSP48E2 is a box with ports there
    script = f"{read}; hierarchy -check -top top; proc; check -assert"
    done = subprocess.run(["yosys", "-q", "-p", script], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S)
    said = (done.stdout + done.stderr).strip().splitlines()
    return "clean" if done.returncode == 0 else said[-1]


def row_of(design: WrittenDesign, **known: Any) -> dict[str, Any]:
    """Simulate and check a written design; return its row."""
    clocks, outputs = simulated(design.folder)
    return {
        **known, "slices": design.parameters["SLICES"], "programs": len(design.gemms),
        "predicted": sum(gemm.cycles for gemm in design.gemms), "clocks": clocks,
        "outputs": "equal" if outputs else "differ", "yosys_check": yosys_check(design.folder),
    }  # fmt: skip


def rows(folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """Sweep the space, draw from its front, and yield a row of each design."""
    run_sweep(load_space(SPACE), folder / "sweep")
    front = front_rows(open_dataset(folder / "sweep"), OBJECTIVES)
    points = drawn(front, count)
    for flow in DATAFLOWS:
        if flow not in front["array.dataflow"]:
            own = front_rows(open_dataset(folder / "sweep"), OBJECTIVES, where=[f"array.dataflow == '{flow}'"])
            points += drawn(own, OF_OTHERS)
    for point in points:
        found = stored_design(folder / "sweep", point)
        design = ps.write_rtl(found.hw, found.works[-1].trace, folder / f"point-{point}")
        if design.cycles_as_stated != found.row["pl_cycles"]:
            raise RuntimeError(
                f"point {point}: {design.cycles_as_stated} clocks, {found.row['pl_cycles']} in the sweep"
            )
        yield row_of(design, point=point, **{name: found.row[name] for name in (*SHAPE, "dsp")})
        shutil.rmtree(design.folder)


def table_of(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| point | array | dataflow | overlap | elements | predicted | clocks |",
        "|---:|---|---|---|---|---:|---:|",
    ]
    for row in rows:
        flow, overlap, edge, height, width = (row[name] for name in SHAPE)
        elements = "slices" if int(row["slices"]) else "pe_generic"
        clocks = f"{int(row['predicted']):,} | {int(row['clocks']):,}"
        lines.append(f"| {row['point']} | {height}x{width} | {flow} | {overlap}, {edge} | {elements} | {clocks} |")
    return "\n".join(lines)


def large(folder: Path) -> int:
    """Write, build by columns and simulate the large arrays once; print clocks, time and memory."""
    wrong = 0
    for number_of_rows, cols in LARGE:
        shape = {"array.rows": number_of_rows, "array.cols": cols, "array.fold_overlap": "settled"}
        ports = {f"memories.{name}_port_bytes_per_clock": 16 for name in ("gb", "ipmem", "wtmem")}
        sizes = {"memories.ipmem_bytes": 2**15, "memories.wtmem_bytes": 2**15, "memories.opmem_bytes": 2**16}
        board = ps.load_hardware("zcu102").replace({**shape, **ports, **sizes})
        trace = Trace((Op(1, "fc1", "gemm", 17, 192, 80, 1),))
        design = ps.write_rtl(board, trace, folder / f"{number_of_rows}x{cols}")
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.monotonic()
        clocks, outputs = simulated(design.folder, "COLUMNS=1")
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        agrees = outputs and clocks == design.cycles
        wrong += not agrees
        print(
            f"{number_of_rows}x{cols}: {clocks:,} clocks, {design.cycles:,} predicted, outputs"
            f" {'equal' if outputs else 'differ'}; built and run in {spent.ru_utime - before:.0f} s of CPU"
            f" ({time.monotonic() - started:.0f} s), at most {spent.ru_maxrss / 2**20:.2f} GiB",
            flush=True,
        )
    return wrong


def main() -> int:
    missing = verilated.missing() or ("" if shutil.which("yosys") else "no yosys: apt-get install yosys")
    if missing:
        raise SystemExit(f"make rtl-designs: {missing}")
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[1:] == ["large"]:
            return large(Path(folder))
        count = int(sys.argv[1]) if len(sys.argv) > 1 else DESIGNS
        found, wrong = [], 0
        for row in rows(Path(folder), count):
            print(*row.values(), flush=True)
            found.append(row)
            wrong += (row["predicted"], "equal", "clean") != (row["clocks"], row["outputs"], row["yosys_check"])
        print(f"{len(found)} designs, {sum(row['clocks'] for row in found):,} clocks, {wrong} differ")
        if count == DESIGNS and not wrong:
            with TABLE.open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(found)
            before, _, rest = PAGE.read_text().partition(BEGIN)
            PAGE.write_text(f"{before}{BEGIN}\n{table_of(found)}\n{END}{rest.partition(END)[2]}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
