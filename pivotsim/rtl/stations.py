"""Unit operations as the words, eight of 32 bits each, whose table verilog/station/unit_station.v has and reads."""

from collections.abc import Sequence

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
from pivotsim.engines.pl_units.token_dropping import wire_bits

OPERATION_WORDS = 8
WORD = (1 << 32) - 1
FILL, DRAIN, ROWS, SCORE, SHUFFLE = range(5)
UNIT_NUMBERS = {Softmax: 0, Activation: 1, Norm: 2, Addition: 3}
# bit of the Verilog's UNITS -> what is built
UNITS = {"softmax": 1, "activation": 2, "norm": 4, "addition": 8, "tokens": 16}
# of the station's table_select
TABLES = {"operations": 0, "exponentials": 1, "activation": 2, "norm": 3}


def operation_words(operation: UnitOperation, station: Station) -> tuple[int, ...]:
    """Return the eight words of an operation, its lowest bits first.

    Raises
    ------
    InputError
        The station cannot do it.
    """
    check_operation(operation, station)
    words = [0] * OPERATION_WORDS
    if isinstance(operation, Shuffle):
        words[0] = SHUFFLE | (operation.fused_base >= 0) << 7
        words[1:5] = operation.kept, operation.to_base, operation.base, operation.to_pitch
        words[5:8] = operation.pitch, operation.channels, max(operation.fused_base, 0)
        return tuple(words)
    walk = operation.walk if isinstance(operation, Fill | Drain) else rows_walk(operation, station.lanes)
    words[0] = walk.per_clock << 16
    words[3:8] = walk.base, walk.element_step & WORD, walk.run_step & WORD, walk.length, walk.runs
    if isinstance(operation, Fill | Drain):
        words[0] |= (FILL if isinstance(operation, Fill) else DRAIN) | operation.memory << 3 | operation.wide << 4
        words[1:3] = operation.dram_address, operation.size_bytes
    elif isinstance(operation, Score):
        words[0] |= SCORE
        words[1] = operation.patches | operation.heads << 16 | wire_bits(operation.patches) << 24
    else:
        words[0] |= ROWS | UNIT_NUMBERS[type(operation)] << 5
        words[1], words[2], words[4] = _settings(operation)
    return tuple(words)


def _settings(operation: Softmax | Activation | Norm | Addition) -> tuple[int, int, int]:
    """Return words 1, 2 and 4 of an operation on rows."""
    if isinstance(operation, Softmax):
        return operation.row_elements, 0, 0
    if isinstance(operation, Norm):
        low, high = operation.epsilon & WORD, operation.epsilon >> 32
        return operation.inverse | operation.bits << 25, low, high | operation.shift << 24
    if isinstance(operation, Addition):
        return operation.multiplier | operation.shift << 16, operation.branch_base, operation.branch_pitch
    return 0, 0, 0


def pass_words(operations: Sequence[UnitOperation], station: Station) -> list[tuple[int, ...]]:
    """Return the words of all operations of a pass."""
    return [operation_words(operation, station) for operation in operations]
