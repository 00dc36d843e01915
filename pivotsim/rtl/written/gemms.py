"""The distinct GEMMs of a workload that run on the array, each with its program and both predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.limits import limits_of
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.systolic import SystolicHardware
from pivotsim.rtl.buildable import OPERAND_BITS, bits_refused
from pivotsim.rtl.compiler import program_of
from pivotsim.rtl.program import Program
from pivotsim.workload.ops import Op, Trace

Found = TypeVar("Found")


@dataclass
class Gemm:
    """A GEMM of the array: its first operation, its repeats, and the names of all operations that run it."""

    op: Op
    repeats: int = 0
    keys: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As its folder."""
        op = self.op
        return f"{op.module}_{op.m}x{op.k}x{op.n}" + ("" if op.out_bits == 8 else f"_out{op.out_bits}")


def key_of(op: Op) -> str:
    """Return the name of an operation's weights: encoder and module.

    >>> key_of(Op(3, "fc1", "gemm", 17, 32, 64, 1))
    '3.fc1'
    """
    return f"{op.encoder}.{op.module}"


def gemms_of(trace: Trace, board: SystolicHardware) -> list[Gemm]:
    """Return the distinct GEMMs on the array, by sizes and bits of an output.

    Raises
    ------
    InputError
        There is none, or one that no program is written for.
    """
    found: dict[tuple[int, int, int, int], Gemm] = {}
    for op in trace.ops:
        if op.kind != "gemm" or board.placement.of("gemm") != "array":
            continue
        _check_op(op)
        gemm = found.setdefault((op.m, op.k, op.n, op.out_bits), Gemm(op))
        gemm.repeats += op.repeats
        gemm.keys.append(key_of(op))
    if not found:
        raise InputError("rtl: the workload has no GEMM for the array")
    return list(found.values())


def _check_op(op: Op) -> None:
    if op.mask_file or op.mask_key or op.density != 1:
        raise InputError(f"rtl: {op.module} of encoder {op.encoder} has a mask; programs are of dense GEMMs only")
    problems = list(bits_refused(op.a_bits, op.w_bits, op.out_bits))
    if problems:
        raise InputError(f"rtl: {op.module} of encoder {op.encoder}: {problem}" for problem in problems)


def programs_of(gemms: Sequence[Gemm], board: SystolicHardware) -> list[Program]:
    """Return a program for each, its loop order and chunk the engine's choice or the board's."""
    programs = []
    for op in (gemm.op for gemm in gemms):
        limits = limits_of(board.memories, board.array.clock_mhz).with_bits(OPERAND_BITS, OPERAND_BITS, op.out_bits)
        loop_order, chunk = board.memories.loop_order, _chunk(op, board)
        program = program_of(op.m, op.k, op.n, board.array, limits, loop_order=loop_order, chunk=chunk)
        programs.append(_fitting(program, op))
    return programs


def cycles_of(gemms: Sequence[Gemm], board: SystolicHardware) -> list[int]:
    """Return engine `memory`'s clocks of one run of each."""
    cycles = []
    for op in (gemm.op for gemm in gemms):
        limits = limits_of(board.memories, board.array.clock_mhz).with_bits(OPERAND_BITS, OPERAND_BITS, op.out_bits)
        loop_order, chunk = board.memories.loop_order, _chunk(op, board)
        result = run_gemm(op.m, op.k, op.n, board.array, limits, loop_order=loop_order, chunk=chunk)
        cycles.append(_fitting(result, op).cycles)
    return cycles


def _chunk(op: Op, board: SystolicHardware) -> int:
    return min(board.memories.chunk, DATAFLOW[board.array.dataflow].sizes(op.m, op.k, op.n)[2])


def _fitting(found: Found | DoesNotFit, op: Op) -> Found:
    if isinstance(found, DoesNotFit):
        raise InputError(f"memories: gemm {op.m}x{op.k}x{op.n}: {misfit}" for misfit in found.misfits)
    return found
