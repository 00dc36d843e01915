"""Toggles of processing elements at work on real int8 data, as SAIF: `python -m tests.recordings.toggles`.

A 4x4 array in DSP48E2 slices, as `rtl` writes it, multiplies 64 images of handwritten digits (scikit-learn's, 64
pixels of 0 to 16, times 7) with the weights of a linear classifier fitted to them by least squares, quantised to int8;
then random int8 of both in their place. Verilator traces the elements alone. Products are compared with numpy, and
clocks with the engine's, by the bench itself. Needs scikit-learn and Verilator.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pivotsim as ps
from pivotsim.energy.saif import ARRAY, read_saif
from pivotsim.rtl.layout import stored
from pivotsim.rtl.written.gemms import gemms_of, programs_of
from pivotsim.rtl.written.images import image_lines, operand_image
from pivotsim.workload.ops import Op, Trace
from tests.rtl import verilated

TARGET = Path(__file__).parents[1] / "data" / "toggles"
IMAGES, PIXELS, CLASSES, SCALE = 64, 64, 10, 7
BOARD = {
    "array.rows": 4, "array.cols": 4, "array.fold_overlap": "settled", "array.mac_latency": 2,
    "memories.buffer_read_cycles": 1, "memories.gb_port_bytes_per_clock": 8, "memories.ipmem_port_bytes_per_clock": 8,
    "memories.wtmem_port_bytes_per_clock": 8,
}  # fmt: skip


def digits() -> tuple[Any, Any]:
    """Return int8 images (64, 64) and classifier weights (64, 10)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels, labels = data.data / 16, np.eye(CLASSES)[data.target]
    weights = np.linalg.lstsq(pixels, labels, rcond=None)[0]
    images = (data.data[:IMAGES] * SCALE).astype(np.int8)
    return images, np.round(weights / np.abs(weights).max() * 127).astype(np.int8)


def uniform() -> tuple[Any, Any]:
    """Return random int8 of the same sizes."""
    draw = np.random.default_rng(7)
    return tuple(draw.integers(-128, 128, size, dtype=np.int8) for size in ((IMAGES, PIXELS), (PIXELS, CLASSES)))


def write_traces(products: dict[str, tuple[Any, Any]]) -> None:
    """Write the SAIF of each product on the written array; outputs and clocks must be right."""
    trace = Trace((Op(1, "digits", "gemm", IMAGES, PIXELS, CLASSES, 1, out_bits=32),))
    with tempfile.TemporaryDirectory() as folder:
        board, here = ps.load_hardware("zcu102").replace(BOARD), Path(folder) / "design"
        (gemm,) = ps.write_rtl(board, trace, here).gemms
        (program,) = programs_of(gemms_of(trace, board), board)
        _trace_elements(here)
        _build(here)
        for name, (a, b) in products.items():
            own = here / "programs" / gemm.name
            (own / "a.hex").write_text(operand_image(program, "a", a))
            (own / "b.hex").write_text(operand_image(program, "b", b, np.zeros(CLASSES, dtype=np.int32)))
            outputs = stored(program, a.astype(np.int32) @ b.astype(np.int32))
            (own / "outputs.hex").write_text("".join(image_lines(program.output_address, outputs)))
            subprocess.run(["./run"], cwd=here, check=True, timeout=600)
            (TARGET / f"{name}.saif").write_text("".join(first_column((here / "activity.saif").read_text())))


def _trace_elements(folder: Path) -> None:
    """Make the written bench trace the elements of the array while the product runs."""
    main = (folder / "bench" / "main.cpp").read_text()
    for old, new in (
        ('#include "verilated.h"\n', '#include "verilated.h"\n#include "verilated_saif_c.h"\n'),
        ("static void rise(", "static VerilatedSaifC* saif;\nstatic uint64_t now;\nstatic void rise("),
        ("    top.eval();\n", "    top.eval();\n    if (saif) saif->dump(now++);\n"),
        ("    Vbench top{&context};\n", "    context.traceEverOn(true);\n    Vbench top{&context};\n"),
        ("        top.start = 1;\n", '        VerilatedSaifC traced;\n        top.trace(&traced, 99);\n'
         '        traced.open("activity.saif");\n        saif = &traced;\n        top.start = 1;\n'),
        ("        int64_t unequal = 0;\n",
         "        traced.close();\n        saif = nullptr;\n        int64_t unequal = 0;\n"),
    ):  # fmt: skip
        if old not in main:
            raise RuntimeError(f"bench/main.cpp has changed: no {old!r}")
        main = main.replace(old, new)
    (folder / "bench" / "main.cpp").write_text(main)


def first_column(text: str) -> Iterator[str]:
    """Yield a SAIF with the nets of the elements of the array's first column alone, parameters left out."""
    names: list[str] = []
    yield '(SAIFILE\n(SAIFVERSION "2.0")\n(DIRECTION "backward")\n(PROGRAM_NAME "Verilator")\n(DIVIDER / )\n'
    yield f"(INSTANCE {ARRAY}\n"
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["(INSTANCE"]:
            indent = len(line) - len(line.lstrip())
            names = [*names[: indent - 1], words[1]]
            if _is_kept(names):
                yield f"(INSTANCE {'.'.join(names[-2:])} (NET\n"
        elif _is_kept(names) and words[0].startswith("(") and "(TC" in words and not words[0].startswith("(TOP"):
            yield f" {words[0]} (TC {words[words.index('(TC') + 1].rstrip(')')}))\n"
        elif _is_kept(names) and line.strip() == ")" and len(line) - len(line.lstrip()) == len(names) + 1:
            yield "))\n"  # the nets end; what is inside the slice has no element as its last name
    yield ")\n)\n"


def _is_kept(names: list[str]) -> bool:
    """Whether nets of an instance are kept: an element of column 0."""
    return names[-1:] == ["element"] and "column[0]" in names


def _build(folder: Path) -> None:
    root = verilated.verilator()
    parameters = (folder / "parameters.mk").read_text().partition(":= ")[2].split()
    sources = [str(path) for path in sorted((folder / "rtl").glob("*.v"))]
    sources += [str(path) for path in sorted((folder / "bench").glob("*.v"))]
    environment = verilated._environment()
    verilate = [verilated._executable(), "--cc", "--trace-saif", "-O3", "--x-assign", "fast", "--top-module", "bench"]
    verilate += [*parameters, "--Mdir", "build", *sources]
    subprocess.run(verilate, cwd=folder, env=environment, check=True, timeout=600)
    runtime = [f"{root}/include/{name}.cpp" for name in ("verilated", "verilated_threads", "verilated_saif_c")]
    compile_ = ["g++", "-O0", "-std=c++17", "-w", "-DVM_COVERAGE=0", "-DVM_TRACE=1", "-DVM_TRACE_SAIF=1", "-DVM_SC=0"]
    compile_ += [f"-I{root}/include", f"-I{root}/include/vltstd", "-Ibuild"]
    built = [str(path) for path in sorted((folder / "build").glob("*.cpp"))]
    subprocess.run([*compile_, *built, "bench/main.cpp", *runtime, "-lpthread", "-o", "run"], cwd=folder, check=True,
                   timeout=900)  # fmt: skip


def main() -> None:
    """Write both files and print their rates."""
    TARGET.mkdir(parents=True, exist_ok=True)
    write_traces({"digits": digits(), "uniform": uniform()})
    for path in sorted(TARGET.glob("*.saif")):
        found = read_saif(path)
        sys.stdout.write(f"{path.name}: {found}, {found.toggle_rate:.4f} a bit and clock, {path.stat().st_size} B\n")


if __name__ == "__main__":
    main()
