"""Bytes of one masked GEMM without any reuse between folds, element by element as the array asks for them."""

from tests.oracles.array.masked_schedule import product_at, streams_of_folds

INDEX_BYTES, SUM_BYTES = 2, 4


def walk(m, k, n, operand, elements, block, *, rows, cols, dataflow):
    """Return {level: bytes}; int8 operands, int32 sums, two bytes of index for each kept block that a fold touches."""
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
        fetched = 0
        for name, places in asked.items():
            if name == operand:
                kept = [place for place in places if elements[place]]
                fetched += len(kept) + INDEX_BYTES * len({(r // block, c // block) for r, c in kept})
            else:
                fetched += len(places)
        tally["dram"] += fetched
        tally["gb"] += 2 * fetched
        tally["local"] += 2 * fetched
        for place in written:
            tally["local"] += SUM_BYTES  # written; read before unless it is the first
            tally["local"] += SUM_BYTES if place in sums else 0
            sums[place] = True
    outputs = len(sums) if operand == "out" else m * n
    tally["local"] += SUM_BYTES * outputs  # read to drain
    tally["gb"] += 2 * SUM_BYTES * outputs
    tally["dram"] += SUM_BYTES * outputs
    return tally
