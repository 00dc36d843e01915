"""write_rtl(): a folder with the Verilog of a design, its programs, and a bench that runs them."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import limits_of
from pivotsim.errors import InputError, got
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.spec import Hardware
from pivotsim.rtl.buildable import OPERAND_BITS, bits_refused, check_board
from pivotsim.rtl.design import WrittenDesign, WrittenGemm
from pivotsim.rtl.encoding import tables, word
from pivotsim.rtl.layout import dram_image, requantised, stored
from pivotsim.rtl.pages import diagram, readme, top_module, vivado_script
from pivotsim.rtl.program import Program, program_of
from pivotsim.rtl.sizes import parameters_of, widths_of
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import Plan

HERE = Path(__file__).parent
TABLE_NAMES = ("loads", "tiles", "streams", "drains")
WrittenSize: TypeAlias = tuple[int, int, int, int]
SEED = 20240623  # of the bench's operands


def write_rtl(hw: Hardware, workload: Plan | Trace, folder: str | Path) -> WrittenDesign:
    """Write the hardware of a board's array and memories, with the programs of a workload's GEMMs, into a new folder.

    Parameters
    ----------
    hw : Hardware
        A board with a systolic array; its memories with sizes, behind a bandwidth.
    workload : Plan or Trace
        Its GEMMs that run on the array; each distinct one once.
    folder : str or Path
        Made here; must not exist or be empty.

    Returns
    -------
    WrittenDesign

    Raises
    ------
    InputError
        The hardware cannot be built as stated, a GEMM does not fit, or there is something in the folder.

    Examples
    --------
    The clocks are engine `memory`'s:

    >>> import pivotsim as ps
    >>> from pivotsim.workload.ops import Op
    >>> board, trace = ps.load_hardware("zcu102"), ps.Trace((Op(1, "qkt", "gemm", 197, 64, 197, 3),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     design = write_rtl(board, trace, Path(folder) / "design")
    >>> design.gemms[0].name, design.gemms[0].cycles, design.cycles
    ('qkt_197x64x197', 5177, 15531)
    """
    board, target = as_systolic(hw, "rtl"), Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"--out: must be a new or an empty folder {got(str(target))}")
    check_board(board)
    trace = workload if isinstance(workload, Trace) else lower(workload)
    counted = _gemms_of(trace, board)
    programs = [_program(board, *size) for size in counted]
    parameters = parameters_of(programs)
    gemms = tuple(
        WrittenGemm(name, *size, repeats, result.loop_order, result.chunk, result.cycles)
        for (size, (name, repeats)), result in zip(
            counted.items(), (program.prediction.result for program in programs), strict=True
        )
    )
    cycles = sum(gemm.cycles * gemm.repeats for gemm in gemms)
    design = WrittenDesign(target, gemms, parameters, cycles, _notes(board, programs, parameters))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".rtl-", dir=target.parent))
    try:
        _write(partial, board, design, programs)
        if target.exists():
            target.rmdir()
        partial.chmod(0o755)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return design


def _gemms_of(trace: Trace, board: SystolicHardware) -> dict[WrittenSize, tuple[str, int]]:
    """Return the distinct GEMMs on the array: (m, k, n, bits of an output) -> (name, repeats)."""
    found: dict[WrittenSize, tuple[str, int]] = {}
    for op in trace.ops:
        if op.kind != "gemm" or board.placement.of("gemm") != "array":
            continue
        _check_op(op)
        size = op.m, op.k, op.n, op.out_bits
        name = f"{op.module}_{op.m}x{op.k}x{op.n}" + ("" if op.out_bits == 8 else f"_out{op.out_bits}")
        first, repeats = found.get(size, (name, 0))
        found[size] = first, repeats + op.repeats
    if not found:
        raise InputError("rtl: the workload has no GEMM for the array")
    return found


def _check_op(op: Op) -> None:
    if op.mask_file or op.mask_key or op.density != 1:
        raise InputError(f"rtl: {op.module} of encoder {op.encoder} has a mask; programs are of dense GEMMs only")
    problems = list(bits_refused(op.a_bits, op.w_bits, op.out_bits))
    if problems:
        raise InputError(f"rtl: {op.module} of encoder {op.encoder}: {problem}" for problem in problems)


def _program(board: SystolicHardware, m: int, k: int, n: int, out_bits: int) -> Program:
    memories = board.memories
    chunk = min(memories.chunk, DATAFLOW[board.array.dataflow].sizes(m, k, n)[2])
    limits = limits_of(memories, board.array.clock_mhz).with_bits(OPERAND_BITS, OPERAND_BITS, out_bits)
    program = program_of(m, k, n, board.array, limits, loop_order=memories.loop_order, chunk=chunk)
    if isinstance(program, DoesNotFit):
        raise InputError(f"memories: gemm {m}x{k}x{n}: {misfit}" for misfit in program.misfits)
    return program


def _notes(board: SystolicHardware, programs: Sequence[Program], parameters: Mapping[str, int]) -> tuple[str, ...]:
    notes = []
    if board.memories.buffer_read_cycles == 0:
        notes.append(
            "memories.buffer_read_cycles 0: memories answer at once, so they become LUTs; block RAMs need 1 or 2"
        )
    if board.array.mac_latency == 1:
        notes.append("array.mac_latency 1: no register behind the multiplier, which a DSP slice wants at speed")
    if not parameters["SLICES"]:
        notes.append(
            "array: elements are pe_generic; `settled` with mac_latency 2 puts those of is and ws into DSP48E2 slices"
        )
    built, stated = 4 * parameters["C"] * parameters["OPMEM_DEPTH"], programs[0].limits.half_bytes("opmem") or 0
    if built > stated:
        notes.append(
            f"memories.opmem_bytes: a half is built with {built:,} B for {stated:,} B stated, since a region of few"
            " columns is long and each column has a bank of its own"
        )
    return tuple(notes)


def _write(folder: Path, board: SystolicHardware, design: WrittenDesign, programs: Sequence[Program]) -> None:
    shutil.copytree(HERE / "verilog", folder / "rtl")
    (folder / "bench").mkdir()
    for name in ("bench.v", "dram_model.v", "DSP48E2.v", "main.cpp"):
        shutil.copy(HERE / "bench" / name, folder / "bench" / name)
    shutil.copy(HERE / "bench" / "Makefile", folder / "Makefile")
    (folder / "rtl" / "top.v").write_text(top_module(design.parameters, board))
    dram = max(program.dram_bytes for program in programs)
    values = {**design.parameters, "DRAM_BYTES": dram}
    line = " ".join(f"-G{name}={value}" for name, value in values.items())
    (folder / "parameters.mk").write_text(f"PARAMETERS := {line}\n")
    files = sorted(path.name for path in (folder / "rtl").glob("*.v"))
    (folder / "files.f").write_text("".join(f"rtl/{name}\n" for name in files))
    (folder / "vivado.tcl").write_text(vivado_script(board, files))
    rows = [_write_program(folder / "programs" / gemm.name, gemm, program, design, programs)
            for gemm, program in zip(design.gemms, programs, strict=True)]  # fmt: skip
    (folder / "gemms.txt").write_text("".join(rows))
    (folder / "diagram.svg").write_text(diagram(design, board))
    (folder / "README.md").write_text(readme(design, board))


def _write_program(
    folder: Path, gemm: WrittenGemm, program: Program, design: WrittenDesign, programs: Sequence[Program]
) -> str:
    """Write one GEMM's tables, what DRAM holds before it and its outputs; return its line of settings."""
    folder.mkdir(parents=True)
    widths = widths_of(programs)
    for name, table in zip(TABLE_NAMES, tables(program), strict=True):
        (folder / f"{name}.hex").write_text("".join(f"{word(row, widths):x}\n" for row in table))
    generator = np.random.default_rng(SEED)
    a, b = (generator.integers(-128, 128, shape, dtype=np.int8) for shape in ((gemm.m, gemm.k), (gemm.k, gemm.n)))
    bias = generator.integers(-(2**15), 2**15, gemm.n, dtype=np.int32)
    limits, flow = program.limits, program.dataflow
    shift = 7 + (gemm.k.bit_length() + 1) // 2  # a sum of k random products rarely leaves int8
    sums = a.astype(np.int32) @ b.astype(np.int32) + (bias if limits.bias else 0)
    image = dram_image(program, a, b, bias)
    image[: program.output_address].tofile(folder / "dram.bin")
    expected = requantised(sums, shift) if program.out_bytes == 1 else sums.astype(np.int32)
    stored(program, expected).tofile(folder / "outputs.bin")
    settings = (
        flow.drains, flow.name == "ws", len(program.loads), len(program.streams), len(program.tiles),
        len(program.drains), program.narrow_column, limits.bias, program.out_bytes == 4, shift,
        limits.dram_bytes_per_s or 0, limits.clock_hz, limits.read_latency_cycles, limits.write_latency_cycles,
        program.dram_bytes, program.output_address, gemm.cycles,
    )  # fmt: skip
    return " ".join((gemm.name, *(str(int(value)) for value in settings))) + "\n"
