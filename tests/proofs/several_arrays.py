"""Several arrays against the slow oracle: random multiplications, arrays and splits, dense and masked.

python -m tests.proofs.several_arrays    5,000 dense cases, 1,000 masked ones and 10,000 vectors, two minutes
"""

import math
import random

import numpy as np

import pivotsim as ps
from pivotsim.engines.array import many_designs
from pivotsim.engines.array.closed_form import cycles_per_gemm
from pivotsim.engines.array.many_designs import cycles_per_design, design_columns, splits_per_design
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS, SPLITS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.workload.masks.masks import OPERANDS, Mask
from tests.oracles.array import several_arrays

HW = ps.load_hardware("zcu102")
OPTIONS = ("rows", "cols", "dataflow", "fold_overlap", "edge", "os_edge_register", "mac_latency")


def drawn_case(draw, largest=90):
    """Sizes with repeats, one array's options, how many arrays, and a split."""
    sizes = [draw.randint(1, draw.choice((3, 12, largest))) for _ in range(3)]
    array = {
        "rows": draw.randint(1, 20), "cols": draw.randint(1, 20), "dataflow": draw.choice(DATAFLOWS),
        "fold_overlap": draw.choice(FOLD_OVERLAPS), "edge": draw.choice(EDGES),
        "os_edge_register": draw.random() < 0.5, "mac_latency": draw.choice((1, 2, 5)),
    }  # fmt: skip
    return (*sizes, draw.choice((1, 1, 2, 3, 6, 7))), array, draw.choice((2, 2, 3, 4, 7)), draw.choice(SPLITS)


