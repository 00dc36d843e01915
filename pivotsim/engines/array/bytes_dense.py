"""Bytes that dense GEMMs move under `memory: paper`, where nothing is kept between folds.

For a GEMM of M x K x N, repeated ``repeats`` times, with int8 operands (1 B) and int32 sums (4 B),

    IPMEM, WTMEM    each operand byte is written once and read once, every time that it is fetched
    OPMEM           partial sums: one write per K fold, one read per K fold but the first, one read to drain
    GB              each fetched byte is written once and read once, and so is each int32 output
    DRAM            each fetched byte is read once, each int32 output is written once

An operand is fetched once for every fold along the dimension that it lacks, and sums leave the array once for each
fold of K: once where that dimension streams. Under a mask: bytes_masked.py.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pivotsim.engines.counts import Counts
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, DIMENSIONS, OPERAND_DIMENSIONS
from pivotsim.hardware.spec import ArraySpec
from pivotsim.kernels.types import DesignColumns
from pivotsim.units import FloatArray
from pivotsim.workload.sizes import distinct_gemms

SUM_BYTES = 4  # int32


def gemm_bytes(m: int, k: int, n: int, rows: Any, cols: Any, dataflow: str) -> tuple[Any, Any, Any]:
    """Return (local, GB, DRAM) bytes of one GEMM on an array of ``rows`` x ``cols`` PEs, numbers or vectors."""
    flow = DATAFLOW[dataflow]
    row_size, col_size, _ = flow.sizes(m, k, n)
    folds: dict[str, Any] = {flow.rows: -(-row_size // rows), flow.cols: -(-col_size // cols), flow.stream: 1}
    times = {operand: folds[_lacking(operand)] for operand in OPERAND_DIMENSIONS}
    fetched, sums = times["a"] * m * k + times["b"] * k * n, SUM_BYTES * m * n
    local = 2 * fetched + (times["out"] + (times["out"] - 1) + 1) * sums
    return local, 2 * fetched + 2 * sums, fetched + sums


def _lacking(operand: str) -> str:
    """Return the GEMM dimension that an operand does not have."""
    (other,) = set(DIMENSIONS) - set(OPERAND_DIMENSIONS[operand])
    return other


def paper_counts(gemms: Iterable[Iterable[int]], array: ArraySpec) -> Counts:
    """Return the counts of (m, k, n, repeats) rows under `memory: paper`.

    Parameters
    ----------
    gemms : iterable of (m, k, n, repeats)
        As ``Trace.gemms.tolist()`` gives them: Python's integers, which never wrap.
    array : ArraySpec
        Its rows, columns and dataflow decide how often an operand is fetched.

    Examples
    --------
    One fold on 64x36: 4 * 8 inputs and 8 * 5 weights, 4 * 5 sums.

    >>> import pivotsim as ps
    >>> paper_counts([(4, 8, 5, 1)], ps.load_hardware("zcu102").array)
    Counts(macs=160, local_bytes=304, gb_bytes=304, dram_bytes=152)
    """
    macs = local = gb = dram = 0
    for (m, k, n), repeats in distinct_gemms(gemms).items():
        here, buffer, outside = gemm_bytes(m, k, n, array.rows, array.cols, array.dataflow)
        macs += repeats * m * k * n
        local += repeats * here
        gb += repeats * buffer
        dram += repeats * outside
    return Counts(macs, local, gb, dram)


def design_bytes(gemms: Iterable[Iterable[int]], designs: DesignColumns) -> tuple[FloatArray, FloatArray]:
    """Return (SRAM, DRAM) bytes of (m, k, n, repeats) rows on one array of each design, float64 (D,).

    They are exact below 2**53.
    """
    rows, cols, dataflows = designs.rows, designs.cols, designs.dataflow
    sram, dram = np.zeros(len(rows)), np.zeros(len(rows))
    sizes = distinct_gemms(gemms)
    for code, dataflow in enumerate(DATAFLOWS):
        chosen = dataflows == code
        r, c = rows[chosen].astype(np.float64), cols[chosen].astype(np.float64)
        if not len(r):
            continue
        for (m, k, n), repeats in sizes.items():
            local, buffer, outside = gemm_bytes(m, k, n, r, c, dataflow)
            sram[chosen] += float(repeats) * (local + buffer)
            dram[chosen] += float(repeats) * outside
    return sram, dram
