"""Units of the PL beside the array: operations that ``placement`` puts there.

Softmax, the activations, LayerNorm and additions have a unit each:

    clocks = repeats * (ceil(m * n / elements_per_clock) + fill_cycles)

A block of m rows (a head) enters when the one before has left, as heads do on the array; a unit waits for no memory
(``behind_memories`` has units that do).
Of a sparse operation a block has the kept elements alone, as many as the mean of its blocks. Hardware whose clocks
follow another rule has it in ``unit_cycles``.

Score, sort, gather and merge are phases of one unit, the token-dropping module (``token_dropping``): average, sort,
shuffle, normalise. Its shuffle reads dropped tokens in the same pass as kept ones, so a gather counts the tokens of the
merge that follows it. Every figure is assumed: no published design is meant.
"""

from collections.abc import Callable, Iterator

from pivotsim.engines.pl_units.token_dropping import average_cycles, normalise_cycles, shuffle_cycles, sort_cycles
from pivotsim.errors import InputError, got
from pivotsim.hardware.pl_units import TokenDropSpec
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import PL, UNIT_OF
from pivotsim.units import INT64_MAX
from pivotsim.workload.ops import Op, Trace


def unit_cycles(trace: Trace, hw: Hardware) -> Iterator[tuple[int, int]]:
    """Yield (position in the trace, clocks with repeats) of each operation on a PL unit.

    Raises
    ------
    InputError
        The clocks of all of them together would exceed int64.
    """
    placed = {kind for kind in trace.first_ops if kind in UNIT_OF and hw.placement.of(kind) == PL}
    total = 0
    for position, op in enumerate(trace.ops if placed else ()):
        if op.kind in placed:
            cycles = op.repeats * _block_cycles(trace, position, hw)
            total += cycles
            if total > INT64_MAX:
                raise InputError(f"{trace.name}: sizes too large, the clocks of PL units exceed int64 {got(total)}")
            yield position, cycles


def _block_cycles(trace: Trace, position: int, hw: Hardware) -> int:
    op = trace.ops[position]
    if op.kind in PHASES:
        return PHASES[op.kind](hw.units.token_drop, op, merged_next(trace, position))
    return hw.unit_cycles(op.kind, trace.elements_of(op), op.repeats)


def merged_next(trace: Trace, position: int) -> int:
    """Return the tokens that the operation behind this one merges, of the same encoder and size."""
    op, after = trace.ops[position], trace.ops[position + 1 : position + 2]
    same = [o.m for o in after if o.kind == "merge" and (o.encoder, o.n, o.repeats) == (op.encoder, op.n, op.repeats)]
    return sum(same)


def _average(unit: TokenDropSpec, op: Op) -> int:
    return 0 if is_hidden(unit, op) else average_cycles(unit, op.m, op.n)


def is_hidden(unit: TokenDropSpec, op: Op) -> bool:
    """Whether softmax hands scores over as it makes them; a predictor's features come from no softmax."""
    return unit.averaging_hidden and op.module == "score"


# kind -> clocks of one block, from the module, the operation, and the tokens merged next to it
PHASES: dict[str, Callable[[TokenDropSpec, Op, int], int]] = {
    "score": lambda unit, op, _: _average(unit, op),
    "sort": lambda unit, op, _: op.m * sort_cycles(unit.sort_network, op.n, unit.comparators),
    "gather": lambda unit, op, merged: shuffle_cycles(unit, op.m + merged, op.n),
    "merge": lambda unit, op, _: normalise_cycles(unit, op.n),
}


def unit_constants(trace: Trace, hw: Hardware) -> Iterator[str]:
    """Yield the dotted paths of the values that the units of a run without memories of their own depend on."""
    kinds = trace.first_ops
    placed = [kind for kind in UNIT_OF if kind in kinds and hw.placement.of(kind) == PL]
    for unit in dict.fromkeys(UNIT_OF[kind] for kind in placed):
        yield f"units.{unit}"
    for kind in placed:
        yield f"placement.{kind}"
