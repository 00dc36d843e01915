"""MACs and bytes of a run, level by level, and the usage of times and counts that energy rules charge.

The counts here hold for `memory: paper`, where nothing is kept between folds: for a GEMM of M x K x N, repeated
``repeats`` times, with int8 operands (1 B) and int32 sums (4 B),

    IPMEM, WTMEM    each operand byte is written once and read once, every time that it is fetched
    OPMEM           partial sums: one write per K fold, one read per K fold but the first, one read to drain
    GB              each fetched byte is written once and read once, and so is each int32 output
    DRAM            each fetched byte is read once, each int32 output is written once

The held operand is fetched once, the streamed one once for every fold of the other dimension; output stationary
streams both and keeps its partial sums in the array. An engine that models memories passes its own `Counts`; GEMMs
with masks are counted in engines/array/bytes_masked.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.spec import ArraySpec
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.sizes import distinct_gemms

SUM_BYTES = 4  # int32


@dataclass(frozen=True)
class Counts:
    """MACs, and bytes written plus bytes read, of one run.

    Attributes
    ----------
    macs : int
        Multiply-accumulates on the array.
    local_bytes : int
        At IPMEM, WTMEM and OPMEM.
    gb_bytes : int
        At the global buffer.
    dram_bytes : int
        At the external memory.
    """

    macs: int = 0
    local_bytes: int = 0
    gb_bytes: int = 0
    dram_bytes: int = 0

    @property
    def sram_bytes(self) -> int:
        """Bytes at all on-chip memories."""
        return self.local_bytes + self.gb_bytes

    def plus(self, other: "Counts") -> "Counts":
        """Return what both runs move together."""
        return Counts(
            self.macs + other.macs,
            self.local_bytes + other.local_bytes,
            self.gb_bytes + other.gb_bytes,
            self.dram_bytes + other.dram_bytes,
        )

    def times(self, images: int) -> "Counts":
        """Return what that many runs move together."""
        return Counts(*(images * count for count in (self.macs, self.local_bytes, self.gb_bytes, self.dram_bytes)))

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {
            "macs": self.macs,
            "local_bytes": self.local_bytes,
            "gb_bytes": self.gb_bytes,
            "sram_bytes": self.sram_bytes,
            "dram_bytes": self.dram_bytes,
        }


def gemm_bytes(m: int, k: int, n: int, rows: Any, cols: Any, dataflow: str) -> tuple[Any, Any, Any]:
    """Return (local, GB, DRAM) bytes of one GEMM on an array of ``rows`` x ``cols`` PEs, numbers or vectors."""
    k_folds: Any
    if dataflow == "is":  # rows hold K, columns M; weights stream once for every fold of M
        inputs, weights, k_folds = m * k, -(-m // cols) * k * n, -(-k // rows)
    elif dataflow == "ws":  # rows hold K, columns N; inputs stream once for every fold of N
        inputs, weights, k_folds = -(-n // cols) * m * k, k * n, -(-k // rows)
    else:  # rows hold M, columns N; both stream
        inputs, weights, k_folds = -(-n // cols) * m * k, -(-m // rows) * k * n, 1
    fetched, sums = inputs + weights, SUM_BYTES * m * n
    local = 2 * fetched + (k_folds + (k_folds - 1) + 1) * sums
    return local, 2 * fetched + 2 * sums, fetched + sums


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


def counts_by_level(macs: int, moved_bytes: Mapping[str, int]) -> Counts:
    """Return the counts of an engine that names each level and direction, as in ``dram_read`` or ``ipmem_write``.

    >>> counts_by_level(1, {"dram_read": 2, "gb_output_write": 3, "opmem_read": 4})
    Counts(macs=1, local_bytes=4, gb_bytes=3, dram_bytes=2)
    """
    sums = dict.fromkeys(("dram", "gb", "local"), 0)
    for name, size in moved_bytes.items():
        level = name.partition("_")[0]
        sums[level if level in sums else "local"] += size
    return Counts(macs, sums["local"], sums["gb"], sums["dram"])


def design_bytes(
    gemms: Iterable[Iterable[int]], rows: IntArray, cols: IntArray, dataflows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return (SRAM, DRAM) bytes of (m, k, n, repeats) rows on many arrays, float64 (D,), exact below 2**53.

    ``dataflows`` holds positions in ``DATAFLOWS``.
    """
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


class Usage(NamedTuple):
    """Times and counts of one run, of one entropy gate, or of a mean image; rules charge what they know of.

    Attributes
    ----------
    delay_ms, pl_ms, ps_ms : float
        The whole delay, the array's busy time and the processor's.
    ps_core_ms : float
        Processor time multiplied by the cores that are busy in it.
    macs, sram_bytes, dram_bytes : float
        Multiply-accumulates; bytes written to and read from on-chip memories, and moved to and from DRAM.
    """

    delay_ms: float
    pl_ms: float
    ps_ms: float
    ps_core_ms: float
    macs: float
    sram_bytes: float
    dram_bytes: float


def usage_of(delay_ms: float, pl_ms: float, ps_ms: float, cores: int, counts: Counts) -> Usage:
    """Return the usage of one run; while the processor is busy, all its ``cores`` are."""
    return Usage(delay_ms, pl_ms, ps_ms, ps_ms * cores, counts.macs, counts.sram_bytes, counts.dram_bytes)


def weighted_usage(parts: Iterable[tuple[float, Usage]]) -> Usage:
    """Return the sum of usages, each multiplied by its weight: the usage of a mean image."""
    scaled = [[weight * amount for amount in usage] for weight, usage in parts]
    return Usage(*(sum(amounts) for amounts in zip(*scaled, strict=True)))
