"""The arrays of a DRAM channel as kernels/dram/channel.py takes them: constraints become gaps, names become codes."""

import functools
from collections.abc import Iterable
from math import ceil, floor

import numpy as np

from pivotsim.hardware.dram.constraints import (
    COLUMN_COMMANDS,
    COMMANDS,
    SCOPES,
    Constraint,
    check_constraints,
    gap_clocks,
)
from pivotsim.hardware.dram.controller import SCHEDULERS
from pivotsim.hardware.dram.spec import DramSpec
from pivotsim.kernels.dram.commands import LANES
from pivotsim.kernels.types import Channel
from pivotsim.units import IntArray


def channel_arrays(spec: DramSpec, constraints: Iterable[Constraint] | None = None) -> Channel:
    """Return a channel's arrays for kernels/dram/channel.py: banks closed, clock and refresh counter at 0.

    Parameters
    ----------
    spec : DramSpec
        The channel and its controller.
    constraints : iterable of Constraint, optional
        The timing rules, those of the channel's standard by default.

    Raises
    ------
    InputError
        A constraint names an unknown command, scope or parameter.
    """
    from pivotsim.kernels.dram.channel import reset_channel

    lines = spec.standard.constraints if constraints is None else tuple(constraints)
    slots = 1 << (2 * max(spec.controller.look_ahead, 1) + spec.banks + 1).bit_length()  # one holds lengths of lists
    state = np.zeros((spec.banks + spec.organisation.bank_groups + 3, LANES), dtype=np.int64)
    queue = np.zeros((slots + 3 * spec.banks + 2, LANES), dtype=np.int64)  # the last two rows are serve_tile's
    gaps = _gaps(lines, tuple(spec.timing_clocks.items()), spec.standard.has_two_command_buses)
    arrays = Channel(state, gaps, _device(spec, slots), queue)
    reset_channel(arrays)
    return arrays


@functools.lru_cache(maxsize=16)
def _gaps(constraints: tuple[Constraint, ...], timing: tuple[tuple[str, int], ...], has_two_buses: bool) -> IntArray:
    """Return the longest gap of each (scope, previous, following), and of the four-activate window; only read."""
    check_constraints(constraints)
    kinds, clocks = len(COMMANDS), dict(timing)
    gaps = np.zeros((3 * kinds + 1, LANES), dtype=np.int64)
    if has_two_buses:  # on one bus alone, no two commands share a clock anyway
        is_column = np.array([command in COLUMN_COMMANDS for command in COMMANDS])
        gaps[2 * kinds : 3 * kinds, :kinds] = is_column[:, None] == is_column
    for line in constraints:
        scope = min(SCOPES.index(line.scope), SCOPES.index("rank"))  # one rank: the channel is the rank
        previous = 3 * kinds if line.nth > 1 else scope * kinds + COMMANDS.index(line.previous)
        following = COMMANDS.index(line.following)
        gaps[previous, following] = max(gaps[previous, following], gap_clocks(line, clocks))
    return gaps


def _device(spec: DramSpec, slots: int) -> IntArray:
    """Return the codes of kernels/dram/commands.py, in its order."""
    timing, controller = spec.timing, spec.controller
    low = {part: lowest for part, lowest, _ in spec.address_fields}
    mask = {part: (1 << bits) - 1 for part, _, bits in spec.address_fields}
    queue = max(controller.look_ahead, 1)
    codes = [
        spec.banks,
        spec.organisation.bank_groups,
        spec.organisation.banks_per_group.bit_length() - 1,
        spec.burst_bytes.bit_length() - 1,
        *(low["row"], mask["row"], low["bank"], mask["bank"], low["bank_group"], mask["bank_group"]),
        timing.nCL + timing.nBL,
        timing.nCWL + timing.nBL,
        int(controller.refresh),
        spec.refresh_clocks,
        SCHEDULERS.index(controller.scheduler),
        controller.look_ahead,
        slots,
        min(floor(controller.write_high_frac * queue) + 1, queue),
        max(ceil(controller.write_low_frac * queue) - 1, 0),
        int(spec.bank_refresh),
        int(spec.standard.has_two_command_buses),
    ]
    return np.array([codes], dtype=np.int64)


def commands_issued(arrays: Channel) -> int:
    """Return the number of commands since the last reset."""
    from pivotsim.kernels.dram.commands import COMMANDS_ISSUED

    controller = -2  # the row before the cursor's
    return int(arrays.state[controller, COMMANDS_ISSUED])
