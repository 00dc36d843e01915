"""Columns of the array, all or a part of them, from the first clock to the last.

Nothing comes to a column from its right, and the sequencer takes nothing from the PEs: with one of its own, the right
half of an array needs only to know where it lies. So the halves run side by side, and no clock is waited for. Each runs
in slices, so that a long run can report and be stopped.
"""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from pivotsim.kernels.pe import sequencer as places
from pivotsim.kernels.pe.clock import advance
from pivotsim.units import IntArray

SLICE_PE_CLOCKS, SLICE_CLOCKS = 10**9, 10**6  # about a quarter of a second, of large arrays and of small ones
_progress = logging.getLogger("pivotsim.progress")


class Columns:
    """The registers of some columns, and the sequencer that they see.

    Parameters
    ----------
    config : Config
        The array, and its columns here.
    folds, streams, x_source, y_source, out, digests, activity
        As in ``kernels.pe.clock.advance``; shared by the parts of an array, which write to columns of their own.
    limit : int
        Clocks after which it gives up.
    clocks : int
        How many are expected, to report.
    """

    def __init__(
        self, config: places.Config, folds: IntArray, streams: IntArray, x_source: Any, y_source: Any, out: Any,
        digests: Any, activity: Any, limit: int, clocks: int,
    ) -> None:  # fmt: skip
        rows, width, span = config.rows, config.width, config.span
        pes, registers = rows * width, config.mac_registers
        state = np.zeros(places.STATES, dtype=np.int64)
        state[[places.AT, places.X_AT]] = span, span * config.packing
        state[[places.Y_AT, places.P_AT]] = span * width
        state[[places.IDLE, places.SENT_ROWS, places.SENT_COLS]] = 1
        long_ago = -4 * (rows + config.cols + registers + 1)
        state[[
            places.X_SENT, places.Y_SENT, places.FIRST_SENT, places.LAST_SENT, places.TOKEN_SENT, places.TAG_SENT
        ]] = long_ago  # fmt: skip
        self.times = np.full((3, len(folds)), -1, dtype=np.int64)
        self.first, self._state, self._limit, self._expected = config.first, state, limit, clocks
        self._piece = max(1, min(SLICE_CLOCKS, SLICE_PE_CLOCKS // pes))
        self._arrays: tuple[Any, ...] = (
            config, state, np.zeros((places.LINES, span + 2 * rows + config.cols + registers + 2), dtype=np.int64),
            folds, streams, x_source, y_source,
            np.zeros(span * config.packing + pes, dtype=np.int8), np.zeros(span * width + pes, dtype=np.int8),  # x, y
            np.zeros(pes, dtype=np.int8), np.zeros(pes, dtype=np.int8),  # s, b
            np.zeros(span * width + pes, dtype=np.int32), np.zeros(pes, dtype=np.int32), np.zeros(pes, dtype=np.int32),
            np.zeros((registers, pes), dtype=np.int16), out, np.zeros(width, dtype=np.int64), *self.times, digests,
            activity,
        )  # fmt: skip

    def run(self, name: str, stopped: threading.Event) -> None:
        """Run all clocks; the leftmost columns report those of a GEMM called ``name``."""
        state, piece, expected = self._state, self._piece, self._expected
        began = reported = time.monotonic()
        while state[places.FOLDS_ENDED] < self.times.shape[1]:
            done = int(state[places.CLOCK])
            if done == self._limit:
                raise RuntimeError(f"the last fold did not end within {self._limit} clocks")
            if stopped.is_set():
                raise RuntimeError("stopped")
            advance(*(*self._arrays, min(piece, self._limit - done)))
            now = time.monotonic()
            if self.first == 0 and now - reported > 1 and done + piece < expected:
                reported = now
                left_s = (now - began) * (expected - done - piece) / (done + piece)
                _progress.info("%s: %d of %d clocks, %.0f s left", name, done + piece, expected, left_s)


def run_side_by_side(parts: Sequence[Columns], name: str, stopped: threading.Event) -> None:
    """Run the parts of an array, each in a thread of its own if there are several; ``stopped`` ends them all."""
    if len(parts) == 1:
        parts[0].run(name, stopped)
        return
    with ThreadPoolExecutor(len(parts)) as threads:
        try:
            list(threads.map(lambda part: part.run(name, stopped), parts))
        except BaseException:  # Ctrl-C comes here, and threads are waited for
            stopped.set()
            raise
