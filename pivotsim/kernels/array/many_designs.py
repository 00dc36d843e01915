"""Clock cycles of traces under vectors of designs, in closed form (API twin: engines/array/many_designs.py)."""

from typing import Any

import numpy as np

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import gemm_cycles
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import AUTO, COLS, HEADS, NONE, ROWS, Array, DesignColumns

# Rows of the room in which designs of one dataflow are counted in floats: which of all designs it is; an array's rows
# and columns, and the reciprocal of each; slices side by side and share of a slice that a column has; its fields in
# codes; how many arrays, and their split; what rows and columns hold and what streams in one array; its clocks on a
# whole GEMM, and on its share by rows and by columns; then the totals, one for each trace
(
    PLACE, OF_ROWS, OF_COLS, PER_ROW, PER_COL, ACROSS, SHARE, DRAINS, OVERLAP, AWARE, REGISTER, LATENCY, ARRAYS, SPLIT,
    SIZES, _, _, WHOLE, BY_ROWS, BY_COLS, TOTALS,
) = range(21)  # fmt: skip


@inlined
def _tiles(size: int, extent: int) -> Any:
    """Return ceil(size / extent) as int64, divided unsigned because a signed division by Python's rule is slower."""
    return np.int64((np.uint64(size) + np.uint64(extent) - np.uint64(1)) // np.uint64(extent))


@inlined
def chosen_split(at_once: Any, by_rows: Any, by_cols: Any, repeats: Any, split: Any) -> int:
    """Return the split that arrays take, from the clocks of whole repeats at once and of one repeat by either share."""
    if repeats > 1 and (split == HEADS or (split == AUTO and at_once <= repeats * min(by_rows, by_cols))):
        return HEADS
    if split == ROWS or (split != COLS and by_rows <= by_cols):
        return ROWS
    return COLS


@inlined
def split_clocks(at_once: Any, by_rows: Any, by_cols: Any, repeats: Any, split: Any) -> Any:
    """Return the clocks of all repeats under the split that arrays take."""
    own = chosen_split(at_once, by_rows, by_cols, repeats, split)
    return at_once if own == HEADS else repeats * (by_rows if own == ROWS else by_cols)


@inlined
def design_clocks(
    mapped: Array, flows: Array, columns: tuple[Array, ...], d: int, i: int, place: int, count: int
) -> int:  # fmt: skip
    """Return one array's clocks on GEMM i under design d, of whose rows (0), columns (1) or stream (2) it has a share.

    The largest of ``count`` even shares, which ends last; all of the GEMM where ``count`` is 1.
    """
    designs = DesignColumns(*columns)
    r, c, flow = designs.rows[d], designs.cols[d], designs.dataflow[d]
    rows, cols, t = mapped[flow, i, 0], mapped[flow, i, 1], mapped[flow, i, 2]
    if count > 1:
        share = _tiles(mapped[flow, i, place], count)
        if place == 0:
            rows = share
        elif place == 1:
            cols = share
        else:
            t = share
    h, p = _tiles(cols, c), designs.mac_packing[d]
    across = slices_across(c, p)
    return gemm_cycles(
        rows, (h - 1) * across + slices_across(cols - (h - 1) * c, p), t, _tiles(rows, r), h, r, across, flows[flow, 0],
        designs.fold_overlap[d], designs.edge_aware[d], designs.os_edge_register[d], designs.mac_latency[d] + p - 1,
    )  # fmt: skip


@inlined
def shared_clocks(mapped: Array, flows: Array, columns: tuple[Array, ...], d: int, i: int) -> tuple[int, int, int]:
    """Return one array's clocks on all of GEMM i under design d, and on its share by rows and by columns."""
    designs = DesignColumns(*columns)
    count, flow = designs.array_count[d], designs.dataflow[d]
    whole = by_rows = by_cols = 0
    for part in range(3 if count > 1 else 1):  # a loop: the closed form is compiled into it once
        clocks = design_clocks(mapped, flows, columns, d, i, flows[flow, part], count if part else 1)
        if part == 0:
            whole = by_rows = by_cols = clocks
        elif part == 1:
            by_rows = clocks
        else:
            by_cols = clocks
    return whole, by_rows, by_cols


@inlined
def fill_totals(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], d: int, out: Array
) -> None:  # fmt: skip
    """Write the clocks of each trace under design d; arrays as in the kernel below."""
    designs = DesignColumns(*columns)
    count, split = designs.array_count[d], designs.split[d]
    for w in range(out.shape[0]):
        out[w, d] = 0
    for i in range(mapped.shape[1]):
        whole, by_rows, by_cols = shared_clocks(mapped, flows, columns, d, i)
        cycles = split_clocks(_tiles(repeats[i], count) * whole, by_rows, by_cols, repeats[i], split)
        for w in range(out.shape[0]):
            out[w, d] += times[i, w] * cycles


