"""What a unit station of given sizes can do: each operation is checked before it is priced, encoded or run."""

from collections.abc import Iterator

from pivotsim.engines.pl_units.operations import (
    MAX_HEADS,
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
    Walk,
    most_per_clock,
    rows_walk,
)
from pivotsim.errors import InputError

MAX_ADDRESS = (1 << 32) - 1


def check_operation(operation: UnitOperation, station: Station) -> None:
    """Raise an ``InputError`` if a station cannot do an operation: a line for each reason."""
    problems = [*_problems(operation, station)]
    for walk in _walks(operation, station):
        problems += _walk_problems(walk, station)
    if problems:
        name = type(operation).__name__.lower()
        raise InputError(f"{name}: {problem}" for problem in problems)


def _walks(operation: UnitOperation, station: Station) -> Iterator[Walk]:
    """Yield the walks through the memories."""
    if isinstance(operation, Fill | Drain):
        yield operation.walk
    elif isinstance(operation, Shuffle):
        tokens, channels = station.prefix + operation.patches, operation.channels
        yield Walk(operation.base, 1, operation.pitch, channels, tokens, 1)
        yield Walk(operation.to_base, 1, operation.to_pitch, channels, station.prefix + operation.kept, 1)
        if operation.fused_base >= 0:
            yield Walk(operation.fused_base, 1, 0, channels, 1, 1)
    else:
        yield rows_walk(operation, station.lanes)
        if isinstance(operation, Addition):
            branch = operation.branch_base, 1, operation.branch_pitch, operation.row_elements, operation.rows
            yield Walk(*branch, station.lanes)


def _walk_problems(walk: Walk, station: Station) -> Iterator[str]:
    if min(walk.length, walk.runs) < 1:
        yield f"walk: a length and runs of at least 1 are expected (got {walk.length} and {walk.runs})"
        return
    lowest, highest = walk.ends
    if lowest < 0:
        yield f"walk: indices of at least 0 are expected (got {lowest})"
    if highest >= station.words:
        yield f"memory: {station.words} words are too few (got {highest + 1})"


def _problems(operation: UnitOperation, station: Station) -> Iterator[str]:
    """Yield what is wrong beside the walks."""
    lanes = station.lanes
    if isinstance(operation, Fill | Drain):
        most = most_per_clock(operation.walk.element_step, lanes)
        if not 1 <= operation.walk.per_clock <= most:
            yield f"per_clock: 1 to {most} elements lie in different banks (got {operation.walk.per_clock})"
        yield from _outside("dram_address", operation.dram_address, 0, MAX_ADDRESS)
    elif isinstance(operation, Softmax):
        yield from _outside("row_elements", operation.row_elements, lanes, station.max_elements)
    elif isinstance(operation, Norm) and (
        operation.row_elements % lanes or not lanes <= operation.row_elements <= station.max_channels
    ):
        expected = f"a multiple of {lanes}, at most {station.max_channels}, is expected"
        yield f"row_elements: {expected} (got {operation.row_elements})"
    if isinstance(operation, Activation | Norm | Addition) and operation.rows > 1:
        yield from _overlap("pitch", operation.pitch, operation.row_elements)
    if isinstance(operation, Shuffle) and station.comparators & (station.comparators - 1):
        yield f"comparators: a power of two is expected (got {station.comparators})"
    if isinstance(operation, Score | Shuffle):
        yield from _outside("patches", operation.patches, 1, 1 << station.token_bits)
    if isinstance(operation, Score):
        yield from _outside("heads", operation.heads, 1, MAX_HEADS)
    if isinstance(operation, Shuffle):
        yield from _outside("channels", operation.channels, 1, station.max_channels)
        yield from _outside("kept", operation.kept, 0, operation.patches)
        yield from _overlap("to_pitch", operation.to_pitch, operation.channels)


def _outside(name: str, value: int, least: int, most: int) -> Iterator[str]:
    if not least <= value <= most:
        yield f"{name}: {least} to {most} expected (got {value})"


def _overlap(name: str, value: int, length: int) -> Iterator[str]:
    """Yield a problem where rows that are written overlap: which one stays is not defined."""
    if value < length:
        yield f"{name}: at least the {length} elements of a row are expected (got {value})"
