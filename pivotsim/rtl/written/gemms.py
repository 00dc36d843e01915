"""The distinct GEMMs of a workload that run on the array, each with its program and both predictions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pivotsim.engines.memory.board_limits import limits_of
from pivotsim.engines.memory.fit_check import DoesNotFit
from pivotsim.engines.memory.schedule import run_gemm
from pivotsim.errors import InputError
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.rtl.buildable import OPERAND_BITS, bits_refused
from pivotsim.rtl.compiler import program_of
from pivotsim.rtl.program import Program
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.ops import Op, Trace

Found = TypeVar("Found")


@dataclass
class Gemm:
    """A GEMM of the array: its first operation, its mask's copy, repeats, and the names of all that run it."""

    op: Op
    mask: Mask | None = None
    copy: int = 0
    repeats: int = 0
    keys: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As its folder."""
        op, mask = self.op, self.mask
        name = f"{op.module}_{op.m}x{op.k}x{op.n}" + ("" if op.out_bits == 8 else f"_out{op.out_bits}")
        return name if mask is None else f"{name}_{mask.operand}_{mask.digest[:8]}_{self.copy}"


def key_of(op: Op) -> str:
    """Return the name of an operation's weights: encoder and module.

    >>> key_of(Op(3, "fc1", "gemm", 17, 32, 64, 1))
    '3.fc1'
    """
    return f"{op.encoder}.{op.module}"


def gemms_of(trace: Trace, board: SystolicHardware) -> list[Gemm]:
    """Return the distinct GEMMs on the array, by sizes, bits of an output, mask and copy of it.

    Raises
    ------
    InputError
        There is none, or one that no program is written for.
    """
    found: dict[tuple[int, int, int, int, Mask | None, int], Gemm] = {}
    for op in trace.ops:
        if op.kind != "gemm" or board.placement.of("gemm") != "array":
            continue
        _check_op(op)
        mask = trace.mask_of(op)
        for copy, times in copies_run(mask, op.repeats).items():
            gemm = found.setdefault((op.m, op.k, op.n, op.out_bits, mask, copy), Gemm(op, mask, copy))
            gemm.repeats += times
            gemm.keys.append(key_of(op))
    if not found:
        raise InputError("rtl: the workload has no GEMM for the array")
    return list(found.values())


def _check_op(op: Op) -> None:
    problems = list(bits_refused(op.a_bits, op.w_bits, op.out_bits))
    if problems:
        raise InputError(f"rtl: {op.module} of encoder {op.encoder}: {problem}" for problem in problems)


def programs_of(gemms: Sequence[Gemm], board: SystolicHardware) -> list[Program]:
    """Return a program for each, its loop order and chunk the engine's choice or the board's."""
    return [_fitting(program_of(*_sizes(gemm), board.array, **_choices(gemm, board)), gemm) for gemm in gemms]


def cycles_of(gemms: Sequence[Gemm], board: SystolicHardware) -> list[int]:
    """Return engine `memory`'s clocks of one run of each."""
    return [_fitting(run_gemm(*_sizes(gemm), board.array, **_choices(gemm, board)), gemm).cycles for gemm in gemms]


def _sizes(gemm: Gemm) -> tuple[int, int, int]:
    return gemm.op.m, gemm.op.k, gemm.op.n


def _choices(gemm: Gemm, board: SystolicHardware) -> dict[str, Any]:
    memories, flow = board.memories, DATAFLOW[board.array.dataflow]
    limits = limits_of(memories, board.array.clock_mhz).with_bits(OPERAND_BITS, OPERAND_BITS, gemm.op.out_bits)
    return {
        "limits": limits, "loop_order": memories.loop_order, "chunk": min(memories.chunk, flow.sizes(*_sizes(gemm))[2]),
        "mask": gemm.mask, "copy": gemm.copy,
    }  # fmt: skip


def _fitting(found: Found | DoesNotFit, gemm: Gemm) -> Found:
    if isinstance(found, DoesNotFit):
        size = "x".join(map(str, _sizes(gemm)))
        raise InputError(f"memories: gemm {size}: {misfit}" for misfit in found.misfits)
    return found