@inlined
def lay_out(
    flows: Array, columns: tuple[Array, ...], first: int, last: int, flow: int, room: Any
) -> tuple[int, int]:  # fmt: skip
    """Write the designs of one dataflow among ``first`` to ``last`` to ``room``; return how many, and how they count.

    0 if all are one array with plain folds, which neither overlap nor fit their edges; 1 if all are one array; else 2.
    """
    designs = DesignColumns(*columns)
    count = way = 0
    for place in range(first, last):  # without a branch that mixed dataflows would mispredict
        room[PLACE, count] = place
        count += designs.dataflow[place] == flow
    for j in range(count):
        d = np.int64(room[PLACE, j])
        c, p, overlap, aware = designs.cols[d], designs.mac_packing[d], designs.fold_overlap[d], designs.edge_aware[d]
        room[OF_ROWS, j], room[OF_COLS, j] = designs.rows[d], c
        room[PER_ROW, j], room[PER_COL, j] = 1 / designs.rows[d], 1 / c
        room[ACROSS, j], room[SHARE, j] = slices_across(c, p), 1 / p
        room[DRAINS, j], room[REGISTER, j] = flows[flow, 0], designs.os_edge_register[d]
        room[OVERLAP, j], room[AWARE, j] = overlap, aware
        room[LATENCY, j] = designs.mac_latency[d] + p - 1
        room[ARRAYS, j], room[SPLIT, j] = designs.array_count[d], designs.split[d]
        way = max(way, 2 if designs.array_count[d] > 1 else (overlap != NONE) | (aware != 0))
    return count, way


@inlined
def clocks_in_floats(room: Any, j: int, rows: Any, cols: Any, t: Any, overlap: Any, aware: Any) -> Any:
    """Return the clocks of a GEMM under design j of ``room``.

    A quotient is rounded up to the right integer: of half a size less it is at least 1 / (2 divisor) away from each,
    which below 2**51 is more than a product with a rounded reciprocal loses. No size comes near that whose total stays
    below 2**53 under the largest array.
    """
    r, c, across = room[OF_ROWS, j], room[OF_COLS, j], room[ACROSS, j]
    g, h = np.ceil((rows - 0.5) * room[PER_ROW, j]), np.ceil((cols - 0.5) * room[PER_COL, j])
    return gemm_cycles(
        rows, (h - 1) * across + np.ceil((cols - (h - 1) * c) * room[SHARE, j]), t, g, h, r, across,
        room[DRAINS, j] > 0, overlap, aware, room[REGISTER, j] > 0, room[LATENCY, j],
    )  # fmt: skip


@inlined
def fill_shares(rows: Any, cols: Any, t: Any, places: Array, count: int, room: Any) -> None:
    """Write one array's clocks on a GEMM, and on its share by rows and by columns, under the designs in ``room``."""
    for part in range(places.shape[0]):  # no constant: a loop that is not unrolled compiles once
        for j in range(count):
            room[SIZES, j], room[SIZES + 1, j], room[SIZES + 2, j] = rows, cols, t
        shared = SIZES + places[part]
        for j in range(count if part else 0):
            room[shared, j] = np.ceil(room[shared, j] / room[ARRAYS, j])
        for j in range(count):
            room[WHOLE + part, j] = clocks_in_floats(
                room, j, room[SIZES, j], room[SIZES + 1, j], room[SIZES + 2, j], room[OVERLAP, j], room[AWARE, j] > 0
            )


