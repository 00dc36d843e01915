"""Transfers through a DRAM channel: bursts in, clocks of their last data beats out.

Clocks are numbered from 1, so a clock also says how many have passed: a request that arrives in clock t can cause
a command from clock t + 1 on, and an isolated read that arrives at 0 ends in clock 1 + nRCD + nCL + nBL.
"""

from pivotsim.kernels._jit import part
from pivotsim.kernels.dram.commands import (
    LANES,
    SCHEDULER,
    T_ADDRESS,
    T_ARRIVAL,
    T_PITCH,
    T_ROW_BYTES,
    T_ROWS,
    T_WRITE,
    close_all,
)
from pivotsim.kernels.dram.fr_fcfs import serve_fr_fcfs
from pivotsim.kernels.dram.in_order import serve_in_order
from pivotsim.kernels.types import Array, Channel

IN_ORDER, FR_FCFS = 0, 1


@part
def reset(channel: Channel) -> None:
    """Close all banks and start clock and refresh counter at 0, as each GEMM does."""
    close_all(channel.state, channel.device)


@part
def serve(channel: Channel, log: Array, transfers: Array, finish: Array) -> None:
    """Serve transfers in their order of arrival, see ``serve_transfers`` in channel.py."""
    state, gaps, device, queue = channel
    if state.shape[1] != LANES or gaps.shape[1] != LANES or queue.shape[1] != LANES:  # told, not multiplied by
        raise ValueError("a row of a channel's state, gaps and queue has LANES columns")
    if device[0, SCHEDULER] == IN_ORDER:
        serve_in_order(state, gaps, device, queue, log, transfers, finish)
    else:
        serve_fr_fcfs(state, gaps, device, queue, log, transfers, finish)


@part
def serve_tile(
    channel: Channel, address: int, row_bytes: int, rows: int, pitch_bytes: int, is_write: int, arrival: int
) -> int:
    """Serve one transfer of ``rows`` runs of ``row_bytes``; return the clock of its last data beat.

    No command stands in a clock up to ``arrival``, nor before one that an earlier call issued. Banks, ready clocks
    and the refresh counter carry on from call to call.
    """
    queue = channel.queue
    work = len(queue) - 2
    transfers, finish = queue[work : work + 1], queue[work + 1]
    transfers[0, T_ADDRESS], transfers[0, T_ROW_BYTES], transfers[0, T_ROWS] = address, row_bytes, rows
    transfers[0, T_PITCH], transfers[0, T_WRITE], transfers[0, T_ARRIVAL] = pitch_bytes, is_write, arrival
    finish[0] = 0
    serve(channel, queue[:0], transfers, finish)
    return int(finish[0])