def drawn_mask(draw, m, k, n, copies):
    """A mask with a copy for each of some repeats."""
    operand = draw.choice(OPERANDS)
    height, width = {"a": (m, k), "b": (k, n), "out": (m, n)}[operand]
    block = draw.choice((1, 2, 3, 8))
    shape = (copies, -(-height // block), -(-width // block))
    kept = [draw.random() < draw.choice((0.2, 0.8)) for _ in range(shape[0] * shape[1] * shape[2])]
    return Mask(operand, height, width, block, np.array(kept).reshape(shape))


def run(gemms, array, count, split, mask=None, engine="analytic"):
    """The engine's run of multiplications, each under the mask or none, on several arrays."""
    values = {f"array.{name}": value for name, value in {**array, "count": count, "split": split}.items()}
    ops = [ps.workload.Op(1, "qkt", "gemm", *gemm) for gemm in gemms]
    masks = {}
    if mask is not None:
        ops, masks = [op._replace(mask_key="own") for op in ops], {("", "own"): mask}
    return ENGINES[engine].run(ps.Trace(tuple(ops), "case", masks), HW.replace(values))


def dense_differences(cases, seed=20):
    """The cases in which engine, or kernel for vectors of designs, and oracle differ."""
    draw, found = random.Random(seed), []
    for _ in range(cases):
        gemm, array, count, split = case = drawn_case(draw)
        gemms = [gemm, gemm, (*gemm[:3], draw.randint(1, 4))]  # two alike share no repeats
        expected = [several_arrays.cycles(*one, count, split, array) for one in gemms]
        fields = {**array, "count": count, "split": split}
        columns = design_columns(HW.array, {name: [value] for name, value in fields.items()})
        by_kernel = int(cycles_per_design([np.array(gemms)], columns)[0][0])
        shared = run(gemms, array, count, split)
        splits = [SPLITS[code] for code in splits_per_design(np.array(gemms), columns)[:, 0]]
        taken = {line.repeats: line.split for line in shared.details.lines}
        if shared.cycles.tolist() != expected or by_kernel != sum(expected):
            found.append((case, shared.cycles.tolist(), by_kernel, expected))
        if splits != [taken[one[3]] for one in gemms] or shared.counts.macs != sum(map(math.prod, gemms)):
            found.append((case, splits, taken, shared.counts.macs))
    return found


def masked_differences(cases, seed=21, engine="analytic"):
    """The same under masks of any operand, cut in whole blocks."""
    draw, found = random.Random(seed), []
    for _ in range(cases):
        gemm, array, count, split = case = drawn_case(draw, largest=20)
        mask = drawn_mask(draw, *gemm[:3], draw.choice((1, gemm[3], 2)))
        elements = [mask.elements(copy) for copy in range(mask.count)]
        expected = several_arrays.cycles(*gemm, count, split, array, mask.operand, elements, mask.block)
        shared = run([gemm], array, count, split, mask, engine)
        if int(shared.cycles[0]) != expected or shared.counts.macs != mask.macs(*gemm):
            found.append((case, mask, int(shared.cycles[0]), expected))
    return found


def closed_cycles(m, k, n, repeats, count, split, array):
    """The clocks of one multiplication from the closed form alone, split as the rules of docs/several_arrays.md say."""
    sizes = [(m, k, n, 1), (-(-m // count), k, n, 1), (m, k, -(-n // count), 1)]
    whole, by_rows, by_cols = (int(cycles_per_gemm(np.array([size]), array)[0]) for size in sizes)
    rounds = -(-repeats // count)
    if repeats > 1 and (split == "heads" or (split == "auto" and rounds * whole <= repeats * min(by_rows, by_cols))):
        return rounds * whole
    return repeats * {"rows": by_rows, "cols": by_cols}.get(split, min(by_rows, by_cols))


def vector_differences(cases, seed=22):
    """Vectors of designs, one array and several side by side, that differ from the closed form of each alone.

    Every tenth is compared with the slow oracle, too, and every one with the kernel that counts in integers.
    """
    draw, found = random.Random(seed), []
    for case in range(cases):
        largest = 40 if case % 10 == 0 else draw.choice((90, 3_000, 2**17))
        designs = []
        for _ in range(draw.randint(1, 8) if draw.random() < 0.99 else many_designs.BLOCK_DESIGNS + 9):
            _, array, count, split = drawn_case(draw)
            is_packed = array["dataflow"] != "os" and array["cols"] > 1 and draw.random() < 0.3 and largest > 40
            several = {"count": draw.choice((1, count)), "split": split}
            designs.append({**array, "mac_packing": 2 if is_packed else 1, **several})
        gemms = [[*(draw.randint(1, largest) for _ in range(3)), draw.choice((1, 2, 3, 6, 7))]
                 for _ in range(draw.randint(1, 4))]  # fmt: skip
        traces = [np.array(gemms), np.array(gemms[:1] + gemms)]
        columns = design_columns(HW.array, {name: [each[name] for each in designs] for name in designs[0]})
        got = [trace.tolist() for trace in cycles_per_design(traces, columns)]
        in_integers = counted_in_integers(traces, columns)
        for d, design in enumerate(designs):
            one = {name: value for name, value in design.items() if name not in ("count", "split")}
            each = [closed_cycles(*gemm, design["count"], design["split"], one) for gemm in gemms]
            if largest == 40 and each != [
                several_arrays.cycles(*gemm, design["count"], design["split"], one) for gemm in gemms
            ]:
                found.append((gemms, design, each))
            if not got[0][d] == in_integers[0][d] == sum(each) or not got[1][d] == in_integers[1][d] == each[0] + sum(
                each
            ):
                found.append((gemms, design, got[0][d], got[1][d], each))
    return found


def counted_in_integers(traces, columns):
    """What the kernel counts that serves totals too large for floats."""
    exact_in_floats, many_designs.EXACT_IN_FLOATS = many_designs.EXACT_IN_FLOATS, 0
    try:
        return [trace.tolist() for trace in cycles_per_design(traces, columns)]
    finally:
        many_designs.EXACT_IN_FLOATS = exact_in_floats


if __name__ == "__main__":
    print(f"dense: {len(dense_differences(5_000))} differences in 5,000 cases")
    print(f"masked: {len(masked_differences(1_000))} differences in 1,000 cases")
    print(f"vectors: {len(vector_differences(10_000))} differences in 10,000 vectors of designs")
