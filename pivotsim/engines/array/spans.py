"""Spans of a GEMM on a stall-free array, for timelines: clocks on the tracks load, stream and drain."""

from collections.abc import Iterator

import numpy as np

from pivotsim.engines.array.folds import fold_times
from pivotsim.engines.array.one_gemm import gemm_folds
from pivotsim.engines.base import Span
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask

MAX_LISTED_FOLDS = 10**6  # of one GEMM; the times of more are not worked out for a picture


def fold_spans(
    m: int, k: int, n: int, array: ArraySpec, per_fold: bool = True, mask: Mask | None = None, copy: int = 0
) -> Iterator[Span]:
    """Yield load, stream and drain of a stall-free array, each on a track of its own.

    load     held operands move in, Sr clocks a fold (not where sums stay)
    stream   operands enter the first row, T clocks
    drain    from the last operand's entry to the last output: skew, MAC latency, the shift-out of sums that stay

    Folds that are in one phase at a time, as drains of overlapped folds are, share a span.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    array : ArraySpec
    per_fold : bool
        Else one span per phase, from its first clock to its last.
    mask : Mask, optional
        Folds count without those that need nothing.
    copy : int
        Which of the mask's copies.
    """
    if gemm_folds(m, k, n, array.rows, array.cols, array.dataflow) > MAX_LISTED_FOLDS:
        return
    times = fold_times(m, k, n, array, mask, copy)
    start, end = times.start_cycle, times.end_cycle + 1
    streamed = start + times.stream_cycles
    if not DATAFLOW[array.dataflow].drains:
        yield from merged("load", times.load_cycle, times.load_cycle + times.load_cycles, per_fold)
    yield from merged("stream", start, streamed, per_fold)
    yield from merged("drain", streamed, end, per_fold)


def merged(track: str, start: IntArray, end: IntArray, per_fold: bool) -> Iterator[Span]:
    """Yield one span per fold, or per run of folds that overlap; none of no length."""
    if not len(start):
        return
    reach = np.maximum.accumulate(end)
    apart = np.concatenate(([True], start[1:] >= reach[:-1]))
    first = np.flatnonzero(apart)
    if not per_fold:
        first = np.array([0])
    last = np.concatenate((first[1:], [len(start)])) - 1
    for a, b, begin, stop in zip(
        first.tolist(), last.tolist(), start[first].tolist(), reach[last].tolist(), strict=True
    ):
        if stop > begin:
            yield Span(track, a + 1, b + 1, begin, stop)
