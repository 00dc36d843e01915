"""`make proof`: the full campaign of closed form, engine `pe` and RTL; writes the page's proof section.

A count of points per array makes a quick try, without the three large arrays, which leaves the page alone:
python -m tests.proofs.array_rtl 5
"""

import itertools
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pivotsim.engines.array.folds import fold_times
from pivotsim.engines.pe import clock as pe
from tests.proofs.page_section import write_section
from tests.rtl import faults
from tests.rtl.array import bridge
from tests.rtl.array.agreement import EDGES, Point, Tally, differences, draw_point
from tests.rtl.array.bridge import DATAFLOWS, FOLD_OVERLAPS, Build, VerilatedArray

SHAPES = (
    (1, 1), (1, 2), (1, 7), (2, 1), (9, 1), (2, 2), (2, 3), (3, 2), (4, 4), (5, 8), (8, 5), (8, 8), (12, 7), (7, 12),
)  # fmt: skip
POINTS_PER_ARRAY = 400
LOCK_STEP_PE_CLOCKS = 45_000_000  # of each dataflow, overlap and edge mode: 30 of them
SEED = 7
FC1 = (197, 384, 1536)
# DeiT-S's fc1 on 64x36: dataflow, overlap, edge, clocks by the contract
FC1_MODES = (
    ("is", "none", "padded", 61_128),
    ("ws", "none", "padded", 92_622),
    ("os", "none", "padded", 93_912),
    ("is", "pipelined", "padded", 55_458),
    ("is", "settled", "padded", 55_458),
    ("is", "none", "aware", 61_014),
)

Key = tuple[str, str, str]
Tallies = dict[Key, Tally]


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def builds() -> list[Build]:
    """Every overlap on every shape; edge register and mac_latency change in turn, so that all four pairs occur."""
    options = itertools.cycle(itertools.product((True, False), (1, 2)))
    return [
        Build(rows, cols, overlap, *next(options), digest=True)
        for overlap in FOLD_OVERLAPS
        for rows, cols in SHAPES
    ]  # fmt: skip


def compile_all(wanted: list[Build]) -> None:
    say(f"compiling {len(wanted)} arrays")
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(bridge.library, wanted))


def random_points(tallies: Tallies, points: int) -> None:
    """At least 20,000 random points: totals, folds, results, registers."""
    draw = random.Random(SEED)
    for build in builds():
        array = VerilatedArray(build)
        for index in range(points):
            point = draw_point(draw, build)
            record(point, differences(point, array, index, tally_of(tallies, point)))
        array.close()


def lock_step(tallies: Tallies, pe_clocks: int) -> None:
    """Long runs, all registers compared in every clock."""
    for overlap in FOLD_OVERLAPS:
        build = Build(12, 7, overlap, digest=True, address_bits=17)
        array = VerilatedArray(build)
        for dataflow, edge in itertools.product(DATAFLOWS, EDGES):
            row, col, length, seed = 61, 37, 1500, 0
            m, k, n = {"is": (col, row, length), "ws": (length, row, col), "os": (row, length, col)}[dataflow]
            point = Point(build, m, k, n, dataflow, edge)
            tally = tally_of(tallies, point)
            until = tally.digests + pe_clocks
            while tally.digests < until:
                seed += 1
                record(point, differences(point, array, seed, tally))
        array.close()


def tally_of(tallies: Tallies, point: Point) -> Tally:
    return tallies[point.dataflow, point.build.fold_overlap, point.edge]


def record(point: Point, found: list[str]) -> None:
    if found:
        say(f"DIFFERENCE {point}: {'; '.join(found)}")


