"""Bytes that dense GEMMs move under `memory: paper`, where nothing is kept between folds.

For a GEMM of M x K x N, repeated ``repeats`` times, with operands of their own bits, packed, and int32 sums (4 B) that
leave as they are, or as outputs where those are wider,

    IPMEM, WTMEM    each operand byte is written once and read once, every time that it is fetched
    OPMEM           partial sums: one write per K fold, one read per K fold but the first, one read to drain
    GB              each fetched byte is written once and read once, and so is each output
    DRAM            each fetched byte is read once, each output is written once

An operand is fetched once for every fold along the dimension that it lacks, and sums leave the array once for each
fold of K: once where that dimension streams. What is fetched of an operand is packed over all folds: its last byte
alone is filled up [assumed]. Under a mask: bytes_masked.py.
"""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from pivotsim.engines.counts import Counts
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.kernels.types import DesignColumns
from pivotsim.units import FloatArray
from pivotsim.workload.sizes import Size, distinct_gemms, packed_bytes

SUM_BYTES = 4  # int32


def gemm_bytes(size: Size, rows: Any, cols: Any, dataflow: str) -> tuple[Any, Any, Any]:
    """Return (local, GB, DRAM) bytes of one GEMM on an array of ``rows`` x ``cols`` PEs, numbers or vectors."""
    m, k, n, a_bits, w_bits, out_bits = size
    flow = DATAFLOW[dataflow]
    row_size, col_size, _ = flow.sizes(m, k, n)
    folds: dict[str, Any] = {flow.rows: -(-row_size // rows), flow.cols: -(-col_size // cols), flow.stream: 1}
    # folds along the dimension that an operand lacks: inputs n, weights m, sums k
    fetched = packed_bytes(folds["n"] * m * k, a_bits) + packed_bytes(folds["m"] * k * n, w_bits)
    sums, outputs = SUM_BYTES * m * n, output_bytes(m * n, out_bits)
    local = 2 * fetched + (folds["k"] + (folds["k"] - 1) + 1) * sums
    return local, 2 * fetched + 2 * outputs, fetched + outputs


def output_bytes(elements: Any, out_bits: int) -> Any:
    """Return the bytes of outputs, a number or a vector of them, that leave as sums, or wider.

    >>> output_bytes(3, 8), output_bytes(3, 64)
    (12, 24)
    """
    return SUM_BYTES * elements if out_bits <= 8 * SUM_BYTES else packed_bytes(elements, out_bits)


def paper_counts(gemms: Iterable[Iterable[int]], array: ArraySpec) -> Counts:
    """Return the counts of GEMMs under `memory: paper`.

    Parameters
    ----------
    gemms : iterable of (m, k, n, a_bits, w_bits, out_bits, repeats)
        As ``Trace.gemms_with_bits.tolist()`` gives them: Python's integers, which never wrap.
    array : ArraySpec
        Its rows, columns and dataflow decide how often an operand is fetched.

    Examples
    --------
    One fold on 64x36: 4 * 8 inputs and 8 * 5 weights, 4 * 5 sums.

    >>> import pivotsim as ps
    >>> paper_counts([(4, 8, 5, 8, 8, 8, 1)], ps.load_hardware("zcu102").array)
    Counts(macs=160, local_bytes=304, gb_bytes=304, dram_bytes=152)
    """
    return summed_counts(distinct_gemms(gemms).items(), array)


def summed_counts(sizes: Iterable[tuple[Size, int]], array: ArraySpec) -> Counts:
    """Return the counts of sizes, each with how often it runs, under `memory: paper`."""
    macs = local = gb = dram = 0
    for size, repeats in sizes:
        here, buffer, outside = gemm_bytes(size, array.rows, array.cols, array.dataflow)
        macs += repeats * math.prod(size[:3])
        local += repeats * here
        gb += repeats * buffer
        dram += repeats * outside
    return Counts(macs, local, gb, dram)


def design_bytes(gemms: Iterable[Iterable[int]], designs: DesignColumns) -> tuple[FloatArray, FloatArray]:
    """Return (SRAM, DRAM) bytes of GEMMs, rows as for ``paper_counts``, on one array of each design, float64 (D,).

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
        for size, repeats in sizes.items():
            local, buffer, outside = gemm_bytes(size, r, c, dataflow)
            sram[chosen] += float(repeats) * (local + buffer)
            dram[chosen] += float(repeats) * outside
    return sram, dram
