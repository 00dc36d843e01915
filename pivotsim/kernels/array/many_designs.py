"""Clock cycles of traces under vectors of designs, in closed form (API twin: engines/array/many_designs.py)."""

from typing import Any

import numpy as np

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import gemm_cycles
from pivotsim.kernels.slices import slices_across
from pivotsim.kernels.types import AUTO, COLS, HEADS, NONE, ROWS, Array, DesignColumns

# Rows of the room in which a block of designs is counted in floats: an array's rows, columns, slices side by side and
# share of a slice that a column has; its fields in codes, the dataflow -1 where floats do not serve; one GEMM's clocks;
# then the totals, one for each trace
OF_ROWS, OF_COLS, ACROSS, SHARE, FLOW, DRAINS, OVERLAP, AWARE, REGISTER, LATENCY, CLOCKS, TOTALS = range(12)


@inlined
def _tiles(size: int, extent: int) -> Any:
    """Return ceil(size / extent) as int64, divided unsigned because a signed division by Python's rule is slower."""
    return np.int64((np.uint64(size) + np.uint64(extent) - np.uint64(1)) // np.uint64(extent))


@inlined
def chosen_split(whole: int, by_rows: int, by_cols: int, repeats: int, count: int, split: int) -> int:
    """Return the split that ``count`` arrays take, from one array's clocks on a whole repeat and on either share."""
    if repeats > 1 and split in (AUTO, HEADS):
        at_once = (repeats + count - 1) // count * whole
        if split == HEADS or at_once <= repeats * min(by_rows, by_cols):
            return HEADS
    if split in (ROWS, COLS):
        return split
    return ROWS if by_rows <= by_cols else COLS


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
    whole = design_clocks(mapped, flows, columns, d, i, 0, 1)
    if count == 1:
        return whole, whole, whole
    by_rows = design_clocks(mapped, flows, columns, d, i, flows[flow, 1], count)
    by_cols = design_clocks(mapped, flows, columns, d, i, flows[flow, 2], count)
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
        if count == 1:
            cycles = repeats[i] * whole
        else:
            own = chosen_split(whole, by_rows, by_cols, repeats[i], count, split)
            if own == HEADS:
                cycles = (repeats[i] + count - 1) // count * whole
            else:
                cycles = repeats[i] * (by_rows if own == ROWS else by_cols)
        for w in range(out.shape[0]):
            out[w, d] += times[i, w] * cycles


@inlined
def lay_out(flows: Array, columns: tuple[Array, ...], first: int, count: int, room: Any) -> int:
    """Write ``count`` designs from ``first`` on to ``room``, rows as named above; return 1 if all have plain folds.

    Folds are plain that neither overlap nor fit their edges. Several arrays are left to integers.
    """
    designs = DesignColumns(*columns)
    is_plain = 1
    for j in range(count):
        d = first + j
        c, p, flow = designs.cols[d], designs.mac_packing[d], designs.dataflow[d]
        overlap, aware = designs.fold_overlap[d], designs.edge_aware[d]
        room[OF_ROWS, j], room[OF_COLS, j] = designs.rows[d], c
        room[ACROSS, j], room[SHARE, j] = slices_across(c, p), 1 / p
        room[FLOW, j] = flow if designs.array_count[d] == 1 else -1
        room[DRAINS, j], room[REGISTER, j] = flows[flow, 0], designs.os_edge_register[d]
        room[OVERLAP, j], room[AWARE, j] = overlap, aware
        room[LATENCY, j] = designs.mac_latency[d] + p - 1
        is_plain &= (overlap == NONE) & (aware == 0)
    return is_plain


@inlined
def clocks_in_floats(room: Any, j: int, rows: Any, cols: Any, t: Any, overlap: Any, aware: Any) -> Any:
    """Return the clocks of a GEMM under design j of ``room``.

    A quotient is rounded up to the right integer: it is at least 1 / divisor away from every other one, which below
    2**53 is more than floats lose.
    """
    r, c, across = room[OF_ROWS, j], room[OF_COLS, j], room[ACROSS, j]
    g, h = np.ceil(rows / r), np.ceil(cols / c)
    return gemm_cycles(
        rows, (h - 1) * across + np.ceil((cols - (h - 1) * c) * room[SHARE, j]), t, g, h, r, across,
        room[DRAINS, j] > 0, overlap, aware, room[REGISTER, j] > 0, room[LATENCY, j],
    )  # fmt: skip


@inlined
def add_clocks(mapped: Array, repeats: Array, times: Array, count: int, is_plain: int, room: Any) -> None:
    """Add each trace's clocks under the designs in ``room`` to their totals there: loops that processors run 8 wide."""
    for flow in range(mapped.shape[0]):
        members = 0
        for j in range(count):
            members += room[FLOW, j] == flow
        for i in range(mapped.shape[1] if members else 0):
            rows, cols, t = (
                np.float64(mapped[flow, i, 0]),
                np.float64(mapped[flow, i, 1]),
                np.float64(mapped[flow, i, 2]),
            )
            if is_plain:
                for j in range(count):
                    room[CLOCKS, j] = clocks_in_floats(room, j, rows, cols, t, np.float64(NONE), False)
            else:
                for j in range(count):
                    room[CLOCKS, j] = clocks_in_floats(room, j, rows, cols, t, room[OVERLAP, j], room[AWARE, j] > 0)
            for w in range(times.shape[1]):
                whole = np.float64(times[i, w] * repeats[i])
                for j in range(count):
                    room[TOTALS + w, j] += whole * room[CLOCKS, j] if room[FLOW, j] == flow else 0.0


COLUMNS_SIGNATURE = "UniTuple(int64[:], 10)"
GEMMS_SIGNATURE = "int64[:, :, ::1], int64[:, ::1], int64[::1]"


@kernel(
    f"void({GEMMS_SIGNATURE}, int64[:, ::1], {COLUMNS_SIGNATURE}, boolean, int64, int64, float64[:, ::1],"
    " int64[:, ::1])"
)
def sum_design_cycles(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...],
    is_below_2_53: bool, start: int, stop: int, room: Any, out: Array,
) -> None:  # fmt: skip
    """Write the clocks of W traces under designs ``start`` up to ``stop`` of D to ``out`` (W, D).

    ``mapped`` (F, G, 3) holds, for each of F dataflows, how much of a GEMM rows hold, columns hold, and how much
    streams, for the G distinct GEMMs of all traces; ``flows`` (F, 3) is 1 where sums stay in the array, and the places
    of M and N among the three. A GEMM has ``repeats`` (G,), which several arrays may share out; ``times`` (G, W) says
    how many of it each trace has. ``columns`` are the vectors of ``DesignColumns``, in a plain tuple because a constant
    one may have stride 0, and numba converts strides in plain tuples only.

    Where no total reaches 2**53 (``is_below_2_53``), most designs are counted in floats, a block of ``room``
    (TOTALS + W, block) at a time: integers all of them, which processors divide side by side.
    """
    for first in range(start, stop, room.shape[1]):
        count = min(room.shape[1], stop - first)
        if is_below_2_53:
            is_plain = lay_out(flows, columns, first, count, room)
            room[TOTALS:] = 0.0
            add_clocks(mapped, repeats, times, count, is_plain, room)
            for w in range(out.shape[0]):
                for j in range(count):
                    out[w, first + j] = np.int64(room[TOTALS + w, j])
        for j in range(count):
            if not is_below_2_53 or room[FLOW, j] < 0:
                fill_totals(mapped, flows, repeats, times, columns, first + j, out)


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
            out[i, d] = chosen_split(whole, by_rows, by_cols, repeats[i], designs.array_count[d], designs.split[d])
