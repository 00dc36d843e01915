"""Engine `pe`: the array clock by clock, PE by PE, bit-exact on int8 operands.

API twin of kernels/pe/clock.py: names become codes, operands are checked and laid out, memory is counted before it is
taken.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from pivotsim.engines.array.closed_form import cycles_per_gemm as closed_form
from pivotsim.engines.array.designs import dataflow_of, design_of, fields_of
from pivotsim.engines.array.masked_folds import check_mask, fold_table
from pivotsim.engines.pe.operands import operand, seeded_operands
from pivotsim.engines.pe.size import SPAN, check_size, is_large
from pivotsim.errors import InputError, check_integer, shape_text
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, copies_run


@dataclass(frozen=True)
class PeRun:
    """What the array did; clocks count from 0, where the first operand enters the array."""

    result: np.ndarray[tuple[int, ...], np.dtype[np.int32]]
    load_cycle: IntArray
    start_cycle: IntArray
    end_cycle: IntArray
    cycles: int
    macs: int
    digests: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
    activity: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def run(
    a: object,
    b: object,
    array: ArraySpec | Mapping[str, Any],
    *,
    mask: Mask | None = None,
    copy: int = 0,
    trace: bool = False,
    digests: bool = False,
) -> PeRun:
    """Multiply int8 matrices (m, k) and (k, n) on the array.

    Under a mask each fold streams the indices that it needs, and folds that need none do not run. What a mask of an
    operand drops counts as zero; of what a mask of the result drops, a fold computes all or nothing, and that is 0.

    Parameters
    ----------
    a, b : array_like
        Integers in -128 to 127.
    array : ArraySpec or mapping
        Rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing (1).
    mask : Mask, optional
    copy : int
        Which of the mask's copies.
    trace : bool
        Keep what every PE does in every clock, uint8 (clocks, rows, cols).
    digests : bool
        Keep a hash of all PE registers after every clock, uint64 (clocks,).

    Raises
    ------
    InputError
        An operand is not int8, the shapes do not match, the mask fits neither, or the run does not fit this machine.
    """
    operands, problems = [], list[str]()
    for name, values in (("a", a), ("b", b)):
        try:
            operands.append(operand(name, values))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    left, right = operands
    if left.shape[1] != right.shape[0]:
        found = f"(got a {shape_text(left.shape)}, b {shape_text(right.shape)})"
        raise InputError(f"b: must have as many rows as a has columns {found}")
    mask = check_mask(mask, left.shape[0], left.shape[1], right.shape[1])
    if mask is not None:
        check_integer("copy", copy, 0, mask.count - 1)
    values = fields_of(array)
    return _run(left, right, values, mask, copy, trace, digests)


def _run(
    a: Any, b: Any, array: Mapping[str, Any], mask: Mask | None, copy: int, trace: bool = False, digests: bool = False,
    stopped: threading.Event | None = None, is_one_of_several: bool = False,
) -> PeRun:  # fmt: skip
    from pivotsim.engines.pe.columns import Columns, run_side_by_side
    from pivotsim.kernels.pe import sequencer as places
    from pivotsim.kernels.types import PIPELINED, PRELOAD, SETTLED

    design, flow = design_of(array), dataflow_of(array)
    rows, cols = design.rows, design.cols
    (m, k), n = a.shape, b.shape[1]
    clocks = check_size(m, k, n, array, trace=trace, digests=digests, masked=mask is not None)
    if mask is not None and mask.operand == "a":
        a = np.where(mask.elements(copy), a, np.int8(0))
    elif mask is not None and mask.operand == "b":
        b = np.where(mask.elements(copy), b, np.int8(0))
    # what streams from the left, (length, rows); what comes from above, (length or rows, columns)
    operands, above = {"a": a, "b": b}, flow.from_above or flow.stationary
    x = _turned(operands[flow.from_left], flow.from_left, flow.rows)
    y = _turned(operands[above], above, flow.cols)
    row_size, col_size, length = flow.sizes(m, k, n)
    x_source, y_source = _with_zero_row(x, rows), _with_zero_row(y, cols)
    # nothing is loaded where sums stay, so nothing settles
    overlap = PIPELINED if flow.drains and design.fold_overlap == SETTLED else design.fold_overlap
    config = places.Config(
        rows=rows, cols=cols, drains=design.drains, fold_overlap=overlap,
        is_double=int(overlap in (PRELOAD, PIPELINED, SETTLED)), edge_aware=design.edge_aware,
        is_bare=int(flow.drains and not design.os_edge_register), mac_registers=design.mac_latency - 1,
        packing=design.mac_packing, row_size=row_size, col_size=col_size, x_width=x_source.shape[1],
        y_width=y_source.shape[1], out_width=col_size, span=SPAN, first=0, width=cols,
    )  # fmt: skip
    folds, streams = fold_table(m, k, n, array, mask, copy)
    out = np.zeros((row_size if flow.drains else length, col_size), dtype=np.int32)
    limit = 2 * clocks + 8  # ends emerge; this only bounds the loop
    hashes = np.zeros(limit if digests else 0, dtype=np.uint64)
    activity = np.zeros((limit if trace else 0, rows * cols), dtype=np.uint8)
    shared = folds, streams, x_source.reshape(-1), y_source.reshape(-1), out.reshape(-1), hashes, activity
    is_split = not (is_one_of_several or trace or digests) and is_large(clocks, rows, cols, design.mac_packing)
    parts = [Columns(config, *shared, limit, clocks)]
    if is_split:
        width = -(-cols // (2 * design.mac_packing)) * design.mac_packing
        halves = config._replace(width=width), config._replace(first=width, width=cols - width)
        parts = [Columns(each, *shared, limit, clocks) for each in halves]
    run_side_by_side(parts, f"{m} x {k} x {n}", stopped or threading.Event())
    times = np.maximum.reduce([part.times for part in parts])
    result = np.ascontiguousarray(_turned(out, "out", flow.cols))
    cycles = int(times[2].max(initial=-1)) + 1
    trace_of_pes = activity[:cycles].reshape(-1, rows, cols)
    macs = m * k * n if mask is None else mask.macs_of_copy(m, k, n, copy)
    return PeRun(result, times[0], times[1], times[2], cycles, macs, hashes[:cycles], trace_of_pes)


def _turned(matrix: Any, operand: str, letter: str) -> Any:
    """Return an operand with one of its GEMM dimensions along the columns, or a result from there in its own order."""
    return matrix if OPERAND_DIMENSIONS[operand][1] == letter else matrix.T


def _with_zero_row(matrix: Any, width: int) -> Any:
    """Return the matrix below a row of zeros, its columns padded to a multiple of ``width``."""
    height, used = matrix.shape
    padded = np.zeros((height + 1, -(-used // width) * width), dtype=np.int8)
    padded[1:, :used] = matrix
    return padded


def cycles_per_gemm(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None] = ()
) -> IntArray:
    """Return the clocks of each GEMM with its repeats, int64 (G,), each distinct one run once on seeded operands.

    Repeat i uses copy i % count of the GEMM's mask. Two run at a time, a single one in halves of a large array's
    columns: they share nothing that is written, and the kernel holds no lock.
    """
    values = fields_of(array)
    closed_form(gemms, values)  # nothing can overflow
    listed = [
        ((m, k, n, mask), copies_run(check_mask(mask, m, k, n), repeats))
        for (m, k, n, repeats), mask in zip(gemms.tolist(), masks or [None] * len(gemms), strict=True)
    ]
    distinct = sorted({(*gemm, copy) for gemm, copies in listed for copy in copies}, key=lambda one: -_work(*one))
    for m, k, n, mask, _ in distinct:
        check_size(m, k, n, values, masked=mask is not None)

    stopped = threading.Event()

    def clocks(gemm: tuple[int, int, int, Mask | None, int]) -> int:
        m, k, n, mask, copy = gemm
        several = len(distinct) > 1
        operands = seeded_operands(m, k, n)
        return _run(*operands, values, mask, copy, stopped=stopped, is_one_of_several=several).cycles

    with ThreadPoolExecutor(2) as threads:
        try:
            known = dict(zip(distinct, threads.map(clocks, distinct), strict=True))
        finally:  # Ctrl-C comes here, and threads are waited for
            stopped.set()
    totals = [sum(times * known[*gemm, copy] for copy, times in copies.items()) for gemm, copies in listed]
    return np.array(totals, dtype=np.int64)


def _work(m: int, k: int, n: int, mask: Mask | None, copy: int) -> int:
    """Return how long a run takes beside others."""
    return m * k * n if mask is None else mask.macs_of_copy(m, k, n, copy)
