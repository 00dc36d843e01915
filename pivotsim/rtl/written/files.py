"""Files of a written design: modules, parameters, programs, memory images, the bench and the pages about them."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.scaling import Scale, rescale
from pivotsim.rtl.encoding import Widths, tables, word
from pivotsim.rtl.layout import kept_elements, stored
from pivotsim.rtl.program import Program
from pivotsim.rtl.sources import PARTS, UNIT_PARTS, modules
from pivotsim.rtl.written.block_diagram import diagram
from pivotsim.rtl.written.design import WrittenDesign, WrittenGemm
from pivotsim.rtl.written.gemms import Gemm
from pivotsim.rtl.written.images import image_lines, operand_image
from pivotsim.rtl.written.pages import readme, vivado_script
from pivotsim.rtl.written.top import driven_module, top_module
from pivotsim.rtl.written.weights import Weights

SHIPPED = Path(__file__).parents[1]
TABLE_NAMES = ("loads", "tiles", "streams", "drains")
BENCH_PARAMETERS = ("LANES", "TABLE_BITS", "COUNT_BITS", "ADDRESS_BITS")
SEED = 20240623  # of the bench's operands
MAX_SHIFT = 31


def write_files(
    folder: Path, board: SystolicHardware, design: WrittenDesign, gemms: Sequence[Gemm], programs: Sequence[Program],
    given: Mapping[str, Weights], widths: Widths,
) -> None:  # fmt: skip
    """Write everything into an empty folder; ``given`` are weights by the names of their operations."""
    (folder / "rtl").mkdir()
    has_units = "UNITS" in design.parameters
    for path in modules(*PARTS, *(UNIT_PARTS if has_units else ())):
        shutil.copy(path, folder / "rtl")
    bench = folder / "bench"
    bench.mkdir()
    for path in (each for each in (SHIPPED / "testbench").iterdir() if each.is_file()):
        shutil.copy(path, (folder if path.name == "Makefile" else bench) / path.name)
    (folder / "rtl" / "top.v").write_text(top_module(design.parameters, board))
    if widths.fits_registers:
        shutil.copytree(SHIPPED / "driver", folder / "driver")
        (folder / "rtl" / "driven_top.v").write_text(driven_module(design.parameters))
    own = {name: design.parameters[name] for name in BENCH_PARAMETERS}
    own |= {"PROGRAM_BITS": widths.table_bits, "DRAM_BYTES": max(p.dram_bytes for p in programs)}
    if has_units:
        own |= {"TABLE_BITS": design.parameters["INDEX_BITS"], "PROGRAM_BITS": design.parameters["DATA_BITS"]}
    line = " ".join([*(f"-G{name}={value}" for name, value in own.items()), *(["-DUNITS"] if has_units else [])])
    (folder / "parameters.mk").write_text(f"PARAMETERS := {line}\n")
    files = sorted(path.name for path in (folder / "rtl").glob("*.v"))
    (folder / "files.f").write_text("".join(f"rtl/{name}\n" for name in files))
    (folder / "vivado.tcl").write_text(vivado_script(board, files))
    rows = []
    for written, gemm, program in zip(design.gemms, gemms, programs, strict=True):
        own_weights = {key: given[key] for key in gemm.keys if key in given}
        rows.append(_write_program(folder / "programs" / gemm.name, written, program, widths, own_weights))
    (folder / "gemms.txt").write_text("".join(rows))
    (folder / "diagram.svg").write_text(diagram(design.parameters, board))
    (folder / "README.md").write_text(readme(design, board, is_driven=widths.fits_registers))


def _write_program(
    folder: Path, gemm: WrittenGemm, program: Program, widths: Widths, given: Mapping[str, Weights]
) -> str:
    """Write one GEMM's tables, its operands in DRAM and its outputs; return its line of settings."""
    folder.mkdir(parents=True)
    limits = program.limits
    for name, table in zip(TABLE_NAMES, tables(program), strict=True):
        (folder / f"{name}.hex").write_text("".join(f"{word(row, widths):x}\n" for row in table))
    generator = np.random.default_rng(SEED)
    a, b = (generator.integers(-128, 128, shape, dtype=np.int8) for shape in ((gemm.m, gemm.k), (gemm.k, gemm.n)))
    seeded = Weights(b, generator.integers(-(2**15), 2**15, gemm.n, dtype=np.int32))
    (folder / "a.hex").write_text(operand_image(program, "a", a))
    weights = {f"{key}.hex": each for key, each in given.items()} or {"b.hex": seeded}
    for name, (matrix, bias) in weights.items():
        loaded = (np.zeros(gemm.n, dtype=np.int32) if bias is None else bias) if limits.bias else None
        (folder / name).write_text(operand_image(program, "b", matrix, loaded))
    name, (matrix, bias) = next(iter(weights.items()))
    kept_a, kept_b = (kept_elements(program.mask, program.copy, operand) for operand in "ab")
    sums = (a * kept_a).astype(np.int64) @ (matrix * kept_b).astype(np.int64)
    sums += 0 if bias is None or not limits.bias else bias
    sums = sums.astype(np.int32)
    shift = min(MAX_SHIFT, max(0, int(np.abs(sums.astype(np.int64)).max()).bit_length() - 7))  # the largest fits int8
    outputs = stored(program, rescale(sums, Scale(1, shift)) if program.out_bytes == 1 else sums)
    (folder / "outputs.hex").write_text("".join(image_lines(program.output_address, outputs)))
    settings = (
        len(program.loads), program.prediction.result.passes, len(program.drains), program.narrow_column, limits.bias,
        program.out_bytes == 4, 1, shift, limits.dram_bytes_per_s or 0, limits.clock_hz,
        limits.read_latency_cycles, limits.write_latency_cycles, program.dram_bytes, gemm.cycles,
    )  # fmt: skip
    return " ".join((gemm.name, name, *(str(int(value)) for value in settings))) + "\n"
