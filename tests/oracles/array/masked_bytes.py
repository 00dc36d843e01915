"""Bytes of one masked GEMM without any reuse between folds, element by element as the array asks for them."""

import math

from tests.oracles.array.masked_schedule import product_at, streams_of_folds

INDEX_BYTES, SUM_BYTES = 2, 4


def walk(m, k, n, operand, elements, block, *, rows, cols, dataflow, bits=(8, 8, 8)):
    """Return {level: bytes}; packed operands, int32 sums, two bytes of index for each kept block a fold touches."""
    moved, indices = {"a": 0, "b": 0}, 0  # elements, blocks
    tally = {"local": 0, "gb": 0, "dram": 0}
    sums = {}  # (m, n) -> writes
    for first_row, first_col, used_rows, used_cols, streamed in streams_of_folds(
        m, k, n, operand, elements, rows=rows, cols=cols, dataflow=dataflow
    ):
        if not streamed:
            continue
        asked = {"a": set(), "b": set()}  # elements of each operand
        written = set()
        for row in range(first_row, first_row + used_rows):
            for col in range(first_col, first_col + used_cols):
                for t in streamed:
                    i, j, o = product_at(dataflow, row, col, t)
                    asked["a"].add((i, j))
                    asked["b"].add((j, o))
                    written.add((i, o))
        for name, places in asked.items():
            if name == operand:
                kept = [place for place in places if elements[place]]
                moved[name] += len(kept)
                indices += len({(r // block, c // block) for r, c in kept})
            else:
                moved[name] += len(places)
        for place in written:
            tally["local"] += SUM_BYTES  # written; read before unless it is the first
            tally["local"] += SUM_BYTES if place in sums else 0
            sums[place] = True
    fetched = INDEX_BYTES * indices + sum(math.ceil(moved[name] * bits["ab".index(name)] / 8) for name in "ab")
    tally["dram"] += fetched
    tally["gb"] += 2 * fetched
    tally["local"] += 2 * fetched
    outputs = len(sums) if operand == "out" else m * n
    tally["local"] += SUM_BYTES * outputs  # read to drain
    leaving = max(SUM_BYTES * outputs, math.ceil(outputs * bits[2] / 8))
    tally["gb"] += 2 * leaving
    tally["dram"] += leaving
    return tally
