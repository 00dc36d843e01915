"""Masked GEMMs, element by element and fold by fold: slow and obvious.

A multiply-accumulate (m, k, n) is needed where the mask keeps its element. A fold streams exactly the indices for
which one of its rows and columns needs the product; a fold that streams nothing does not run.
"""

from tests.oracles.array.array_schedule import slices_of


def is_needed(operand, elements, m, k, n):
    """Whether product (m, k, n) is needed; ``elements`` is a matrix of true and false, None keeps all."""
    if elements is None:
        return True
    return bool(elements[{"a": (m, k), "b": (k, n), "out": (m, n)}[operand]])


def product_at(dataflow, row, col, t):
    """(m, k, n) of the product that an array's row and column work on when index t streams by."""
    if dataflow == "is":
        return col, row, t
    if dataflow == "ws":
        return t, row, col
    return row, t, col


def mapped(m, k, n, dataflow):
    """Sizes held by rows, by columns, and streamed."""
    return {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[dataflow]


def streams_of_folds(m, k, n, operand, elements, *, rows, cols, dataflow):
    """(first row, first column, used rows, used columns, list of streamed indices) of every fold, columns outer.

    Folds that stream nothing are listed too, with an empty list.
    """
    row_size, col_size, t_size = mapped(m, k, n, dataflow)
    folds = []
    for first_col in range(0, col_size, cols):
        for first_row in range(0, row_size, rows):
            in_rows = range(first_row, min(first_row + rows, row_size))
            in_cols = range(first_col, min(first_col + cols, col_size))
            streamed = []
            for t in range(t_size):
                wanted = False
                for row in in_rows:
                    for col in in_cols:
                        if is_needed(operand, elements, *product_at(dataflow, row, col, t)):
                            wanted = True
                            break
                    if wanted:
                        break
                if wanted:
                    streamed.append(t)
            folds.append((first_row, first_col, len(in_rows), len(in_cols), streamed))
    return folds


def fold_intervals(
    folds, *, rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing=1
):  # fmt: skip
    """Each remaining fold's first streamed operand and last registered output, as clocks from 0.

    ``folds`` is a list of (used rows, used columns, streamed length), in order, all lengths at least 1. A padded fold
    uses all rows and columns.
    """
    if edge == "padded":
        folds = [(rows, cols, t) for _, _, t in folds]
    if not folds:
        return []
    drains = dataflow == "os"
    # columns that share a slice see a streamed operand in the same clock, and a register parts their sums
    folds = [(used_rows, slices_of(used_cols, mac_packing), t) for used_rows, used_cols, t in folds]
    slower = mac_latency - 1 + (1 if mac_packing > 1 else 0)
    start = 0 if drains else folds[0][0]
    intervals = []
    for f, (used_rows, used_cols, t) in enumerate(folds):
        if drains:
            end = start + t + used_rows + used_cols - 2 + rows + slower - 1
            if not os_edge_register:
                end -= 1
        else:
            end = start + t + rows + used_cols - 2 + slower - 1
        intervals.append((start, end))
        if f + 1 == len(folds):
            break
        next_rows, _, next_t = folds[f + 1]
        if fold_overlap == "none":
            start = end + 1 if drains else end + 1 + next_rows
        elif fold_overlap == "preload":
            start += (
                t + used_rows + used_cols - 2 + slower if drains else max(t + rows + used_cols - 2 + slower, next_rows)
            )
        elif fold_overlap == "chained":
            start += t + used_rows - 1 if drains else t - 1 + next_rows
        elif fold_overlap == "settled" and not drains:
            last_row_takes_over = start + used_rows - 1  # the next load moves what it takes over, and must wait for it
            start = max(start + t, last_row_takes_over + next_rows)
        elif drains:
            # the sums of this fold leave one row a clock after its last operand; those of the next may not follow
            # sooner than they have left
            start += t + max(0, used_rows - next_t)
        else:
            start += max(t, next_rows)
    return intervals


def gemm_cycles(m, k, n, operand, elements, **array):
    """Clocks from the first operand in to the last output registered, both included; 0 where nothing is needed."""
    size = {name: array[name] for name in ("rows", "cols", "dataflow")}
    folds = streams_of_folds(m, k, n, operand, elements, **size)
    left = [(used_rows, used_cols, len(streamed)) for _, _, used_rows, used_cols, streamed in folds if streamed]
    intervals = fold_intervals(left, **array)
    return max((end + 1 for _, end in intervals), default=0)
