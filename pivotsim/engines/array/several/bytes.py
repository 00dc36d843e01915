"""Bytes that dense GEMMs move under vectors of designs, some of several arrays: the sum over what each array runs."""

from itertools import product
from typing import Any

import numpy as np

from pivotsim.engines.array.bytes_dense import design_bytes, gemm_bytes
from pivotsim.engines.array.many_designs import splits_per_design
from pivotsim.hardware.dataflows import DATAFLOW, SPLIT_DIMENSION, SPLITS
from pivotsim.kernels.types import DesignColumns
from pivotsim.units import FloatArray, IntArray


def bytes_per_design(gemms: IntArray, designs: DesignColumns) -> tuple[FloatArray, FloatArray]:
    """Return (SRAM, DRAM) bytes of GEMMs on each design, float64 (D,), exact below 2**53.

    ``gemms`` are (G, 7) rows as in ``Trace.gemms_with_bits``.
    """
    several = designs.array_count > 1
    if not several.any():
        return design_bytes(gemms.tolist(), designs)
    sram, dram = np.zeros(len(several)), np.zeros(len(several))
    sram[~several], dram[~several] = design_bytes(gemms.tolist(), _some(designs, ~several))
    sram[several], dram[several] = _of_several(gemms, _some(designs, several))
    return sram, dram


def _of_several(gemms: IntArray, designs: DesignColumns) -> tuple[FloatArray, FloatArray]:
    codes, dataflows = splits_per_design(gemms[:, [0, 1, 2, 6]], designs), designs.dataflow
    rows, cols, count = (each.astype(np.float64) for each in (designs.rows, designs.cols, designs.array_count))
    sram, dram = np.zeros(len(rows)), np.zeros(len(rows))
    for code, (dataflow, (split, dimension)) in enumerate(product(DATAFLOW, SPLIT_DIMENSION.items())):
        is_own = dataflows == code // len(SPLIT_DIMENSION)
        for (m, k, n, *bits, repeats), taken in zip(gemms.tolist(), codes, strict=True):
            here = np.flatnonzero(is_own & (taken == SPLITS.index(split)))
            if not len(here):
                continue
            sizes: dict[str, Any] = {"m": m, "k": k, "n": n}
            for arrays, share in [(1.0, sizes)] if dimension is None else _shares(sizes, dimension, count[here]):
                local, buffer, outside = gemm_bytes((*share.values(), *bits), rows[here], cols[here], dataflow)
                sram[here] += repeats * arrays * (local + buffer)
                dram[here] += repeats * arrays * outside
    return sram, dram


def _shares(sizes: dict[str, Any], dimension: str, count: FloatArray) -> list[tuple[Any, dict[str, Any]]]:
    """Return (how many arrays, sizes) of the larger and the smaller share, none of nothing, in vectors."""
    share, more = np.divmod(float(sizes[dimension]), count)
    small = np.where(share > 0, count - more, 0.0)
    return [(arrays, {**sizes, dimension: own}) for arrays, own in ((more, share + 1), (small, share))]


def _some(designs: DesignColumns, chosen: Any) -> DesignColumns:
    return DesignColumns(*(np.ascontiguousarray(column[chosen]) for column in designs))
