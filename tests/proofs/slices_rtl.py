"""Proof of the array in DSP48E2 slices: pe_dsp48e2, pe_generic, engine `pe` and numpy agree in every clock (is, ws).

A count of millions of PE-clocks makes a quick try: python -m tests.proofs.slices_rtl 5
"""

import itertools
import random
import sys
from collections.abc import Sequence

from tests.rtl.array import bridge
from tests.rtl.array.agreement import EDGES, Point, Tally, differences, draw_point
from tests.rtl.array.bridge import DATAFLOWS, Build, VerilatedArray
from tests.rtl.slices import other_slices

SHAPES = ((1, 1), (1, 7), (9, 1), (2, 3), (5, 8), (8, 8), (12, 7))
PACKED_SHAPES = ((1, 1), (7, 4), (8, 3), (9, 4), (15, 5), (23, 2))  # one chain of 7 slices and more, odd columns
POINTS = 300  # random ones of each array
MILLIONS = 100  # PE-clocks whose registers are compared, in long runs
CLOCKS = 5_000_000  # beside the models of others
SEED = 11


def sliced(rows: int, cols: int, address_bits: int = 12, mac_packing: int = 1) -> Build:
    """Return the one configuration in which all of a processing element but passing operands is in a slice."""
    return Build(
        rows, cols, "settled", mac_latency=1 + mac_packing, mac_packing=mac_packing, digest=True,
        address_bits=address_bits, slices=True,
    )  # fmt: skip


def random_points(tally: Tally, shapes: Sequence[tuple[int, int]], mac_packing: int) -> None:
    """Random sizes around those of the array, results and all registers compared."""
    draw = random.Random(SEED)
    for rows, cols in shapes:
        array = VerilatedArray(sliced(rows, cols, 14, mac_packing))
        for index in range(POINTS):
            _say(point := draw_point(draw, array.build), differences(point, array, index, tally))
        array.close()


def long_runs(tally: Tally, pe_clocks: int, shape: tuple[int, int], mac_packing: int) -> None:
    """Long streams on one array, until so many PE-clocks are compared."""
    array, seed = VerilatedArray(sliced(*shape, 17, mac_packing)), 0
    modes = itertools.cycle(itertools.product(DATAFLOWS[:2], EDGES))
    while tally.digests < pe_clocks:
        dataflow, edge = next(modes)
        seed += 1
        m, k, n = {"is": (37, 61, 1500), "ws": (1500, 61, 37)}[dataflow]
        _say(point := Point(array.build, m, k, n, dataflow, edge), differences(point, array, seed, tally))
    array.close()


def _say(point: Point, found: list[str]) -> None:
    if found:
        print(f"DIFFERENCE {point}: {'; '.join(found)}", flush=True)


def main() -> int:
    if bridge.missing():
        raise SystemExit(f"make proof: {bridge.missing()}")
    millions, different = float(sys.argv[1]) if len(sys.argv) > 1 else MILLIONS, 0
    for name, shapes, longest, mac_packing in (
        ("slices", SHAPES, (12, 7), 1),
        ("shared slices", PACKED_SHAPES, (23, 5), 2),
    ):
        tally = Tally()
        random_points(tally, shapes, mac_packing)
        long_runs(tally, int(millions * 10**6), longest, mac_packing)
        print(
            f"{name}: {tally.points:,} points, {tally.clocks:,} clocks, {tally.digests:,} PE-clocks with all registers"
            f" compared, {tally.differences} differences",
            flush=True,
        )
        different += tally.differences
    if other_slices.missing():
        print(f"models of others: not compared, {other_slices.missing()}")
        return int(different > 0)
    found, cells = other_slices.differences(int(CLOCKS * millions / MILLIONS), SEED)
    print(f"models of others: {int(CLOCKS * millions / MILLIONS):,} clocks, {found}; mapped for 7-series: {cells}")
    return int(different + sum(found) > 0)


if __name__ == "__main__":
    sys.exit(main())
