"""Vectors of designs in closed form, up to millions (API twin of kernels/array/many_designs.py)."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pivotsim.engines.array.designs import DESIGN_FIELDS, VECTOR_FIELDS, code_of, design_from, fields_of
from pivotsim.engines.array.one_gemm import check_no_overflow
from pivotsim.errors import InputError, check_integer, got, nearest
from pivotsim.hardware.array import MAX_COLS, MAX_MAC_LATENCY, MAX_ROWS, ArraySpec, unpackable
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, DIMENSIONS
from pivotsim.kernels.types import DesignColumns
from pivotsim.units import INT64_MAX, IntArray
from pivotsim.workload.sizes import joint_gemms, joint_rows

PARALLEL_FROM_DESIGNS = 50_000  # below this, starting threads costs more than they save
BLOCK_DESIGNS = 256  # counted at once: what they need stays in a processor's first cache
EXACT_IN_FLOATS = 2**53  # float64 holds every integer up to it
CORES = os.cpu_count() or 1


def design_row(array: ArraySpec | Mapping[str, Any]) -> IntArray:
    """Return an array's configuration in codes, shape (8,): a row to sort and to tell designs apart by."""
    values = fields_of(array)
    return np.array([code_of(field, values[field]) for field in DESIGN_FIELDS], dtype=np.int64)


def array_values(row: IntArray) -> dict[str, Any]:
    """Return the fields that ``design_row`` made a row of."""
    named = {}
    for (field, allowed), code in zip(DESIGN_FIELDS.items(), row.tolist(), strict=True):
        named[field] = allowed[code] if isinstance(allowed[0], str) else code
    return {**named, "os_edge_register": bool(named["os_edge_register"])}


def design_columns(array: ArraySpec, axes: Mapping[str, object]) -> DesignColumns:
    """Return vectors of length D: those of ``axes``, and the array's own values at stride 0.

    Raises
    ------
    InputError
        A field is unknown, a value is out of bounds, or the vectors differ in length.
    """
    problems, columns = [], {}
    for field, values in axes.items():
        if field not in VECTOR_FIELDS:
            problems.append(f"designs: {field}: unknown field{nearest(field, VECTOR_FIELDS)}")
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
    found = coded_columns(array, columns)
    for which, problem in unpackable_designs(found):
        if which.any():
            raise InputError(f"designs: {problem}")
    return found


def unpackable_designs(designs: DesignColumns) -> Iterator[tuple[Any, str]]:
    """Yield which designs' columns cannot share slices, bool (D,), and why: for their dataflow, or as there is one."""
    packed = designs.mac_packing > 1
    for code, name in enumerate(DATAFLOWS):
        if DATAFLOW[name].drains:
            yield packed & (designs.dataflow == code), unpackable(2, name, MAX_COLS)
    yield packed & (designs.cols == 1), unpackable(2, next(n for n in DATAFLOWS if not DATAFLOW[n].drains), 1)


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
    shared = [code_of(field, getattr(array, field)) for field in VECTOR_FIELDS if field not in DESIGN_FIELDS]
    own = np.concatenate((design_row(array), np.array(shared, dtype=np.int64)))
    constant = [as_strided(own[i:], (length,), (0,)) for i in range(len(own))]
    return DesignColumns(*(columns.get(field, constant[i]) for i, field in enumerate(VECTOR_FIELDS)))


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
    allowed = VECTOR_FIELDS[field]
    if isinstance(allowed[0], str):
        names, inverse = np.unique(array.astype(str), return_inverse=True)
        return np.array([code_of(field, str(name)) for name in names], dtype=np.int64)[inverse]
    if field == "os_edge_register" and array.dtype != np.bool_:
        raise InputError(f"{field}: must be true or false {got(array[0])}")
    if array.dtype.kind not in "iub" or (array.dtype.kind == "b") != (field == "os_edge_register"):
        raise InputError(f"{field}: must hold integers {got(array[0])}")
    for extreme in (array.min(), array.max()):
        check_integer(field, int(extreme), int(allowed[0]), int(allowed[1]))
    return np.ascontiguousarray(array, dtype=np.int64)


