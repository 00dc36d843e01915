"""Placed operations: every operation of a trace on the resource that runs it, with its cost there."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from pivotsim.engines.base import OtherCycles
from pivotsim.host.costs import HostOp
from pivotsim.operations import ARRAY, PS
from pivotsim.workload.ops import Trace


class PlacedOp(NamedTuple):
    """An operation, or a transfer, with its cost.

    ``resource`` is ``array``, ``ps`` or ``<name> unit``; ``blocks`` counts the equal parts that it can be taken in
    (heads); ``cycles`` are PL clocks of all of them, ``host_ms`` PS time, of which ``call_ms`` is paid once.
    ``block_cycles`` lists the clocks of each where a mask makes them differ.
    """

    position: int
    encoder: int
    module: str
    kind: str
    resource: str
    blocks: int
    cycles: int
    macs: int
    host_ms: float
    call_ms: float
    block_cycles: tuple[int, ...] = ()


def place_ops(
    trace: Trace,
    cycles: Sequence[int],
    others: Iterable[OtherCycles],
    on_host: Iterable[HostOp],
    block_cycles: Mapping[int, tuple[int, ...]] = MappingProxyType({}),
) -> list[PlacedOp]:
    """Return the steps of array, PL units and processor in the trace's order.

    ``cycles`` are those of its GEMMs, ``others`` those of what else runs in the programmable logic, ``on_host`` is what
    the processor runs, ``block_cycles`` are those of each repeat of the operations whose repeats differ.
    """
    ops = trace.ops
    places = [index for index, op in enumerate(ops) if op.kind == "gemm"]
    found = [
        PlacedOp(index, *ops[index][:3], ARRAY, ops[index].repeats, count,
                 ops[index].dense_macs if mask is None else trace.macs_of(ops[index]), 0.0, 0.0,
                 block_cycles.get(index, ()))
        for index, count, mask in zip(places, cycles, trace.gemm_masks, strict=True)
    ]  # fmt: skip
    found += [
        PlacedOp(index, *ops[index][:3], unit, ops[index].repeats, count, 0, 0.0, 0.0) for index, count, unit in others
    ]
    for index, encoder, module, kind, host_ms, call_ms in on_host:
        found.append(PlacedOp(index, encoder, module, kind, PS, ops[index].repeats, 0, 0, host_ms, call_ms))
    return sorted(found, key=itemgetter(0))  # by position, and stable: an operation before its transfer
