"""Engine `analytic`: cycles in closed form, stall-free, for one GEMM or a million designs.

API twin of kernels/array/closed_form.py: names become codes, sizes are checked, and nothing can wrap.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pivotsim.engines.array.masked import cycles_of_copies
from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.errors import InputError, check_integer, got, nearest, one_of
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, Dataflow
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.spec import EDGES, MAX_COLS, MAX_MAC_LATENCY, MAX_ROWS, ArraySpec
from pivotsim.kernels import threads
from pivotsim.kernels.array.closed_form import design_cycles
from pivotsim.kernels.types import Design, DesignColumns, Gemm
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.sizes import joint_gemms

PARALLEL_FROM_DESIGNS = 50_000  # below this, starting threads costs more than they save

# Rows and columns of codes hold these, in this order: field -> (least, most), or the names of the codes
DESIGN_FIELDS: dict[str, tuple[int, int] | tuple[str, ...]] = {
    "rows": (1, MAX_ROWS),
    "cols": (1, MAX_COLS),
    "dataflow": DATAFLOWS,
    "fold_overlap": FOLD_OVERLAPS,
    "edge": EDGES,
    "os_edge_register": (0, 1),
    "mac_latency": (1, MAX_MAC_LATENCY),
}


def design_of(array: ArraySpec | Mapping[str, Any]) -> Design:
    """Return an array's configuration as kernels read it.

    Raises
    ------
    InputError
        A value is out of bounds.
    """
    values = fields_of(array)
    return _design(_code(field, values[field]) for field in DESIGN_FIELDS)


def _design(codes: Iterable[int]) -> Design:
    rows, cols, dataflow, *others = codes
    return Design(rows, cols, *DATAFLOW[DATAFLOWS[dataflow]].mapping, *others)


def dataflow_of(array: ArraySpec | Mapping[str, Any]) -> Dataflow:
    """Return the table's row of an array that ``design_of`` has found valid."""
    return DATAFLOW[fields_of(array)["dataflow"]]