@inlined
def add_clocks(
    mapped: Array, places: Array, repeats: Array, times: Array, count: int, way: int, room: Any
) -> None:  # fmt: skip
    """Add each trace's clocks under the designs in ``room`` to their totals there: loops that processors run 8 wide."""
    for i in range(mapped.shape[0]):
        rows, cols, t = np.float64(mapped[i, 0]), np.float64(mapped[i, 1]), np.float64(mapped[i, 2])
        each = np.float64(repeats[i])
        if way == 0:
            for j in range(count):
                room[WHOLE, j] = clocks_in_floats(room, j, rows, cols, t, np.float64(NONE), False)
        elif way == 1:
            for j in range(count):
                room[WHOLE, j] = clocks_in_floats(room, j, rows, cols, t, room[OVERLAP, j], room[AWARE, j] > 0)
        else:
            fill_shares(rows, cols, t, places, count, room)
            for j in range(count):
                room[WHOLE, j] = split_clocks(
                    np.ceil(each / room[ARRAYS, j]) * room[WHOLE, j], room[BY_ROWS, j], room[BY_COLS, j], each,
                    room[SPLIT, j],
                )  # fmt: skip
            each = np.float64(1)
        for w in range(times.shape[1]):
            whole = times[i, w] * each
            for j in range(count):
                room[TOTALS + w, j] += whole * room[WHOLE, j]


COLUMNS_SIGNATURE = "UniTuple(int64[:], 10)"
GEMMS_SIGNATURE = "int64[:, :, ::1], int64[:, ::1], int64[::1]"
DESIGNS_SIGNATURE = f"{GEMMS_SIGNATURE}, int64[:, ::1], {COLUMNS_SIGNATURE}, int64, int64, int64[:, ::1]"


@kernel(f"void({DESIGNS_SIGNATURE}, float64[:, ::1])")
def sum_design_cycles(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], start: int, stop: int,
    out: Array, room: Any,
) -> None:  # fmt: skip
    """Write the clocks of W traces under designs ``start`` up to ``stop`` of D to ``out`` (W, D), all below 2**53.

    ``mapped`` (F, G, 3) holds, for each of F dataflows, how much of a GEMM rows hold, columns hold, and how much
    streams, for the G distinct GEMMs of all traces; ``flows`` (F, 3) is 1 where sums stay in the array, and the places
    of M and N among the three. A GEMM has ``repeats`` (G,), which several arrays may share out; ``times`` (G, W) says
    how many of it each trace has. ``columns`` are the vectors of ``DesignColumns``, in a plain tuple because a constant
    one may have stride 0, and numba converts strides in plain tuples only.

    Designs are counted in floats, those of a block of ``room`` (TOTALS + W, block) that share a dataflow at a time:
    whole numbers and reciprocals, which processors multiply side by side.
    """
    for first in range(start, stop, room.shape[1]):
        last = min(first + room.shape[1], stop)
        left = last - first
        for flow in range(len(flows)):
            if not left:
                break
            count, way = lay_out(flows, columns, first, last, flow, room)
            left -= count
            room[TOTALS:] = 0.0
            add_clocks(mapped[flow], flows[flow], repeats, times, count, way, room)
            for w in range(out.shape[0]):
                for j in range(count):
                    out[w, np.int64(room[PLACE, j])] = np.int64(room[TOTALS + w, j])


@kernel(f"void({DESIGNS_SIGNATURE})")
def sum_large_design_cycles(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], start: int, stop: int,
    out: Array,
) -> None:  # fmt: skip
    """Do the same in integers: apart, so that it is compiled only where a total may reach 2**53."""
    for d in range(start, stop):
        fill_totals(mapped, flows, repeats, times, columns, d, out)


@kernel(f"void({GEMMS_SIGNATURE}, {COLUMNS_SIGNATURE}, int64[:, ::1])")
def fill_splits(
    mapped: Array, flows: Array, repeats: Array, columns: tuple[Array, ...], out: Array
) -> None:  # fmt: skip
    """Write the code of the split that each GEMM of one trace takes under each design to ``out`` (G, D).

    Arrays as in ``sum_design_cycles``.
    """
    designs = DesignColumns(*columns)
    for d in range(out.shape[1]):
        for i in range(out.shape[0]):
            whole, by_rows, by_cols = shared_clocks(mapped, flows, columns, d, i)
            at_once = _tiles(repeats[i], designs.array_count[d]) * whole
            out[i, d] = chosen_split(at_once, by_rows, by_cols, repeats[i], designs.split[d])
