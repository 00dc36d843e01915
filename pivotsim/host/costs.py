"""Costs of operations on the processor side (PS), and of the transfers that placement makes necessary.

cost = call + rows * cycles_per_row + elements * cycles_per_element, at the host's clock, the last two shared by
the cores (PIVOT runs softmax, GELU and entropy on the PS, section 3.4; its delays charge softmax alone). A sort's
elements count once per level of it, ceil(log2 n) times.

Of a sparse operation the kept elements alone are charged and moved; rows stay whole, and finding the kept elements
costs nothing [assumed].

A board without a processor runs what its placement puts elsewhere. What a profile leaves out by default it leaves out
here too; another operation that is placed on the processor is an error.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from pivotsim.errors import InputError
from pivotsim.hardware.defaults import DEFAULT
from pivotsim.hardware.host import HostCosts, HostSpec, OpCost, TransferSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import OPERATIONS, PL, PS, PS_KINDS, TOKEN_KINDS
from pivotsim.units import cycles_to_ms, ns_to_ms, us_to_ms
from pivotsim.workload.ops import Op, Trace

PRUNING_KINDS = frozenset((*TOKEN_KINDS, "pool"))  # the next operation reads what they leave
TRANSFER = "transfer"
SUM_BYTES = 4  # an int32 sum that leaves the array before it is requantised


class HostOp(NamedTuple):
    """One piece of PS time: the operation (its place in the trace), its label, its duration, the call within it."""

    position: int
    encoder: int
    module: str
    kind: str
    delay_ms: float
    call_ms: float


def _speedup(host: HostSpec) -> float:
    return 1.0 if host.cores == 1 else host.cores * host.multicore_efficiency_frac


def _op_ms(cost: OpCost, rows: int, elements: int, call_ms: float, speedup: float, clock_mhz: float) -> float:
    work = (rows * cost.cycles_per_row + elements * cost.cycles_per_element) / speedup
    return cycles_to_ms(work, clock_mhz) + call_ms


def worked_on(trace: Trace, op: Op) -> int:
    """Return the elements that an operation is charged for."""
    return op.elements * _sort_levels(op.n) if op.kind == "sort" else trace.elements_of(op)


def _sort_levels(n: int) -> int:
    return (n - 1).bit_length()


def _read_by(op: Op) -> int:
    return op.m * op.k * op.repeats if op.kind == "gemm" else op.elements


def entropy_ms(hw: Hardware, profile: str, classes: int) -> float:
    """Return the delay of one entropy gate over ``classes`` outputs (PIVOT, Eq. 3; 0.03 ms per 1000)."""
    check_gate(hw)
    return operation_ms("entropy", 1, classes, hw, profile)


def operation_ms(kind: str, rows: int, n: int, hw: Hardware, profile: str) -> float:
    """Return the processor's time of one operation on rows of n elements, its call included, wherever it is placed."""
    costs = hw.host_costs(profile)
    elements = rows * n * (_sort_levels(n) if kind == "sort" else 1)
    host = hw.processor()
    return _op_ms(costs.of(kind), rows, elements, us_to_ms(costs.call_us), _speedup(host), host.clock_mhz)


def transfer_ms(size_bytes: int, hw: Hardware, profile: str) -> float:
    """Return the time of one transfer between programmable logic and processor, whether a profile charges it or not."""
    return _transfer_ms(size_bytes, hw.host_costs(profile), hw.processor(), hw.clock_mhz)


def check_gate(hw: Hardware) -> None:
    """Raise InputError where there is no processor that an entropy gate could run on."""
    if hw.host is None:
        raise InputError(f"gate: 'entropy' runs on a processor, '{hw.name}' has none (host: none); use gate 'none'")


def host_ops(trace: Trace, hw: Hardware, profile: str) -> Iterator[HostOp]:
    """Return the PS time of each operation that runs there, and of each transfer, in the trace's order.

    Raises
    ------
    InputError
        The board has no processor, and operations that the profile charges are placed on it (one line per kind).
    """
    if hw.host is None:
        _check_placement(trace, hw, profile)
        return iter(())
    return _host_ops(trace, hw, profile, cache)  # encoders ask for the same few


def host_ops_at_sizes(trace: Trace, hw: Hardware, profile: str) -> Iterator[HostOp]:
    """Yield what ``host_ops`` does for operations whose sizes may be vectors, int64 (T,): delays are then float64 (T,).

    Element by element they are those of such a size. That the board has what runs there is taken as checked.
    """
    return iter(()) if hw.host is None else _host_ops(trace, hw, profile, lambda price: price)


def _host_ops(
    trace: Trace, hw: Hardware, profile: str, remembered: Callable[[Callable[..., float]], Callable[..., float]]
) -> Iterator[HostOp]:
    costs, host = hw.host_costs(profile), hw.processor()
    charged = dict(_charged(costs, hw, trace))
    transfers = dict(transfers_of(trace, hw)) if costs.transfers else {}
    if not charged and not transfers:
        return
    call_ms = us_to_ms(costs.call_us)
    speedup, clock_mhz = (_speedup(host), host.clock_mhz) if charged else (1.0, 1.0)

    @remembered
    def worked_ms(kind: str, rows: int, elements: int) -> float:
        return _op_ms(charged[kind], rows, elements, call_ms, speedup, clock_mhz)

    @remembered
    def moved_ms(size_bytes: int) -> float:
        return _transfer_ms(size_bytes, costs, host, hw.clock_mhz)

    for index, op in enumerate(trace):
        kind = op.kind
        if kind in charged:
            delay_ms = worked_ms(kind, op.m * op.repeats, worked_on(trace, op))
            yield HostOp(index, op.encoder, op.module, kind, delay_ms, call_ms)
        if index in transfers:
            yield HostOp(index, op.encoder, TRANSFER, TRANSFER, moved_ms(transfers[index]), call_ms)