def fc1_rows() -> list[tuple[str, str, str, int, int, int, int]]:
    """The published layer on the published array: clocks of contract, closed form, engine and RTL."""
    rows = []
    a, b = pe.seeded_operands(*FC1)
    product = a.astype(np.int32) @ b.astype(np.int32)
    for dataflow, overlap, edge, contract in FC1_MODES:
        build = Build(64, 36, overlap, address_bits=20)
        point = Point(build, *FC1, dataflow, edge)
        array = VerilatedArray(build)
        rtl = array.run(a, b, dataflow, edge)
        array.close()
        engine = pe.run(a, b, point.array)
        closed = fold_times(*FC1, point.array)
        if not (np.array_equal(rtl.result, product) and np.array_equal(engine.result, product)):
            say(f"DIFFERENCE fc1 {dataflow} {overlap} {edge}: results")
        if not (np.array_equal(rtl.ends, closed.end_cycle) and np.array_equal(engine.end_cycle, closed.end_cycle)):
            say(f"DIFFERENCE fc1 {dataflow} {overlap} {edge}: folds")
        rows.append((dataflow, overlap, edge, contract, closed.cycles, engine.cycles, rtl.cycles))
    return rows


def fault_rows() -> list[tuple[str, str]]:
    """Every fault, and the first difference that gave it away."""
    compile_all(list(faults.SMALL_BUILDS))

    def one(fault: faults.Fault) -> tuple[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            return fault.name, faults.caught_by(fault, Path(folder))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(one, faults.FAULTS))


def table(tallies: Tallies, fc1: list, caught: list) -> str:
    """Return the section's text."""
    total = Tally()
    lines = [
        "| dataflow | fold_overlap | edge | points | clocks | PE-clocks with all registers compared | differences |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for (dataflow, overlap, edge), tally in sorted(tallies.items(), key=lambda item: order(item[0])):
        numbers = (tally.points, tally.clocks, tally.digests, tally.differences)
        lines.append("| {} | {} | {} | {:,} | {:,} | {:,} | {:,} |".format(dataflow, overlap, edge, *numbers))
        for name in ("points", "clocks", "digests", "differences"):
            setattr(total, name, getattr(total, name) + getattr(tally, name))
    lines.append(f"| all | | | {total.points:,} | {total.clocks:,} | {total.digests:,} | {total.differences} |")
    shapes = ", ".join(f"{rows}x{cols}" for rows, cols in SHAPES)
    text = [
        f"Arrays: {shapes}; with and without `os_edge_register`, `mac_latency` 1 and 2.",
        "A point compares the total and every fold's load, start and end (closed form, `pe`, RTL), and the result",
        "(`pe`, RTL, numpy).",
        "",
        *lines,
        "",
        "DeiT-S's fc1 (197 x 384 x 1536) on 64x36:",
        "",
        "| dataflow | fold_overlap | edge | contract | analytic | pe | RTL |",
        "|---|---|---|---:|---:|---:|---:|",
        *("| {} | {} | {} | {:,} | {:,} | {:,} | {:,} |".format(*row) for row in fc1),
        "",
        f"Faults of one line, of which the comparison found {sum(bool(how) for _, how in caught)} of {len(caught)}:",
        "",
        "| fault | first difference |",
        "|---|---|",
        *(f"| {name} | {how or 'NOT FOUND'} |" for name, how in caught),
    ]
    return "\n".join(text)


def order(key: Key) -> tuple[int, int, int]:
    return DATAFLOWS.index(key[0]), FOLD_OVERLAPS.index(key[1]), EDGES.index(key[2])


def main() -> int:
    if bridge.missing():
        raise SystemExit(f"make proof: {bridge.missing()}")
    started = time.monotonic()
    points = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS_PER_ARRAY
    is_whole = points >= POINTS_PER_ARRAY
    tallies: Tallies = defaultdict(Tally)
    compile_all(builds())
    say("random points")
    random_points(tallies, points)
    say("lock-step")
    lock_step(tallies, LOCK_STEP_PE_CLOCKS * points // POINTS_PER_ARRAY)
    say("faults")
    caught = fault_rows()
    fc1 = []
    if is_whole:
        say("fc1 on 64x36: three large arrays, minutes to compile")
        fc1 = fc1_rows()
        write_section("proof", table(tallies, fc1, caught))
    wrong = [row for row in fc1 if len(set(row[3:])) > 1] + [name for name, how in caught if not how]
    failed = bool(wrong) or any(tally.differences for tally in tallies.values())
    say(f"{'FAILED' if failed else 'no difference'} after {(time.monotonic() - started) / 60:.0f} minutes")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
