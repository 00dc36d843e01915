"""The write mover, and the sequencers of loads, drains and passes."""

from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import RECORDED, SynthesisRow, row_of
from pivotsim.hardware.resources.structures.sizes import OVERLAP, Sizes, Structure, on_curve


def write_mover(sizes: Sizes) -> Structure:
    """Count the write mover: bytes that wait, over how many may; and what requantises a column, once for each."""
    one, cols = row_of("requantise"), np.asarray(sizes.cols)
    rest = on_curve("write mover", _waiting(sizes.lanes, cols), "write mover", _waits)
    return rest._replace(lut=rest.lut + one.lut * cols, ff=rest.ff + one.ff * cols)


def _waiting(lanes: Any, cols: Any) -> Any:
    """Return the bytes that may wait in the write mover: what two clocks send, and a word of every column."""
    return 2 * np.asarray(lanes) + 4 * np.asarray(cols)


def _waits(row: SynthesisRow) -> float:
    return float(_waiting(row.parameters["LANES"], row.parameters["C"]))


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