def _check_placement(trace: Trace, hw: Hardware, profile: str) -> None:
    problems = []
    for kind, op in trace.first_ops.items():
        row = OPERATIONS[kind]
        if hw.placement.of(kind) == PS and any(row.cost(profile)):
            there = f"in encoder {op.encoder}" if op.encoder else "outside the encoders"
            remedies = [f"set placement.{kind}={place}" for place in row.places if place != PS]
            remedies.append("state a processor (host)")
            problems.append(
                f"placement.{kind}: 'ps', but this board has no processor (host: none), and {trace.name} runs {kind} "
                f"(first {there}); {', or '.join(remedies)}"
            )
    if problems:
        raise InputError(problems)


def _charged(costs: HostCosts, hw: Hardware, trace: Trace) -> Iterator[tuple[str, OpCost]]:
    """Yield (kind, cost) of a trace's operations that take processor time under a profile."""
    for kind in placed_on_ps(trace, hw):
        cost = costs.of(kind)
        if cost.cycles_per_element or cost.cycles_per_row:
            yield kind, cost


def placed_on_ps(trace: Trace, hw: Hardware) -> Iterator[str]:
    """Yield the kinds of a trace's operations that the processor runs, charged or not."""
    for kind in PS_KINDS:
        if kind in trace.first_ops and hw.placement.of(kind) == PS:  # at the array's edge it takes no time of its own
            yield kind


def transfers_of(trace: Trace, hw: Hardware) -> Iterator[tuple[int, int]]:
    """Yield (index, bytes) of each operation whose result crosses between array and PS.

    A result crosses once, where the next operation runs on the other side; sums that are requantised on the
    PS cross as int32. Requantisation at the array's edge and units of the PL stay on the array's side. Behind the
    pruning of tokens, and behind a pool, what crosses is what the next operation reads: what is left.
    """
    on_ps = {kind: hw.placement.of(kind) == PS for kind in trace.first_ops}
    for index, (op, following) in enumerate(pairwise(trace.ops)):
        if on_ps[op.kind] != on_ps[following.kind]:
            is_sum = op.kind == "gemm" and following.kind == "requant"
            elements = _read_by(following) if op.kind in PRUNING_KINDS else trace.elements_of(op)
            yield index, elements * (SUM_BYTES if is_sum else -(-op.out_bits // 8))


def _transfer_ms(size_bytes: int, costs: HostCosts, host: HostSpec, array_mhz: float) -> float:
    """Return one transfer: the bytes over the ports at the array's clock, cache upkeep, and the call."""
    transfer = host.transfer
    clocks, lines = transfer_counts(size_bytes, transfer)
    moved = cycles_to_ms(clocks, array_mhz)
    return moved + ns_to_ms(lines * transfer.cache_ns_per_line) + us_to_ms(costs.call_us)


def transfer_counts(size_bytes: int, transfer: TransferSpec) -> tuple[int, int]:
    """Return (array clocks at the ports, cache lines) of one transfer."""
    clocks = -(-size_bytes // (transfer.ports * transfer.port_bytes_per_clock))
    return clocks, -(-size_bytes // transfer.cache_line_bytes)


def constants_used(trace: Trace, hw: Hardware, profile: str) -> Iterator[str]:
    """Yield the dotted paths of the constants that a run charges."""
    if hw.host is None:
        return
    costs, prefix = hw.host_costs(profile), f"host.{profile}"
    charged = [kind for kind, _ in _charged(costs, hw, trace)]
    for kind in charged:
        yield f"{prefix}.{kind}"
        yield f"placement.{kind}"
    if charged:
        yield from ("host.clock_mhz", "host.cores")
    if charged and costs.call_us:
        yield f"{prefix}.call_us"
    if costs.transfers:
        yield from ("host.transfer.ports", "host.transfer.cache_ns_per_line")
    if charged and hw.host.cores > 1:
        yield "host.multicore_efficiency_frac"


def defaults_used(trace: Trace, hw: Hardware, profile: str) -> Iterator[str]:
    """Yield the dotted paths of what the board does not state of a run's kinds of operations, so that defaults hold."""
    for kind in trace.first_ops:
        place = hw.placement.of(kind)
        paths = [f"placement.{kind}"]
        if place == PS and hw.host is not None:
            paths.append(f"host.{profile}.{kind}")
        if place == PL:
            paths.append(f"units.{OPERATIONS[kind].unit}")
        yield from (path for path in paths if hw.source(path).startswith(DEFAULT))


def uncharged(trace: Trace, hw: Hardware, profile: str) -> tuple[str, ...]:
    """Return the kinds that run on the processor and take no time there under a profile."""
    if hw.host is None:
        return ()
    charged = dict(_charged(hw.host_costs(profile), hw, trace))
    return tuple(k for k in trace.first_ops if hw.placement.of(k) == PS and k not in charged)


def left_out(trace: Trace, hw: Hardware, profile: str) -> tuple[str, ...]:
    """Return the kinds that a board without a processor places on it all the same, and that the profile leaves out."""
    kinds = trace.first_ops if hw.host is None else {}
    return tuple(k for k in kinds if hw.placement.of(k) == PS and not any(OPERATIONS[k].cost(profile)))
