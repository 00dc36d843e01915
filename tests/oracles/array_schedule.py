"""The array's schedule, walked fold by fold: slow and obvious, from the timing contract's own sentences."""


def folds_of(row_size: int, col_size: int, rows: int, cols: int) -> list[tuple[int, int]]:
    """Rows and columns used by each fold, columns outer, rows inner."""
    folds = []
    col_left = col_size
    while col_left > 0:
        row_left = row_size
        while row_left > 0:
            folds.append((min(rows, row_left), min(cols, col_left)))
            row_left -= rows
        col_left -= cols
    return folds


def gemm_cycles(
    m: int,
    k: int,
    n: int,
    *,
    rows: int,
    cols: int,
    dataflow: str,
    fold_overlap: str,
    edge: str,
    os_edge_register: bool,
    mac_latency: int,
) -> int:
    """Clocks from the first operand in to the last output registered, both included."""
    if dataflow == "is":
        row_size, col_size, t = k, m, n
    elif dataflow == "ws":
        row_size, col_size, t = k, n, m
    else:
        row_size, col_size, t = m, n, k
    folds = folds_of(row_size, col_size, rows, cols)
    walk = _padded if edge == "padded" else _edge_aware
    total = walk(folds, rows, cols, t, dataflow, fold_overlap)
    if dataflow == "os" and not os_edge_register:  # the last row's accumulator is the edge
        total -= len(folds) if fold_overlap == "none" else 1
    slower = mac_latency - 1
    return total + slower * (len(folds) if fold_overlap in ("none", "preload") else 1)


def _padded(folds: list, rows: int, cols: int, t: int, dataflow: str, fold_overlap: str) -> int:
    one_fold = 2 * rows + cols + t - 2
    period = {
        "none": one_fold,
        "preload": t + rows + cols - 2,
        "chained": t + rows - 1,
        "pipelined": max(t, rows),
    }[fold_overlap]
    total = one_fold
    for _ in folds[1:]:
        total += period
    return total


def _edge_aware(folds: list, rows: int, cols: int, t: int, dataflow: str, fold_overlap: str) -> int:
    if fold_overlap == "none":
        return sum(rows + used_rows + used_cols + t - 2 for used_rows, used_cols in folds)
    drains = dataflow == "os"
    start = 0 if drains else folds[0][0]  # the first stationary tile is loaded row by row
    ends = []
    for f, (used_rows, used_cols) in enumerate(folds):
        if drains:
            ends.append(start + t + used_rows + used_cols - 2 + rows)
        else:
            ends.append(start + t + rows + used_cols - 2)
        if f + 1 == len(folds):
            break
        next_rows = folds[f + 1][0]
        if fold_overlap == "preload":
            start += t + used_rows + used_cols - 2 if drains else max(t + rows + used_cols - 2, next_rows)
        elif fold_overlap == "chained":
            start += t + used_rows - 1 if drains else t - 1 + next_rows
        else:
            start += max(t, used_rows if drains else next_rows)
    return max(ends)
