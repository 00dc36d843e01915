"""Engine `dram`: one memory channel that issues commands, for streams of requests or transfer after transfer.

API twin of kernels/dram/channel.py: names become codes, the table of constraints becomes gaps, addresses are checked.
Clocks are DRAM clocks counted from 1; `DramSpec.clocks_per` relates them to other clocks.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pivotsim.engines.dram.arrays import channel_arrays, commands_issued
from pivotsim.errors import InputError, check_choice, check_flag, check_integer, got
from pivotsim.hardware.dram.constraints import COMMANDS, Constraint
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.units import IntArray

MAX_CLOCK = 2**60  # arrivals; what one call can add stays far below the other 2**62
NO_LOG = np.zeros((0, 4), dtype=np.int64)


class Command(NamedTuple):
    """One issued command; ``bank`` counts bank group by bank group, ``row`` is the request's."""

    clock: int
    command: str
    bank: int
    row: int


class Served(NamedTuple):
    """What a stream of requests took.

    ``finish_clocks`` holds the clock of each request's last data beat, int64 (n,); ``total_clocks`` is the last of
    them; ``commands`` the commands in order if asked for, else empty.
    """

    finish_clocks: IntArray
    total_clocks: int
    commands: list[Command]


def serve(
    spec: DramSpec,
    addresses: object,
    is_write: object = False,
    arrival_clocks: object = 0,
    *,
    log: bool = False,
    constraints: Iterable[Constraint] | None = None,
) -> Served:
    """Serve a stream of bursts from closed banks and a refresh counter at 0.

    Parameters
    ----------
    spec : DramSpec
        The channel and its controller.
    addresses : array of int, shape (n,)
        Byte addresses; each request is the one burst that holds its byte.
    is_write : bool or array of bool, shape (n,)
        True for writes.
    arrival_clocks : int or array of int, shape (n,)
        DRAM clocks in which the requests arrive, never falling; commands follow in later clocks.
    log : bool
        Return the issued commands too.
    constraints : iterable of Constraint, optional
        The timing rules, those of the channel's standard by default.

    Returns
    -------
    Served

    Raises
    ------
    InputError
        An address lies outside the channel, or the arrays do not fit each other.

    Examples
    --------
    An isolated read takes 1 + nRCD + nCL + nBL = 1 + 16 + 16 + 4 clocks, its neighbour nCCD_L = 6 more.

    >>> from pivotsim.hardware.dram.spec import load_dram
    >>> serve(load_dram("dram/ddr4_2400"), [0, 64]).finish_clocks.tolist()
    [37, 43]
    """
    from pivotsim.kernels.dram.channel import serve_transfers

    places = np.atleast_1d(_integers("addresses", addresses, 0, spec.capacity_bytes - 1))
    transfers = np.ones((len(places), 6), dtype=np.int64)
    transfers[:, 0] = places
    transfers[:, 4] = _spread("is_write", _flags(is_write), len(places))
    transfers[:, 5] = _spread("arrival_clocks", _integers("arrival_clocks", arrival_clocks, 0, MAX_CLOCK), len(places))
    if np.any(np.diff(transfers[:, 5]) < 0):
        raise InputError("arrival_clocks: must not fall, requests stand in order of arrival")
    wants_log = check_flag("log", log)
    lines = None if constraints is None else tuple(constraints)
    finish = np.zeros(len(places), dtype=np.int64)
    arrays = channel_arrays(spec, lines)
    serve_transfers(arrays, NO_LOG, transfers, finish)
    commands: list[Command] = []
    if wants_log:  # the first run counts the commands, the second notes them
        noted = np.zeros((commands_issued(arrays), 4), dtype=np.int64)
        serve_transfers(channel_arrays(spec, lines), noted, transfers, np.zeros_like(finish))
        commands = [Command(clock, COMMANDS[kind], bank, row) for clock, kind, bank, row in noted.tolist()]
    return Served(finish, int(finish.max(initial=0)), commands)