def cycles_per_design(
    traces: Sequence[IntArray], designs: DesignColumns, *, is_parallel: bool = True
) -> tuple[IntArray, ...]:
    """Return the clocks of each trace's (G, 4) GEMMs under each design, an int64 (D,) per trace.

    Sizes that traces share are computed once. Large vectors are shared among numba's threads if ``is_parallel``.
    """
    out = np.zeros((len(traces), len(designs.rows)), dtype=np.int64)
    if designs.array_count.max(initial=1) > 1:  # they share the repeats of one GEMM, and not those of equal ones
        rows, times = joint_rows(traces)
    else:
        sizes, times = joint_gemms(traces)
        rows = [(m, k, n, 1) for m, k, n in sizes]
    if rows and out.shape[1]:
        most = 0
        for counts in times.T.tolist():
            check = [(m, k, n, repeats * count) for (m, k, n, repeats), count in zip(rows, counts, strict=True)]
            most = max(most, _checked_bound(check, designs))
        _run(rows, times, designs, most < EXACT_IN_FLOATS, is_parallel, out)
    return tuple(out)


def _run(
    rows: Sequence[Sequence[int]], times: IntArray, designs: DesignColumns, is_below_2_53: bool, is_parallel: bool,
    out: IntArray,
) -> None:  # fmt: skip
    """Run the kernel on all designs, of large vectors an even part in each of several threads."""
    from pivotsim.kernels.array.many_designs import TOTALS, sum_design_cycles, sum_large_design_cycles

    arguments = (*_mapped(rows), times, tuple(designs))
    count = out.shape[1]

    def run(start: int, stop: int) -> None:
        if is_below_2_53:
            sum_design_cycles(*arguments, start, stop, out, np.empty((TOTALS + len(out), BLOCK_DESIGNS)))
        else:
            sum_large_design_cycles(*arguments, start, stop, out)

    if not is_parallel or count < PARALLEL_FROM_DESIGNS:
        run(0, count)
        return
    part = -(-count // CORES)
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(run, range(0, count, part), [*range(part, count, part), count]))


def splits_per_design(gemms: IntArray, designs: DesignColumns) -> IntArray:
    """Return the code of the split that arrays take for each of (G, 4) GEMMs under each design, int64 (G, D)."""
    from pivotsim.kernels.array.many_designs import fill_splits

    out = np.zeros((len(gemms), len(designs.rows)), dtype=np.int64)
    if out.size:
        fill_splits(*_mapped(gemms.tolist()), tuple(designs), out)
    return out


def _mapped(gemms: Sequence[Sequence[int]]) -> tuple[IntArray, IntArray, IntArray]:
    """Return what rows, columns and stream hold of (m, k, n, repeats) rows, (F, G, 3); flows (F, 3); repeats (G,).

    ``flows`` tells of each dataflow whether sums stay, and the places of M and N among rows, columns and stream.
    """
    flows, shared = DATAFLOW.values(), (DIMENSIONS[0], DIMENSIONS[2])
    mapped = np.array([[flow.sizes(m, k, n) for m, k, n, _ in gemms] for flow in flows], dtype=np.int64)
    places = [[flow.drains, *(flow.dimensions.index(letter) for letter in shared)] for flow in flows]
    return mapped, np.array(places, dtype=np.int64), np.array([row[3] for row in gemms], dtype=np.int64)


def _checked_bound(gemms: list[tuple[int, int, int, int]], designs: DesignColumns) -> int:
    """Return what clocks stay below under every design that the fields' bounds allow, checked for overflow.

    Where that could exceed int64 each design is checked; else the vectors are not read.
    """
    coarse = 0
    for m, k, n, repeats in gemms:
        for row_size, col_size, t in (flow.sizes(m, k, n) for flow in DATAFLOW.values()):
            coarse += repeats * row_size * col_size * (2 * MAX_ROWS + MAX_COLS + t + MAX_MAC_LATENCY)
    if coarse > INT64_MAX:
        one_array = designs[: len(DESIGN_FIELDS)]  # several take no longer
        for codes in set(zip(*(column.tolist() for column in one_array), strict=True)):
            check_no_overflow(gemms, design_from(codes))
    return coarse
