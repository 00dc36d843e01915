"""Units of the PL beside the array: softmax, GELU, SiLU and LayerNorm where ``placement`` puts them there.

    clocks = repeats * (ceil(m * n / elements_per_clock) + fill_cycles)

A block of m rows (a head) enters when the one before has left, as heads do on the array; what a unit reads waits in
no memory. Of a sparse operation a block has the kept elements alone, as many as the mean of its blocks. Every figure is
assumed: no published design is meant.
"""

from collections.abc import Iterator

from pivotsim.errors import InputError, got
from pivotsim.hardware.spec import Hardware, UnitsSpec
from pivotsim.workload.ops import INT64_MAX, Trace

UNIT_KINDS = tuple(UnitsSpec.model_fields)


def unit_cycles(trace: Trace, hw: Hardware) -> Iterator[tuple[int, int]]:
    """Yield (position in the trace, clocks with repeats) of each operation on a PL unit.

    Raises
    ------
    InputError
        The clocks of all of them together would exceed int64.
    """
    placed = {kind for kind in UNIT_KINDS if getattr(hw.placement, kind) == "pl"}
    total = 0
    for position, op in enumerate(trace):
        if op.kind in placed:
            unit = getattr(hw.units, op.kind)
            elements = trace.elements_of(op)  # of all blocks
            cycles = op.repeats * (-(-elements // (op.repeats * unit.elements_per_clock)) + unit.fill_cycles)
            total += cycles
            if total > INT64_MAX:
                raise InputError(f"{trace.name}: sizes too large, the clocks of PL units exceed int64 {got(total)}")
            yield position, cycles


def unit_constants(trace: Trace, hw: Hardware) -> Iterator[str]:
    """Yield the dotted paths of the values that the units of a run depend on."""
    kinds = {op.kind for op in trace}
    for kind in UNIT_KINDS:
        if kind in kinds and getattr(hw.placement, kind) == "pl":
            yield f"units.{kind}"
            yield f"placement.{kind}"
