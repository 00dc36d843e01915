"""The write mover, and the sequencers of loads, drains and passes."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import RECORDED, Curve, SynthesisRow, curve, row_of, rows_of
from pivotsim.hardware.resources.structures.byte_memories import BYTE, banks_of
from pivotsim.hardware.resources.structures.rotators import rotator_luts
from pivotsim.hardware.resources.structures.sizes import OVERLAP, Sizes, Structure, whole

SUM_BYTES = 4  # int32


def write_mover(sizes: Sizes) -> Structure:
    """Count the write mover: rotators, bytes that wait, over how many may, and what requantises, once for each column.

    A row of sums turns word by word into the words that wait, and what is sent turns back.
    """
    one, lanes, cols = row_of("requantise"), np.asarray(sizes.lanes), np.asarray(sizes.cols)
    rest = _waiting_words(waiting_bytes(lanes, cols))
    luts = rest.lut + one.lut * cols + turning_luts(lanes, cols)
    return rest._replace(lut=luts, ff=rest.ff + one.ff * cols)


def turning_luts(lanes: Any, cols: Any) -> Any:
    """Return the LUTs of the write mover's rotators."""
    banks = banks_of(lanes)
    return (-(-SUM_BYTES * np.asarray(cols) // banks) + 1) * rotator_luts(banks, BYTE)


def waiting_bytes(lanes: Any, cols: Any) -> Any:
    """Return the bytes of the words that wait in the write mover.

    The first byte may lie last in its word, what two clocks send, but for one, may wait, and then a row comes.
    """
    banks = banks_of(lanes)
    return -(-(banks + 2 * np.asarray(lanes) + SUM_BYTES * np.asarray(cols) - 2) // banks) * banks


def _waiting_words(waiting: Any) -> Structure:
    luts, ffs = (_waiting(count) for count in ("lut", "ff"))
    lut = whole(luts.at(waiting))
    return Structure("write mover", lut, whole(ffs.at(waiting)), 0 * lut, luts.how(waiting))


@cache
def _waiting(count: str) -> Curve:
    """Return a write mover's count over the bytes that may wait, without its rotators."""

    def alone(row: SynthesisRow) -> tuple[float, float]:
        lanes, cols = row.parameters["LANES"], row.parameters["C"]
        turns = float(turning_luts(lanes, cols)) if count == "lut" else 0.0
        return float(waiting_bytes(lanes, cols)), getattr(row, count) - turns

    return curve(alone(row) for row in rows_of("write mover"))


def sequencers(sizes: Sizes) -> Structure:
    """Count the sequencers: of loads, of drains, and of passes."""
    transfer = row_of("transfer sequencer")
    passes = [[row_of("pass sequencer", os=os, SETTLED=settled) for settled in (0, 1)] for os in (0, 1)]
    codes = (np.asarray(sizes.os), (np.asarray(sizes.overlap) == OVERLAP["settled"]).astype(np.int64))
    lut, ff = (
        2 * getattr(transfer, count) + np.array([[getattr(row, count) for row in rows] for rows in passes])[codes]
        for count in ("lut", "ff")
    )
    return Structure("sequencers", lut, ff, 0 * lut, np.full_like(lut, RECORDED))
