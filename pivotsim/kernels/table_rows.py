"""Sums of the rows that designs look up in tables, some of them several times (API twin: structures/tables.py)."""

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.types import Array

COLUMNS = 4  # of a table of counts
ADDED_SEVERAL_TIMES = 2  # the first of them
ONCE, SEVERAL = 2, 4  # numbers that say where a design finds a row that it adds once, and several times


@kernel("void(int64[:, ::1], int64[::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1])")
def sum_rows(rows: Array, times: Array, places: Array, once: Array, several: Array, out: Array) -> None:
    """Write each design's sums of rows, column by column.

    Parameters
    ----------
    rows : int64 (rows, COLUMNS)
        All tables of counts, one after the other; only the first ADDED_SEVERAL_TIMES count something in a row that is
        added several times.
    times : int64 (numbers,)
        All tables of how many times a row is added.
    places : int64 (indices, designs)
        Places of designs in tables.
    once : int64 (tables, ONCE)
        Tables of which each design adds a row: where it begins, and which index holds the place in it.
    several : int64 (tables, SEVERAL)
        Tables of which each design adds a row several times: the same of it, and of how many times.
    out : int64 (COLUMNS, designs)
    """
    for design in range(out.shape[1]):
        first = second = third = fourth = 0  # 27 ns where eight sums lie in registers and on the stack, 13 with four
        for table in range(once.shape[0]):
            row = once[table, 0] + places[once[table, 1], design]
            first += rows[row, 0]
            second += rows[row, 1]
            third += rows[row, 2]
            fourth += rows[row, 3]
        for table in range(several.shape[0]):
            row = several[table, 0] + places[several[table, 1], design]
            number = times[several[table, 2] + places[several[table, 3], design]]
            first += rows[row, 0] * number
            second += rows[row, 1] * number
        out[0, design], out[1, design], out[2, design], out[3, design] = first, second, third, fourth
