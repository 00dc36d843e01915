"""write_rtl(): a folder with the Verilog of a design, its programs, and a bench that runs them."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pivotsim.errors import InputError, got
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.memory import UNLIMITED
from pivotsim.hardware.resources.block_rams import ULTRA_BIT, amount_text, ultra_of
from pivotsim.hardware.resources.device_fit import NO_DEVICE, fit
from pivotsim.hardware.resources.recorded import row_of
from pivotsim.hardware.spec import Hardware
from pivotsim.integer.weights.model import IntegerModel, read_integer_model
from pivotsim.io.spec_values import value_at
from pivotsim.io.text_files import make_folder
from pivotsim.operations import PL
from pivotsim.rtl.buildable import check_board
from pivotsim.rtl.encoding import REGISTER_WORDS, WORD_BITS, Widths
from pivotsim.rtl.layers.bench import write_layers_bench
from pivotsim.rtl.layers.efforts import efforts_program
from pivotsim.rtl.layers.files import said_of, write_layers
from pivotsim.rtl.layers.image import ADDRESS_BITS
from pivotsim.rtl.layers.parameters import most_counted, unit_parameters
from pivotsim.rtl.layers.program import LayerProgram
from pivotsim.rtl.program import Program
from pivotsim.rtl.sizes import LEAST_ADDRESS_BITS, parameters_of, widths_of
from pivotsim.rtl.written.design import WrittenDesign, WrittenGemm
from pivotsim.rtl.written.files import write_files
from pivotsim.rtl.written.gemms import Gemm, cycles_of, gemms_of, programs_of
from pivotsim.rtl.written.latencies import NEEDED, Raised, as_built
from pivotsim.rtl.written.weights import Weights, read_weights
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.op_checks import checked
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan


def write_rtl(
    hw: Hardware, workload: Plan | Trace, folder: str | Path, *, weights: str | Path | None = None,
    integer: str | Path | IntegerModel | None = None, as_stated: bool = False, remarks: Sequence[str] = (),
) -> WrittenDesign:  # fmt: skip
    """Write the hardware of a board's array and memories, with the programs of a workload's GEMMs, into a new folder.

    A latency that no FPGA has at speed is raised: ``mac_latency`` 1 to 2 (1 and 2 to 3 where columns share slices),
    ``buffer_read_cycles`` 0 to 1.

    Parameters
    ----------
    hw : Hardware
        A board with a systolic array; its memories with sizes, behind a bandwidth.
    workload : Plan or Trace
        Its GEMMs that run on the array; each distinct one once.
    folder : str or Path
        Made here; must not exist or be empty.
    weights : str or Path, optional
        An .npz file of int8 weights (k, n) by encoder and module, such as `1.fc1`, and int32 biases (n,), `1.fc1.bias`.
        Left out, the bench runs on seeded random ones.
    integer : str, Path or IntegerModel, optional
        The plan's model in int8, or its file: its layer program is written into ``layers/``, and outputs of the
        hardware are scaled by a multiplier.
    as_stated : bool
        Whether latencies stay as the board file states them.
    remarks : sequence of str, optional
        Lines about where the design comes from, for its notes and its README.

    Returns
    -------
    WrittenDesign

    Raises
    ------
    InputError
        The hardware cannot be built as stated, an operation is not valid, a GEMM does not fit, weights are not the
        workload's, or there is something in the folder.

    Examples
    --------
    The clocks are engine `memory`'s:

    >>> import pivotsim as ps
    >>> from pivotsim.workload.ops import Op
    >>> board, trace = ps.load_hardware("zcu102"), ps.Trace((Op(1, "qkt", "gemm", 197, 64, 197, 3),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     design = write_rtl(board, trace, Path(folder) / "design")
    >>> design.gemms[0].name, design.cycles_as_stated, design.cycles
    ('qkt_197x64x197', 15531, 15609)
    """
    stated, target = as_systolic(hw, "rtl"), Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"--out: must be a new or an empty folder {got(str(target))}")
    check_board(stated)
    board, raised = (stated, ()) if as_stated else as_built(stated)
    trace = checked(workload) if isinstance(workload, Trace) else lower(workload)
    gemms = gemms_of(trace, board)
    given = {} if weights is None else read_weights(weights, gemms, has_bias=board.memories.bias)
    programs = programs_of(gemms, board)
    model = read_integer_model(integer) if isinstance(integer, str | Path) else integer
    layered = None if model is None else _layered(model, workload, board)
    built = [*programs, *(layered.tables if layered else ())]
    sizes = (ADDRESS_BITS, most_counted(layered)) if layered else (LEAST_ADDRESS_BITS, 1)
    widths = widths_of(built, *sizes)
    parameters = dict(parameters_of(built, *sizes))
    if layered:
        parameters |= {"MULTIPLIES": 1, **unit_parameters(layered, parameters["TABLE_BITS"], widths)}
    if parameters["READ_CYCLES"]:  # UltraRAM answers late
        parameters["ULTRA"] = ultra_of(board)
    results = [program.prediction.result for program in programs]
    cycles = [result.cycles for result in results]
    before = cycles_of(gemms, stated) if raised else cycles
    written = tuple(
        WrittenGemm(
            gemm.name, gemm.op.m, gemm.op.k, gemm.op.n, gemm.op.out_bits, gemm.repeats, result.loop_order,
            result.chunk, result.cycles, own,
        )
        for gemm, result, own in zip(gemms, results, before, strict=True)
    )  # fmt: skip
    totals = (sum(each.cycles * each.repeats for each in written),
              sum(each.cycles_as_stated * each.repeats for each in written))  # fmt: skip
    notes = (
        *remarks,
        *_notes(board, raised, programs, parameters),
        *_said_of_fit(stated),
        *_said_of_units(board, layered),
        *_said_of_other_units(board, layered, trace),
        *_said_of_registers(widths),
        _said_of(gemms, given),
        *([said_of(layered)] if layered else []),
    )
    design = WrittenDesign(
        target, written, parameters, *totals, raised, tuple(given), notes, layered is not None,
        layered is not None and bool(layered.stops()),
    )  # fmt: skip
    make_folder(target.parent)
    partial: Path | None = None
    try:
        partial = Path(tempfile.mkdtemp(prefix=".rtl-", dir=target.parent))
        write_files(partial, board, design, gemms, programs, given, widths)
        if layered:
            write_layers(partial, layered, widths)
            assert model is not None and isinstance(workload, Plan)
            write_layers_bench(partial, layered, parameters, model, workload)
        if target.exists():
            target.rmdir()
        partial.chmod(0o755)
        partial.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror or error}") from None
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
    return design


def _layered(model: IntegerModel, workload: Plan | Trace, board: SystolicHardware) -> LayerProgram:
    """Return the layer program of a plan."""
    if not isinstance(workload, Plan):
        raise InputError("integer: a layer program needs a plan of its model; a trace has none")
    return efforts_program(model, [workload], board)


def _said_of_registers(widths: Widths) -> list[str]:
    """Return why there is no driver, if there is none."""
    if widths.fits_registers:
        return []
    return [
        f"driver: neither driven_top nor driver/ is written; a descriptor has {widths.table_bits:,} bits, among them"
        f" one for each row and column because of masks, and the registers hold {REGISTER_WORDS * WORD_BITS:,}"
    ]


def _said_of(gemms: Sequence[Gemm], given: Mapping[str, Weights]) -> str:
    """Return where the bench's operands come from."""
    seeded = [gemm.name for gemm in gemms if not set(gemm.keys) & set(given)]
    if not given:
        return "operands: no weights were given; the bench runs on seeded random ones"
    rest = f"; seeded random ones in {', '.join(seeded)}" if seeded else ""
    return f"operands: weights of {', '.join(given)} were given, the bench runs the first of each GEMM{rest}"


def _notes(
    board: SystolicHardware, raised: Sequence[Raised], programs: Sequence[Program], parameters: Mapping[str, int]
) -> list[str]:
    notes = [str(each) for each in raised]
    cols = parameters["C"]
    for path, value, least, why in NEEDED:
        if value_at(board, path) == value:
            notes.append(f"{path} {value}: as the board states; an FPGA wants {least}, {why}")
    if not parameters["SLICES"]:
        notes.append(
            "array: elements are pe_generic; `settled` with mac_latency 2 puts those of is and ws into DSP48E2 slices"
        )
    if parameters["MULTIPLIES"]:
        multiplied, shifted = row_of("requantise by a multiplier", MULTIPLIES=1), row_of("requantise")
        more = [cols * (getattr(multiplied, name) - getattr(shifted, name)) for name in ("dsp48e2", "lut")]
        notes.append(
            f"MULTIPLIES: outputs are scaled by a multiplier and a shift, for {more[0]:,} DSPs and {more[1]:,} LUTs"
            " that no count of resources has: `fit` and sweeps count columns that shift alone"
        )
    built, stated = 4 * cols * parameters["OPMEM_DEPTH"], programs[0].limits.half_bytes("opmem") or 0
    if built > stated:
        notes.append(
            f"memories.opmem_bytes: a half is built with {built:,} B for {stated:,} B stated, since a region of few"
            " columns is long and each column has a bank of its own"
        )
    held, whole = parameters["BUFFER_BYTES"], board.memories.gb_bytes
    if whole == UNLIMITED:
        notes.append(f"memories.gb_bytes: {held:,} B are built where no size is stated, the most that a program uses")
    elif held < int(whole):
        notes.append(f"memories.gb_bytes: {held:,} B are built of {whole:,} B stated, the most that a program uses")
    if parameters["ULTRA"]:
        large = ", ".join(name for name, bit in ULTRA_BIT.items() if parameters["ULTRA"] & bit)
        notes.append(f"fpga.use.uram_from_bytes: UltraRAM is asked for, a bank for each byte of a port: {large}")
    elif not parameters["READ_CYCLES"] and (bits := ultra_of(board)):
        large = ", ".join(name for name, bit in ULTRA_BIT.items() if bits & bit)
        notes.append(
            f"fpga.use.uram_from_bytes: none of {large} is in UltraRAM, which answers a clock late, and"
            " memories.buffer_read_cycles is 0"
        )
    reads = board.memories.outstanding_reads
    if reads > 1:
        notes.append(f"memories.outstanding_reads {reads}: request_sequencer is built, which asks for loads ahead")
    return notes


def _said_of_fit(stated: SystolicHardware) -> list[str]:
    """Return the verdict of `fit` on a design that does not fit its device, as the board states it."""
    if stated.fpga.device == NO_DEVICE or (found := fit(stated)).fits:
        return []
    missing = [f"{amount_text(r.demand)} of {r.bound:,} {r.unit}" for r in found.resources if not r.fits]
    return [f"fpga: {found.verdict} on {found.device_text}, as `show fit` counts: {', '.join(missing)}"]


def _said_of_units(board: SystolicHardware, layered: LayerProgram | None) -> list[str]:
    """Return which of the units that are placed in the logic are in the top, and why a program's steps are not."""
    placed = [kind for kind, place in board.placement if place == PL]
    units = layered.units if layered else None
    notes = [f"{line}; such steps are stops of the host" for line in (layered.said if layered else ())]
    built = [kind for kind in placed if units and kind in units.kinds]
    if units and built:
        stated, held = board.units.memory_bytes, units.station.memory_bytes
        of_stated = f" of {stated:,} B stated" if held != stated else ""
        notes.append(
            f"placement: units of {', '.join(built)} (pl) are in the top, in `unit_station`: {units.station.lanes}"
            f" elements a clock between two memories of {held:,} B{of_stated}; `driver/` starts their passes"
        )
    return notes


def _said_of_other_units(board: SystolicHardware, layered: LayerProgram | None, trace: Trace) -> list[str]:
    """Return which kinds of a workload's operations are placed in the logic and have no unit in the top."""
    built = layered.units.kinds if layered and layered.units else frozenset()
    there = {op.kind for op in trace.ops}
    left = [kind for kind, place in board.placement if place == PL and kind in there and kind not in built]
    if not left:
        return []
    has = "whose `unit_station` has none for them" if built else "which has array and memories"
    return [f"placement: units of {', '.join(left)} (pl) are not in the top, {has}"]
