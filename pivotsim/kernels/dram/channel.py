"""A DDR4 channel that issues commands: bursts in, clocks of their last data beats out.

API twin: engines/dram/channel.py.

Clocks are numbered from 1, so a clock also says how many have passed: a request that arrives in clock t can cause
a command from clock t + 1 on, and an isolated read that arrives at 0 ends in clock 1 + nRCD + nCL + nBL.
"""

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.dram.commands import (
    BANKS,
    CLOCK,
    GROUPS,
    SCHEDULER,
    T_ADDRESS,
    T_ARRIVAL,
    T_PITCH,
    T_ROW_BYTES,
    T_ROWS,
    T_WRITE,
    Array,
    Channel,
    earliest,
    issue,
    reset,
)
from pivotsim.kernels.dram.fr_fcfs import serve_fr_fcfs
from pivotsim.kernels.dram.in_order import serve_in_order

IN_ORDER, FR_FCFS = 0, 1
CHANNEL = "UniTuple(int64[:, ::1], 4)"


@kernel(f"void({CHANNEL})")
def reset_channel(channel: Channel) -> None:
    """Close all banks and start clock and refresh counter at 0, as each GEMM does."""
    reset(channel[0], channel[2])


@kernel(f"void({CHANNEL}, int64[:, ::1], int64[:, ::1], int64[::1])")
def serve_transfers(channel: Channel, log: Array, transfers: Array, finish: Array) -> None:
    """Serve transfers in their order of arrival, the queue looking ahead across them.

    ``transfers`` is (n, 6): address, row bytes, rows, pitch bytes, 1 for a write, arrival clock. ``finish`` (n,)
    starts at 0 and gets the clock of each transfer's last data beat. ``log`` (m, 4) gets the first m commands:
    clock, command, bank, row.
    """
    state, gaps, device, queue = channel
    if device[0, SCHEDULER] == IN_ORDER:
        serve_in_order(state, gaps, device, queue, log, transfers, finish)
    else:
        serve_fr_fcfs(state, gaps, device, queue, log, transfers, finish)


@kernel(f"int64({CHANNEL}, int64, int64, int64, int64, int64, int64)")
def serve_tile(
    channel: Channel, address: int, row_bytes: int, rows: int, pitch_bytes: int, is_write: int, arrival: int
) -> int:
    """Serve one transfer of ``rows`` runs of ``row_bytes``; return the clock of its last data beat.

    No command stands in a clock up to ``arrival``, nor before one that an earlier call issued. Banks, ready clocks
    and the refresh counter carry on from call to call.
    """
    queue = channel[3]
    work = len(queue) - 2
    transfers, finish = queue[work : work + 1], queue[work + 1]
    transfers[0, T_ADDRESS], transfers[0, T_ROW_BYTES], transfers[0, T_ROWS] = address, row_bytes, rows
    transfers[0, T_PITCH], transfers[0, T_WRITE], transfers[0, T_ARRIVAL] = pitch_bytes, is_write, arrival
    finish[0] = 0
    serve_transfers(channel, queue[:0], transfers, finish)
    return int(finish[0])


@inlined
def serve_bytes(channel: Channel, address: int, size_bytes: int, is_write: int, arrival: int) -> int:
    """Serve one contiguous transfer; return the clock of its last data beat."""
    return serve_tile(channel, address, size_bytes, 1, size_bytes, is_write, arrival)


@kernel(f"int64({CHANNEL}, int64[:, ::1], int64, int64)")
def ready_clock(channel: Channel, history: Array, command: int, bank: int) -> int:
    """Issue a history of (clock, command, bank, row) and return the first clock in which a command may follow."""
    state, gaps, device, queue = channel
    for i in range(len(history)):
        issue(state, gaps, device, queue[:0], history[i, 1], history[i, 2], history[i, 3], history[i, 0])
    controller = device[0, BANKS] + device[0, GROUPS] + 1
    return int(earliest(state, device, command, bank, state[controller, CLOCK] + 1))
