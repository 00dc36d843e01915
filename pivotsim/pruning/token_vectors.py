"""Latencies at many token counts, the operations of an encoder taken at all counts at once.

A chain (`chain.py`) makes every operation once for each count. Here sizes, costs on the processor and transfers are
vectors over the counts, and an operation of its own is made of what runs in the programmable logic alone. Both give the
same numbers, bit for bit; where sizes alone do not tell the operations apart, the chain is what there is.
"""

import math
from collections.abc import Sequence
from itertools import repeat
from operator import mul
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.base import Engine
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import TRANSFER, host_ops_at_sizes
from pivotsim.operations import PL, UNIT_OF
from pivotsim.pruning.chain import kinds_of
from pivotsim.units import FloatArray, IntArray, cycles_to_ms
from pivotsim.workload.lowering.plan import lower_at_tokens
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import Plan


class Setting(NamedTuple):
    """How latencies are taken: the board, itself with the memories that count, engine, memory, and what counts."""

    hw: Hardware
    limited: Hardware
    engine: Engine
    memory: str
    profile: str
    array_alone: bool


def latencies_by_vector(plan: Plan, tokens: Sequence[int], batch: int, setting: Setting) -> FloatArray | None:
    """Return the latency with all blocks at n tokens, for each n, float64 (T,); None where sizes do not tell it."""
    counts = np.array(tokens, dtype=np.int64)
    kinds, times = kinds_of(plan)
    encoders = []
    for kind in kinds:
        ops = lower_at_tokens(plan, kind, counts, batch)
        if ops is None:
            return None
        encoders.append(ops)
    clock_mhz = setting.hw.clock_mhz
    pl_ms = [cycles_to_ms(float(cycles), clock_mhz) for cycles in _pl_cycles(encoders, times, counts, setting)]
    if setting.array_alone:
        return np.array(pl_ms)
    host_ms = map(math.fsum, _host_ms(encoders, times, counts, setting).tolist())
    return np.array([on_pl + on_host for on_pl, on_host in zip(pl_ms, host_ms, strict=True)])


def _pl_cycles(
    encoders: Sequence[tuple[Op, ...]], times: Sequence[int], counts: IntArray, setting: Setting
) -> list[int]:
    """Return the clocks of array and units at each token count."""
    placed = {kind for kind in UNIT_OF if setting.hw.placement.of(kind) == PL}
    weighted = [
        (op, weight) for ops, weight in zip(encoders, times, strict=True) for op in ops
        if op.kind == "gemm" or op.kind in placed
    ]  # fmt: skip
    columns = [map(tuple.__new__, repeat(Op), zip(*_fields(op, len(counts)), strict=True)) for op, _ in weighted]
    trace = Trace(tuple(op for at_one_count in zip(*columns, strict=True) for op in at_one_count))
    clocks = [0] * len(trace)
    gemms = [position for position, op in enumerate(trace.ops) if op.kind == "gemm"]
    for position, cycles in zip(
        gemms, setting.engine.run(trace, setting.limited, setting.memory).cycles.tolist(), strict=True
    ):
        clocks[position] = cycles
    for other in setting.engine.other_cycles(trace, setting.limited):
        clocks[other.position] = other.cycles
    weights = [weight for _, weight in weighted]
    return [sum(map(mul, weights, clocks[i : i + len(weights)])) for i in range(0, len(clocks), len(weights))]


def _fields(op: Op, length: int) -> list[Any]:
    """Return each field of an operation as its values at all token counts."""
    return [value.tolist() if isinstance(value, np.ndarray) else repeat(value, length) for value in op]


def _host_ms(
    encoders: Sequence[tuple[Op, ...]], times: Sequence[int], counts: IntArray, setting: Setting
) -> FloatArray:
    """Return what the times on the processor at each token count add up to, addend by addend, float64 (T, A).

    A time that stands c times is its exact products with the powers of two that c is the sum of. The last encoder
    passes nothing on: what the first kind passes is taken off once; every kind ends with an addition of one size.
    """
    addends: list[Any] = []
    for place, (ops, count) in enumerate(zip(encoders, times, strict=True)):
        following = encoders[(place + 1) % len(encoders)][0]
        for done in host_ops_at_sizes(Trace((*ops, following)), setting.hw, setting.profile):
            if done.position == len(ops):
                continue
            addends += [done.delay_ms * 2.0**bit for bit in range(count.bit_length()) if count >> bit & 1]
            if place == 0 and done.kind == TRANSFER and done.position == len(ops) - 1:
                addends.append(-done.delay_ms)
    table = np.zeros((len(counts), len(addends)))
    for column, ms in enumerate(addends):
        table[:, column] = ms
    return table
