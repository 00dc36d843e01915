"""Loads of the processor side: how often each of its constants is paid by a trace, whatever the constants are.

The delays of ``costs.host_ops`` add up to

    ms = sum over kinds of (rows * cycles_per_row + elements * cycles_per_element) / (speed-up * clock)
         + calls * call_us + cache lines * cache_ns_per_line + port clocks / array clock

with the counts of this module, so that a delay at other constants needs no second run.
"""

from typing import NamedTuple

from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import placed_on_ps, transfer_counts, transfers_of, worked_on
from pivotsim.workload.ops import Trace


class KindLoad(NamedTuple):
    """What a kind of operation has on the processor: rows, elements and calls."""

    rows: float
    elements: float
    calls: float


class HostLoads(NamedTuple):
    """Counts of one run on the processor side.

    Attributes
    ----------
    kinds : dict
        Kind of operation -> its load, of every kind that the board places on its processor, charged or not.
    transfer_clocks, transfer_lines, transfer_calls : float
        Array clocks of the transfers' ports, cache lines, and transfers; 0 where the profile charges none.
    """

    kinds: dict[str, KindLoad]
    transfer_clocks: float = 0
    transfer_lines: float = 0
    transfer_calls: float = 0


def host_loads(trace: Trace, hw: Hardware, profile: str) -> HostLoads:
    """Return the loads of a trace's operations and transfers; empty for a board without a processor."""
    if hw.host is None:
        return HostLoads({})
    kinds: dict[str, KindLoad] = {}
    on_ps = set(placed_on_ps(trace, hw))
    for op in trace:
        if op.kind in on_ps:
            rows, elements, calls = kinds.get(op.kind, (0, 0, 0))
            kinds[op.kind] = KindLoad(rows + op.m * op.repeats, elements + worked_on(trace, op), calls + 1)
    if not hw.host_costs(profile).transfers:
        return HostLoads(kinds)
    counts = [transfer_counts(size_bytes, hw.host.transfer) for _, size_bytes in transfers_of(trace, hw)]
    return HostLoads(kinds, sum(clocks for clocks, _ in counts), sum(lines for _, lines in counts), len(counts))


def gate_loads(classes: int) -> HostLoads:
    """Return the loads of one entropy gate over ``classes`` outputs."""
    return HostLoads({"entropy": KindLoad(1, classes, 1)})
