"""Bytes of one GEMM without any reuse between folds, counted fold by fold as the array asks for them."""

import itertools


def walk(m, k, n, rows, cols, dataflow):
    """Return {level: bytes} from a walk over all folds; int8 operands, int32 sums."""
    held_by_rows, held_by_cols = {"is": (k, m), "ws": (k, n), "os": (m, n)}[dataflow]
    tally = {"local": 0, "gb": 0, "dram": 0}

    def fetch(size):  # DRAM -> GB -> local memory -> array: written and read on the way
        tally["dram"] += size
        tally["gb"] += 2 * size
        tally["local"] += 2 * size

    held = set()
    for col, row in itertools.product(range(0, held_by_cols, cols), range(0, held_by_rows, rows)):
        c, r = min(cols, held_by_cols - col), min(rows, held_by_rows - row)
        if dataflow == "os":
            fetch(r * k)
            fetch(k * c)
            sums, first, last = r * c, True, True
        else:
            streamed = n if dataflow == "is" else m
            assert (col, row) not in held
            held.add((col, row))
            fetch(r * c)
            fetch(r * streamed)
            sums, first, last = c * streamed, row == 0, row + rows >= held_by_rows
        tally["local"] += 4 * sums + (0 if first else 4 * sums)  # read-modify-write
        if last:
            tally["local"] += 4 * sums
            tally["gb"] += 2 * 4 * sums
            tally["dram"] += 4 * sums
    return tally
