"""What units of the PL are charged for beside their clocks: bytes at on-chip memories, and arithmetic.

    bytes = elements * bytes_per_element                          of a unit for one kind of operation
          = scores read * score_bytes_per_element
            + channels of tokens in and out * token_bytes_per_element     of the token-dropping module
    pJ    = elements * pj_per_element

An element of a sparse operation is one that is worked on. Tokens that arrive are read once, dropped ones too where they
are fused; those that stay are written, and the fused one; sorting moves nothing, its values lie in the module. All are
0 by default: a unit's arithmetic was measured nowhere, and what it reads may come straight from the array.
"""

from collections.abc import Iterator

from pivotsim.engines.pl_units.units import PHASES, is_hidden, merged_next
from pivotsim.hardware.pl_units import TokenDropSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PL, UNIT_OF
from pivotsim.workload.ops import Op, Trace


def unit_bytes(trace: Trace, hw: Hardware) -> int:
    """Return the bytes that operations on PL units read from and write to on-chip memories.

    Examples
    --------
    197 x 197 scores of 6 heads in 12 encoders, 2 bytes and half a picojoule each:

    >>> import pivotsim as ps
    >>> softmax = {"units.softmax.bytes_per_element": 2, "units.softmax.pj_per_element": 0.5}
    >>> hw = ps.load_hardware("zcu102").replace({"placement.softmax": "pl", **softmax})
    >>> trace = ps.lower(ps.plan("deit_s"))
    >>> unit_bytes(trace, hw), unit_pj(trace, hw)
    (5588496, 1397124.0)
    """
    total = 0
    for position, op in _on_units(trace, hw):
        if op.kind in PHASES:
            total += _token_bytes(hw.units.token_drop, op, merged_next(trace, position))
        else:
            total += trace.elements_of(op) * hw.units.of(op.kind).bytes_per_element
    return total


def unit_pj(trace: Trace, hw: Hardware) -> float:
    """Return the picojoules of the arithmetic of operations on PL units."""
    units = hw.units
    return sum(
        trace.elements_of(op) * (units.token_drop if op.kind in PHASES else units.of(op.kind)).pj_per_element
        for _, op in _on_units(trace, hw)
    )


def _on_units(trace: Trace, hw: Hardware) -> Iterator[tuple[int, Op]]:
    """Yield place and operation of each that runs on a unit."""
    placed = {kind for kind in trace.first_ops if kind in UNIT_OF and hw.placement.of(kind) == PL}
    return ((position, op) for position, op in enumerate(trace.ops if placed else ()) if op.kind in placed)


def _token_bytes(unit: TokenDropSpec, op: Op, merged: int) -> int:
    """Return the bytes of one phase: a gather reads the tokens of the merge behind it too, and writes its own."""
    if op.kind == "score":
        return 0 if is_hidden(unit, op) else op.elements * unit.score_bytes_per_element
    tokens = {"gather": op.m + merged + op.m, "merge": 1, "sort": 0}[op.kind]
    return op.repeats * tokens * op.n * unit.token_bytes_per_element
