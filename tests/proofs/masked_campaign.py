"""Random masked GEMMs on random arrays: closed walk, engine `pe`, the element-by-element oracle and numpy.

.venv/bin/python -m tests.proofs.masked_campaign 20000 1
"""

import random
import sys

import numpy as np

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array.folds import fold_times
from pivotsim.engines.pe import clock as pe
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, drawn_mask
from tests.oracles.array import masked_schedule

DENSITIES = (0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1)


def random_case(draw, largest=20):
    """Sizes, a mask with one to three copies, an array and repeats."""
    m, k, n = (draw.randint(1, largest) for _ in range(3))
    array = {
        "rows": draw.randint(1, 8),
        "cols": draw.randint(1, 8),
        "dataflow": draw.choice(DATAFLOWS),
        "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "edge": draw.choice(EDGES),
        "os_edge_register": draw.random() < 0.5,
        "mac_latency": draw.choice((1, 2)),
    }
    array["mac_packing"] = 1 if array["dataflow"] == "os" else min(array["cols"], draw.choice((1, 2)))
    operand = draw.choice(OPERANDS)
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
    mask = drawn_mask(
        height, width, block=min(draw.randint(1, 9), height, width), density=draw.choice(DENSITIES),
        seed=draw.randrange(10**6), operand=operand, count=draw.randint(1, 3),
    )  # fmt: skip
    return (m, k, n), array, mask, draw.randint(1, 5)


def differences(sizes, array, mask, repeats, seed=0):
    """Return the names of what differs, the most basic first; empty where all agree."""
    m, k, n = sizes
    of_copies = [_intervals(sizes, array, mask, copy) for copy in range(mask.count)]
    totals = [max((end + 1 for _, end in intervals), default=0) for intervals, _ in of_copies]
    gemm = np.array([(m, k, n, repeats)], dtype=np.int64)
    clocks = int(analytic.cycles_per_gemm(gemm, array, [mask])[0])
    found = [] if clocks == sum(totals[i % mask.count] for i in range(repeats)) else ["clocks: analytic"]
    copy = seed % mask.count
    (intervals, lengths), kept = of_copies[copy], mask.elements(copy)
    generator = np.random.default_rng(seed)
    a, b = generator.integers(-128, 128, (m, k)), generator.integers(-128, 128, (k, n))
    run, listed = pe.run(a, b, array, mask=mask, copy=copy), fold_times(m, k, n, array, mask, copy)
    for name, times in (("pe", run), ("fold_times", listed)):
        if list(zip(times.start_cycle.tolist(), times.end_cycle.tolist(), strict=True)) != intervals:
            found.append(f"folds: {name}")
        if times.cycles != totals[copy]:
            found.append(f"clocks: {name}")
    if not np.array_equal(run.load_cycle, listed.load_cycle):
        found.append("loads")
    if listed.stream_cycles.tolist() != lengths:
        found.append("lengths")
    product = (a * kept if mask.operand == "a" else a) @ (b * kept if mask.operand == "b" else b)
    if mask.operand == "out":
        right = np.array_equal(run.result[kept], product[kept]) and ((run.result == product) | (run.result == 0)).all()
    else:
        right = np.array_equal(run.result, product)
    return found if right else [*found, "results"]


def _intervals(sizes, array, mask, copy):
    """Return the oracle's (start, end) and streamed length of every fold that remains."""
    size = {name: array[name] for name in ("rows", "cols", "dataflow")}
    folds = masked_schedule.streams_of_folds(*sizes, mask.operand, mask.elements(copy), **size)
    left = [(used_rows, used_cols, len(streamed)) for _, _, used_rows, used_cols, streamed in folds if streamed]
    return masked_schedule.fold_intervals(left, **array), [length for _, _, length in left]


def campaign(points, seed):
    """Compare that many random cases; return [(case, what differs)]."""
    draw = random.Random(seed)
    different = []
    for number in range(points):
        case = random_case(draw)
        found = differences(*case, seed=number)
        if found:
            different.append((case, found))
    return different


def masked_heads(copies):
    """An encoder of four heads whose scores and values have a mask for each, or for every other one."""
    scores = ps.workload.drawn_mask(40, 40, block=1, density=0.02, seed=1, operand="out", count=copies)
    values = ps.workload.drawn_mask(40, 40, block=1, density=0.02, seed=2, operand="a", count=copies)
    ops = (
        ps.workload.Op(1, "qkv", "gemm", 40, 64, 192),
        ps.workload.Op(1, "qkt", "gemm", 40, 16, 40, 4, mask_key="scores"),
        ps.workload.Op(1, "softmax", "softmax", 40, 1, 40, 4),
        ps.workload.Op(1, "sv", "gemm", 40, 40, 16, 4, mask_key="values"),
        ps.workload.Op(1, "proj", "gemm", 40, 64, 64),
    )
    return ps.Trace(ops, "masked", {("", "scores"): scores, ("", "values"): values})


if __name__ == "__main__":
    different = campaign(int(sys.argv[1]), int(sys.argv[2]))
    print(f"{sys.argv[1]} masked multiplications compared, {len(different)} differ")
    for case, found in different[:10]:
        print(found, case)
