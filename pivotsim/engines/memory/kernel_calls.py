"""Calls of the memory kernels: the arrays that they work in, and the kernel that knows the DRAM."""

from typing import NamedTuple

import numpy as np

from pivotsim.engines.dram.arrays import channel_arrays
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.kernels.memory.records import RESULT_FIELDS
from pivotsim.kernels.memory.search import CHOSEN_FIELDS
from pivotsim.kernels.memory.steady_state import STATES_SHAPE
from pivotsim.kernels.memory.transfers import ROOM_SHAPE
from pivotsim.kernels.types import Records
from pivotsim.units import IntArray

BOUNDS_KEPT = 512  # candidates of a search whose bounds are worked out once: 16 KiB, more are worked out again


class Work(NamedTuple):
    """Arrays that kernels work in, and what they write: the choice, the result, the bytes moved."""

    room: IntArray
    states: IntArray
    bounds: IntArray
    chosen: IntArray
    result: IntArray
    moved: IntArray


def work_arrays() -> Work:
    """Return the arrays of a search."""
    shapes = (ROOM_SHAPE, STATES_SHAPE, (BOUNDS_KEPT, 4), (CHOSEN_FIELDS,), (RESULT_FIELDS,), (16,))
    return Work(*(np.zeros(shape, dtype=np.int64) for shape in shapes))


def records_of(loads: int, passes: int, drains: int) -> Records:
    """Return room for that many intervals."""
    return Records(*(np.zeros(shape, dtype=np.int64) for shape in ((loads, 7), (passes, 8), (drains, 4))))


def run_designs(
    gemms: IntArray, designs: IntArray, limits: IntArray, dram: IntArray, tasks: IntArray, candidates: IntArray,
    budget: int, is_pruned: bool, is_run: bool, work: Work, records: Records, found: IntArray,
    channel: DramSpec | None,
) -> None:  # fmt: skip
    """Run GEMMs on designs, as ``run_each`` of kernels/memory/found_programs.py; a channel compiles its commands."""
    rows = (gemms, designs, limits, dram, tasks, candidates, budget, is_pruned, is_run)
    written = (work.room, work.states, work.bounds, records, work.chosen, work.result, work.moved, found)
    if channel is None:
        from pivotsim.kernels.memory.entries.with_bandwidth import run_with_bandwidth

        run_with_bandwidth(*rows, *written)
    else:
        from pivotsim.kernels.memory.entries.with_commands import run_with_commands

        run_with_commands(*rows, *written, channel_arrays(channel), channel_arrays(channel))