def fields_of(array: ArraySpec | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an array's values by field; the register below it is read only where sums drain through it."""
    if isinstance(array, Mapping):
        return array
    values = {field: getattr(array, field) for field in DESIGN_FIELDS if field != "os_edge_register"}
    return {**values, "os_edge_register": array.os_edge_register if DATAFLOW[array.dataflow].drains else True}


def design_row(array: ArraySpec | Mapping[str, Any]) -> IntArray:
    """Return an array's configuration in codes, shape (7,): a row to sort and to tell designs apart by."""
    values = fields_of(array)
    return np.array([_code(field, values[field]) for field in DESIGN_FIELDS], dtype=np.int64)


def array_values(row: IntArray) -> dict[str, Any]:
    """Return the fields that ``design_row`` made a row of."""
    named = {}
    for (field, allowed), code in zip(DESIGN_FIELDS.items(), row.tolist(), strict=True):
        named[field] = allowed[code] if isinstance(allowed[0], str) else code
    return {**named, "os_edge_register": bool(named["os_edge_register"])}


def _code(field: str, value: object) -> int:
    allowed = DESIGN_FIELDS[field]
    if isinstance(allowed[0], str):
        if value not in allowed:
            raise InputError(one_of(field, value, map(str, allowed)))
        return allowed.index(value)
    if field == "os_edge_register":
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(f"{field}: must be true or false {got(value)}")
        return int(value)
    return check_integer(field, value, int(allowed[0]), int(allowed[1]))


def design_columns(array: ArraySpec, axes: Mapping[str, object]) -> DesignColumns:
    """Return vectors of length D: those of ``axes``, and the array's own values at stride 0.

    Raises
    ------
    InputError
        A field is unknown, a value is out of bounds, or the vectors differ in length.
    """
    problems, columns = [], {}
    for field, values in axes.items():
        if field not in DESIGN_FIELDS:
            problems.append(f"designs: {field}: unknown field{nearest(field, DESIGN_FIELDS)}")
            continue
        try:
            columns[field] = _column(field, values)
        except InputError as error:
            problems += [f"designs: {p}" for p in error.problems]
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        remedy = "grid=True takes every combination of their values"
        problems.append(f"designs: vectors differ in length {got(sorted(lengths))}; {remedy}")
    if problems:
        raise InputError(problems)
    return coded_columns(array, columns)


def column_codes(field: str, values: object) -> IntArray:
    """Return one field's values as the kernel reads them, names as codes, int64 (D,).

    Raises
    ------
    InputError
        A value is out of bounds, or no value of the field.
    """
    return _column(field, values)


def coded_columns(array: ArraySpec, columns: Mapping[str, IntArray]) -> DesignColumns:
    """Return vectors of one length: ``columns``, as ``column_codes`` gives them, and else the array's own."""
    length = len(next(iter(columns.values()))) if columns else 1
    own = design_row(array)
    constant = [as_strided(own[i:], (length,), (0,)) for i in range(len(own))]
    return DesignColumns(*(columns.get(field, constant[i]) for i, field in enumerate(DESIGN_FIELDS)))


def _column(field: str, values: object) -> IntArray:
    """Return one field's values as codes, shape (D,)."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):  # ragged
        raise InputError(f"{field}: must be a vector {got(values)}") from None
    if array.ndim != 1:
        raise InputError(f"{field}: must be a vector {got(values)}")
    if not array.size:
        return np.zeros(0, dtype=np.int64)
    allowed = DESIGN_FIELDS[field]
    if isinstance(allowed[0], str):
        names, inverse = np.unique(array.astype(str), return_inverse=True)
        return np.array([_code(field, str(name)) for name in names], dtype=np.int64)[inverse]
    if field == "os_edge_register" and array.dtype != np.bool_:
        raise InputError(f"{field}: must be true or false {got(array[0])}")
    if array.dtype.kind not in "iub" or (array.dtype.kind == "b") != (field == "os_edge_register"):
        raise InputError(f"{field}: must hold integers {got(array[0])}")
    for extreme in (array.min(), array.max()):
        check_integer(field, int(extreme), int(allowed[0]), int(allowed[1]))
    return np.ascontiguousarray(array, dtype=np.int64)


def check_no_overflow(gemms: Iterable[Iterable[int]], design: Design) -> None:
    """Raise InputError where the cycles of (m, k, n, repeats) rows on one design could exceed int64.

    Every form of the timing contract is at most folds * (2R + C + T + mac_latency), which is the padded count
    without overlap to within 2 clocks per fold; Python's integers never wrap.
    """
    total = 0
    for *sizes, repeats in gemms:
        row_size, col_size, t = sizes[design.rows_dim], sizes[design.cols_dim], sizes[design.stream_dim]
        folds = -(-row_size // design.rows) * -(-col_size // design.cols)
        total += repeats * folds * (2 * design.rows + design.cols + t + design.mac_latency)
    if total > INT64_MAX:
        size = f"about 2**{math.log2(total):.1f}"
        raise InputError(f"gemm: sizes too large, the cycles would exceed int64 {got(size)}")


def gemm_folds(m: int, k: int, n: int, rows: int, cols: int, dataflow: str) -> int:
    """Return the number of folds: ceil(rows held / R) * ceil(columns held / C)."""
    row_size, col_size, _ = DATAFLOW[dataflow].sizes(m, k, n)
    return -(-row_size // rows) * -(-col_size // cols)


def cycles_per_gemm(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None] = ()
) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), for (G, 4) rows of m, k, n, repeats.

    Repeat i of a GEMM with a mask uses copy i % count; a mask never adds clocks. Each size is computed once, as plain
    Python: a handful of integer operations, for which loading machine code would take a thousand times as long.
    """
    design, rows = design_of(array), gemms.tolist()
    counts: dict[tuple[int, int, int], int] = {}
    for m, k, n, repeats in rows:
        counts[m, k, n] = counts.get((m, k, n), 0) + repeats
    check_no_overflow(((*size, count) for size, count in counts.items()), design)
    once = {size: design_cycles(Gemm(*size), design) for size in counts}
    per_gemm = np.array([repeats * once[m, k, n] for m, k, n, repeats in rows], dtype=np.int64)
    for i, mask in enumerate(masks):
        if mask is not None:
            m, k, n, repeats = gemms[i].tolist()
            copies = copies_run(check_mask(mask, m, k, n), repeats)
            clocks = cycles_of_copies(m, k, n, mask, dataflow_of(array), design, len(copies)).tolist()
            per_gemm[i] = sum(times * clocks[copy] for copy, times in copies.items())
    return per_gemm


def cycles_per_design(
    traces: Sequence[IntArray], designs: DesignColumns, *, is_parallel: bool = True
) -> tuple[IntArray, ...]:
    """Return the clocks of each trace's (G, 4) GEMMs under each design, an int64 (D,) per trace.

    Sizes that traces share are computed once. Large vectors are shared among numba's threads if ``is_parallel``.
    """
    out = np.zeros((len(traces), len(designs.rows)), dtype=np.int64)
    sizes, repeats = joint_gemms(traces)
    if sizes and out.shape[1]:
        for counts in repeats.T.tolist():
            _check_designs([(*size, count) for size, count in zip(sizes, counts, strict=True)], designs)
        if is_parallel and out.shape[1] >= PARALLEL_FROM_DESIGNS and threads.may_start():
            from pivotsim.kernels.array.closed_form_parallel import sum_design_cycles_parallel as run
        else:
            from pivotsim.kernels.array.closed_form import sum_design_cycles as run
        mapped = np.array([[flow.sizes(*size) for size in sizes] for flow in DATAFLOW.values()], dtype=np.int64)
        drains = np.array([flow.drains for flow in DATAFLOW.values()], dtype=np.int64)
        run(mapped, drains, repeats, tuple(designs), out)
    return tuple(out)


def _check_designs(gemms: list[tuple[int, int, int, int]], designs: DesignColumns) -> None:
    """Check for overflow: once for every design that the fields' bounds allow, then design by design.

    The first check is nearly always enough, and it does not read the vectors.
    """
    coarse = 0
    for m, k, n, repeats in gemms:
        for row_size, col_size, t in (flow.sizes(m, k, n) for flow in DATAFLOW.values()):
            coarse += repeats * row_size * col_size * (2 * MAX_ROWS + MAX_COLS + t + MAX_MAC_LATENCY)
    if coarse > INT64_MAX:
        for codes in set(zip(*(column.tolist() for column in designs), strict=True)):
            check_no_overflow(gemms, _design(codes))