def _integers(name: str, values: object, least: int, most: int) -> IntArray:
    """Return values as int64, each within bounds."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        raise InputError(f"{name}: must be a vector of integers {got(values)}") from None
    if array.ndim > 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError(f"{name}: must be a vector of integers {got(values)}")
    for extreme in (array.min(), array.max()) if array.size else ():
        check_integer(name, int(extreme), least, most)
    return array.astype(np.int64)


def _flags(values: object) -> IntArray:
    array = np.asarray(values)
    if array.ndim > 1 or (array.size and array.dtype != np.bool_):
        raise InputError(f"is_write: must be true or false, one or a vector {got(values)}")
    return array.astype(np.int64)


def _spread(name: str, values: IntArray, length: int) -> IntArray:
    """Return one value for each request."""
    if values.ndim and len(values) != length:
        raise InputError(f"{name}: must be one value or one for each of the {length} addresses {got(len(values))}")
    return np.broadcast_to(values, (length,))


def earliest_clock(
    spec: DramSpec,
    history: Iterable[Command],
    command: str,
    bank: int = 0,
    constraints: Iterable[Constraint] | None = None,
) -> int:
    """Return the first clock after a history of commands in which the table lets a command follow.

    Parameters
    ----------
    spec : DramSpec
        The channel, whose timing counts here; nothing else does.
    history : iterable of Command
        Issued commands, in order, believed without a check.
    command : str
        One of PRE, PREA, ACT, RD, WR, REF; of some standards REFB, the refresh of one bank.
    bank : int
        Its bank; PREA and REF go to all.
    constraints : iterable of Constraint, optional
        The timing rules, those of the channel's standard by default.

    Returns
    -------
    int

    Raises
    ------
    InputError
        The command or a bank is unknown.

    Examples
    --------
    >>> from pivotsim.hardware.dram.spec import load_dram
    >>> earliest_clock(load_dram("dram/ddr4_2400"), [Command(1, "ACT", 0, 7)], "RD")
    17
    """
    from pivotsim.kernels.dram.channel import ready_clock

    check_choice("command", command, spec.standard.commands)
    noted = np.zeros((0, 4), dtype=np.int64)
    for clock, kind, its_bank, row in history:
        check_choice("history", kind, spec.standard.commands)
        check_integer("history: bank", its_bank, 0, spec.banks - 1)
        noted = np.vstack([noted, [clock, COMMANDS.index(kind), its_bank, row]])
    place = check_integer("bank", bank, 0, spec.banks - 1)
    return int(ready_clock(channel_arrays(spec, constraints), noted, COMMANDS.index(command), place))


class DramChannel:
    """A channel that keeps its banks and its refresh counter from transfer to transfer.

    Parameters
    ----------
    spec : DramSpec
        The channel and its controller.
    constraints : iterable of Constraint, optional
        The timing rules, those of the channel's standard by default.

    Attributes
    ----------
    arrays : Channel
        What ``kernels.dram.serving.serve_tile`` takes, for kernels that serve transfers themselves.

    Examples
    --------
    The second transfer finds its row open: one clock, nCL = 16 and nBL = 4 after it arrives.

    >>> from pivotsim.hardware.dram.spec import load_dram
    >>> channel = DramChannel(load_dram("dram/ddr4_2400"))
    >>> channel.transfer(0, 64), channel.transfer(64, 64, arrival_clock=100)
    (37, 121)
    """

    def __init__(self, spec: DramSpec, constraints: Iterable[Constraint] | None = None) -> None:
        self.spec = spec
        self.arrays = channel_arrays(spec, constraints)

    def reset(self) -> None:
        """Close all banks and start clock and refresh counter at 0, as each GEMM does."""
        from pivotsim.kernels.dram.channel import reset_channel

        reset_channel(self.arrays)

    @property
    def commands_issued(self) -> int:
        """Commands since the last reset."""
        return commands_issued(self.arrays)

    def transfer(
        self,
        address: int,
        row_bytes: int,
        *,
        rows: int = 1,
        pitch_bytes: int | None = None,
        is_write: bool = False,
        arrival_clock: int = 0,
    ) -> int:
        """Serve ``rows`` runs of ``row_bytes``, each ``pitch_bytes`` after the one before.

        Parameters
        ----------
        address, row_bytes, pitch_bytes : int
            Bytes; bursts that a run touches in part are moved whole. The pitch is the run's length by default.
        rows : int
            Number of runs.
        is_write : bool
            Direction of the transfer.
        arrival_clock : int
            DRAM clock; commands follow in later clocks, and after those of earlier transfers.

        Returns
        -------
        int
            The DRAM clock of the last data beat.

        Raises
        ------
        InputError
            A value is out of bounds, or the transfer leaves the channel.
        """
        from pivotsim.kernels.dram.channel import serve_one

        capacity = self.spec.capacity_bytes
        start = check_integer("address", address, 0, capacity - 1)
        length = check_integer("row_bytes", row_bytes, 1, capacity)
        count = check_integer("rows", rows, 1, capacity)
        pitch = length if pitch_bytes is None else check_integer("pitch_bytes", pitch_bytes, 0, capacity)
        arrival = check_integer("arrival_clock", arrival_clock, 0, MAX_CLOCK)
        end = start + (count - 1) * pitch + length
        if end > capacity:
            raise InputError(f"transfer: ends at byte {end}, the channel holds {capacity}")
        return int(serve_one(self.arrays, start, length, count, pitch, int(check_flag("is_write", is_write)), arrival))
