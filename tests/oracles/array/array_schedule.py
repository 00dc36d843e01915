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


def slices_of(used_cols: int, mac_packing: int) -> int:
    """Slices side by side that hold so many columns, of which each takes ``mac_packing`` while they last."""
    slices, left = 0, used_cols
    while left > 0:
        slices += 1
        left -= mac_packing
    return slices


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
    mac_packing: int = 1,
) -> int:
    """Clocks from the first operand in to the last output registered, both included."""
    if dataflow == "is":
        row_size, col_size, t = k, m, n
    elif dataflow == "ws":
        row_size, col_size, t = k, n, m
    else:
        row_size, col_size, t = m, n, k
    folds = folds_of(row_size, col_size, rows, cols)
    return (
        max(
            end
            for _, end in fold_intervals(
                folds, rows, cols, t, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing
            )
        )
        + 1
    )


def fold_intervals(
    folds: list,
    rows: int,
    cols: int,
    t: int,
    dataflow: str,
    fold_overlap: str,
    edge: str,
    os_edge_register: bool,
    mac_latency: int,
    mac_packing: int = 1,
) -> list[tuple[int, int]]:
    """Each fold's first streamed operand and last registered output, as clocks from 0.

    Folds are walked one by one; a padded fold uses all rows and columns. Columns that share a slice see a streamed
    operand in the same clock, so it passes slices; their sums are parted below the last row, in a register of its own.
    """
    if edge == "padded":
        folds = [(rows, cols) for _ in folds]
    drains = dataflow == "os"
    folds = [(used_rows, slices_of(used_cols, mac_packing)) for used_rows, used_cols in folds]
    slower = mac_latency - 1 + (1 if mac_packing > 1 else 0)
    start = 0 if drains else folds[0][0]  # the first stationary tile is loaded row by row
    intervals = []
    for f, (used_rows, used_cols) in enumerate(folds):
        if drains:
            end = start + t + used_rows + used_cols - 2 + rows + slower - 1
            if not os_edge_register:  # the last row's accumulator is the edge
                end -= 1
        else:
            end = start + t + rows + used_cols - 2 + slower - 1
        intervals.append((start, end))
        if f + 1 == len(folds):
            break
        next_rows = folds[f + 1][0]
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
        else:
            start += max(t, used_rows if drains else next_rows)
    return intervals
