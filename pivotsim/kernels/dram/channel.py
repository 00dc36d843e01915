"""A DRAM channel that issues commands (API twin: engines/dram/channel.py)."""

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.dram.commands import BANKS, CLOCK, GROUPS, earliest, issue
from pivotsim.kernels.dram.serving import reset, serve, serve_tile
from pivotsim.kernels.types import Array, Channel

TYPES = ((Channel, "int64[:, ::1]"),)


@kernel("void(Channel)", types=TYPES)
def reset_channel(channel: Channel) -> None:
    """Close all banks and start clock and refresh counter at 0."""
    reset(channel)


@kernel("void(Channel, int64[:, ::1], int64[:, ::1], int64[::1])", types=TYPES)
def serve_transfers(channel: Channel, log: Array, transfers: Array, finish: Array) -> None:
    """Serve transfers in their order of arrival, the queue looking ahead across them.

    ``transfers`` is (n, 6): address, row bytes, rows, pitch bytes, 1 for a write, arrival clock. ``finish`` (n,)
    starts at 0 and gets the clock of each transfer's last data beat. ``log`` (m, 4) gets the first m commands:
    clock, command, bank, row.
    """
    serve(channel, log, transfers, finish)


@kernel("int64(Channel, int64, int64, int64, int64, int64, int64)", types=TYPES)
def serve_one(
    channel: Channel, address: int, row_bytes: int, rows: int, pitch_bytes: int, is_write: int, arrival: int
) -> int:
    """Serve one transfer, see ``serve_tile``."""
    return serve_tile(channel, address, row_bytes, rows, pitch_bytes, is_write, arrival)


@kernel("int64(Channel, int64[:, ::1], int64, int64)", types=TYPES)
def ready_clock(channel: Channel, history: Array, command: int, bank: int) -> int:
    """Issue a history of (clock, command, bank, row) and return the first clock in which a command may follow."""
    state, gaps, device, queue = channel
    for i in range(len(history)):
        clock, its_command, its_bank, row = history[i, 0], history[i, 1], history[i, 2], history[i, 3]
        issue(state, gaps, device, queue[:0], its_command, its_bank, row, clock)
    controller = device[0, BANKS] + device[0, GROUPS] + 1
    return int(earliest(state, device, command, bank, state[controller, CLOCK] + 1))
