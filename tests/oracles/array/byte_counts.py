"""Bytes of one GEMM without any reuse between folds, counted fold by fold as the array asks for them."""

import itertools
import math


def walk(m, k, n, rows, cols, dataflow, bits=(8, 8, 8)):
    """Return {level: bytes} from a walk over all folds; operands of some bits, packed over all folds, int32 sums."""
    held_by_rows, held_by_cols = {"is": (k, m), "ws": (k, n), "os": (m, n)}[dataflow]
    tally = {"local": 0, "gb": 0, "dram": 0}

    fetched = {"input": 0, "weight": 0}
    out_bytes = max(4, bits[2] / 8)
    held = set()
    for col, row in itertools.product(range(0, held_by_cols, cols), range(0, held_by_rows, rows)):
        c, r = min(cols, held_by_cols - col), min(rows, held_by_rows - row)
        if dataflow == "os":
            fetched["input"] += r * k
            fetched["weight"] += k * c
            sums, first, last = r * c, True, True
        else:
            streamed = n if dataflow == "is" else m
            assert (col, row) not in held
            held.add((col, row))
            fetched["input" if dataflow == "is" else "weight"] += r * c
            fetched["weight" if dataflow == "is" else "input"] += r * streamed
            sums, first, last = c * streamed, row == 0, row + rows >= held_by_rows
        tally["local"] += 4 * sums + (0 if first else 4 * sums)  # read-modify-write
        if last:
            tally["local"] += 4 * sums
            tally["gb"] += 2 * out_bytes * sums
            tally["dram"] += out_bytes * sums
    tally["gb"] += 2 * (math.ceil(tally["dram"]) - tally["dram"])  # the last byte of outputs
    tally["dram"] = math.ceil(tally["dram"])
    for elements, width in zip(fetched.values(), bits, strict=False):
        size = math.ceil(elements * width / 8)
        tally["dram"] += size  # DRAM -> GB -> local memory -> array: written and read on the way
        tally["gb"] += 2 * size
        tally["local"] += 2 * size
    return tally
