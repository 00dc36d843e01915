"""Clocks of unit passes: what the units do between memories, operation after operation, one at a time.

    fill, drain     the slower of DRAM and port, byte by byte, and DRAM's latency; a drain reads a clock ahead
    rows            beats + the unit's fill + 1
    score           ceil(patches / lanes) + 1
    shuffle         sort, shuffle and normalise of the token-dropping module, one port of ``lanes`` channels

With c(x) = ceil(x * clock_hz / bytes_per_s), the clocks in which DRAM gives or takes x bytes, and G(x) those that the
port takes from byte x on were DRAM never late, a transfer of S bytes takes

    max over x of c(x + 1) - 1 + G(x),  0 <= x < S

because a transfer that waits for DRAM goes on as the port can from where it stands. The port cuts at the end of a run.
A fill's next bytes are counted from where it stands; a drain's groups lie where they lie, so that a group which DRAM
took in part needs a clock for its rest. Rules 89 to 97 of tests/oracles/memory/rules.md; proved against Verilog.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pivotsim.engines.pl_units.operation_checks import check_operation
from pivotsim.engines.pl_units.operations import (
    Activation,
    Addition,
    Drain,
    Fill,
    Norm,
    Score,
    Shuffle,
    Softmax,
    Station,
    UnitOperation,
    rows_walk,
)
from pivotsim.engines.pl_units.token_dropping import sort_cycles
from pivotsim.engines.pl_units.written_fills import DIVIDE_CYCLES, written_fill_cycles

READ_CYCLES = 1  # of the station's memories


class DramPort(NamedTuple):
    """DRAM as passes see it: a rate (None: no limit) and a latency in each direction, clocks of ``clock_hz``."""

    bytes_per_s: int | None
    clock_hz: int
    read_latency_cycles: int = 0
    write_latency_cycles: int = 0

    def clocks_of(self, size_bytes: int) -> int:
        """Return the clocks in which so many bytes, at least 1, come or go: at least 1."""
        return 1 if self.bytes_per_s is None else -(-size_bytes * self.clock_hz // self.bytes_per_s)


def pass_cycles(operations: Sequence[UnitOperation], station: Station, dram: DramPort) -> int:
    """Return the clocks of a unit pass, from the one after its start to its last."""
    return sum(operation_cycles(operation, station, dram) for operation in operations)


def operation_cycles(operation: UnitOperation, station: Station, dram: DramPort) -> int:
    """Return the clocks of one operation; the next one begins in the clock after.

    Parameters
    ----------
    operation : Fill, Drain, Softmax, Activation, Norm, Addition, Score or Shuffle
    station : Station
    dram : DramPort

    Raises
    ------
    InputError
        The station cannot do the operation.

    Examples
    --------
    ceil(64 / 8) clocks of the port against ceil(64 / 4) of DRAM, and the latency:

    >>> from pivotsim.engines.pl_units.operations import Walk
    >>> station = Station(lanes=8, port_bytes=16, words=1024, max_elements=16, max_channels=16)
    >>> load = Fill(0, 0, 0, Walk(base=0, element_step=1, run_step=8, length=8, runs=8, per_clock=8))
    >>> operation_cycles(load, station, DramPort(4 * 10**8, 10**8, read_latency_cycles=5))
    21

    4 rows of 16 in beats of 8, 2 * 3 + 13 clocks until the first answer, and one of the memory:

    >>> operation_cycles(Softmax(0, 4, 16), station, DramPort(None, 1))
    28
    """
    check_operation(operation, station)
    if isinstance(operation, Fill):
        return dram.read_latency_cycles + _fill_cycles(operation, station, dram)
    if isinstance(operation, Drain):
        return READ_CYCLES + _drain_cycles(operation, station, dram) + dram.write_latency_cycles
    if isinstance(operation, Score):
        return -(-operation.patches // station.lanes) + READ_CYCLES
    if isinstance(operation, Shuffle):
        blocks = -(-operation.channels // station.lanes)
        sort = sort_cycles("bitonic", operation.patches, station.comparators)
        return sort + blocks * (station.prefix + operation.patches) + blocks + DIVIDE_CYCLES
    walk = rows_walk(operation, station.lanes)
    return walk.runs * -(-walk.length // station.lanes) + _unit_fill(operation, station) + READ_CYCLES


def _unit_fill(operation: Softmax | Activation | Norm | Addition, station: Station) -> int:
    if isinstance(operation, Softmax):
        return written_fill_cycles("softmax", station.lanes, station.max_elements)
    if isinstance(operation, Norm):
        return written_fill_cycles("layer_norm", station.lanes, station.max_channels)
    return written_fill_cycles("activation" if isinstance(operation, Activation) else "residual_add", station.lanes)


def _sizes(operation: Fill | Drain, clock_bytes: int) -> tuple[int, int, int]:
    """Return runs, bytes of a run, and clocks that the port takes for one."""
    run_bytes = operation.walk.length * (1 + operation.wide)
    return operation.walk.runs, run_bytes, -(-run_bytes // clock_bytes)


def _fill_cycles(operation: Fill, station: Station, dram: DramPort) -> int:
    """Return max over x of c(x + 1) - 1 + G(x), G(x) counted from where a run stands.

    G falls by 1 behind the byte that leaves whole clocks to the run's end. From run to run G falls by a whole number,
    and c grows by one that differs by 1 at most: the maximum lies in the first or the last run, and so within a run.
    """
    clock_bytes = min(station.port_bytes, operation.walk.per_clock * (1 + operation.wide))
    runs, run_bytes, run_clocks = _sizes(operation, clock_bytes)
    return max(
        dram.clocks_of((run + 1) * run_bytes - (left - 1) * clock_bytes) - 1 + (runs - 1 - run) * run_clocks + left
        for run in {0, runs - 1}
        for left in {1, run_clocks}
    )


def _drain_cycles(operation: Drain, station: Station, dram: DramPort) -> int:
    """Return max over x of c(x + 1) - 1 + G(x), G(x) counted in groups from a run's beginning, of whole elements."""
    element_bytes = 1 + operation.wide
    group_bytes = min(station.port_bytes // element_bytes, operation.walk.per_clock) * element_bytes
    runs, run_bytes, run_clocks = _sizes(operation, group_bytes)
    return max(
        dram.clocks_of(run * run_bytes + min((group + 1) * group_bytes, run_bytes)) - 1
        + (runs - run) * run_clocks - group
        for run in {0, runs - 1}
        for group in {0, max(run_clocks - 2, 0), run_clocks - 1}
    )  # fmt: skip
