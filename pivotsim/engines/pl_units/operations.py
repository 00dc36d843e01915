"""What the units do between memories: operations of the unit station, one after the other.

    DRAM -> FILL -> memory A or B -> a unit, results in place into A -> DRAIN -> DRAM

Both memories have ``lanes`` banks of words of 16 bits: element i lies in bank i mod lanes, so that neighbours never
meet in a bank. A tensor lies there as its operations say: a base, and steps from row to row and element to element.
"""

import math
from typing import NamedTuple, TypeAlias

A, B = 0, 1  # memories
WORD_BYTES = 2  # of a memory
MAX_OPERATIONS = 4096  # of a pass: as many as the table of the station holds
MAX_LANES = 16  # LayerNorm has constants of 48 bits an element, and registers hold 1,024 bits
MAX_HEADS = 32  # whose scores of at most 127 sum up in 12 bits


class Station(NamedTuple):
    """A unit station as it is built.

    Attributes
    ----------
    lanes : int
        Elements a clock of every unit, and banks of a memory: a power of two, 2 to 16 in a layer program.
    port_bytes : int
        Bytes a clock from and to DRAM at most, at least 2.
    words : int
        16-bit words of each memory, a multiple of ``lanes``.
    max_elements, max_channels : int
        Of the longest row of softmax, and of LayerNorm; a token that is kept or dropped has as many channels at most.
    token_bits, comparators, prefix : int
        Token dropping: at most 2^token_bits tokens beside the prefix, and its sorter's comparators, a power
        of two.
    """

    lanes: int
    port_bytes: int
    words: int
    max_elements: int = 256
    max_channels: int = 384
    token_bits: int = 8
    comparators: int = 64
    prefix: int = 1

    @property
    def memory_bytes(self) -> int:
        """Bytes of one memory."""
        return WORD_BYTES * self.words


class Walk(NamedTuple):
    """Element j of run r has the index base + r * run_step + j * element_step; ``per_clock`` of a run go in a clock."""

    base: int
    element_step: int
    run_step: int
    length: int
    runs: int
    per_clock: int

    @property
    def ends(self) -> tuple[int, int]:
        """The lowest and the highest index; steps may be negative."""
        ways = (self.runs - 1) * self.run_step, (self.length - 1) * self.element_step
        return self.base + sum(min(way, 0) for way in ways), self.base + sum(max(way, 0) for way in ways)


class Fill(NamedTuple):
    """Bytes of DRAM, one after the other, into elements of a walk: int16, or int8 that are extended by their sign."""

    memory: int
    wide: int  # int16
    dram_address: int
    walk: Walk

    @property
    def size_bytes(self) -> int:
        """Bytes of the transfer."""
        return self.walk.length * self.walk.runs * (1 + self.wide)


class Drain(NamedTuple):
    """Elements of a walk to bytes of DRAM, one after the other: int16, or their low bytes."""

    memory: int
    wide: int
    dram_address: int
    walk: Walk

    @property
    def size_bytes(self) -> int:
        """Bytes of the transfer."""
        return self.walk.length * self.walk.runs * (1 + self.wide)


class Softmax(NamedTuple):
    """Rows of A, one behind the other without gaps."""

    base: int
    rows: int
    row_elements: int


class Activation(NamedTuple):
    """Rows of A, ``pitch`` from one to the next, through the table."""

    base: int
    rows: int
    row_elements: int
    pitch: int


class Norm(NamedTuple):
    """Rows of A through LayerNorm, whose constants of a row's length are here; those of its channels are in a table."""

    base: int
    rows: int
    row_elements: int
    pitch: int
    bits: int
    inverse: int
    epsilon: int
    shift: int


class Addition(NamedTuple):
    """Rows of A, the stream, and rows of B, brought to its scale and added to them."""

    base: int
    rows: int
    row_elements: int
    pitch: int
    branch_base: int
    branch_pitch: int
    multiplier: int
    shift: int


class Score(NamedTuple):
    """Probabilities of the patches, a row of A, from one of ``heads`` heads; all of them come before the shuffle."""

    base: int
    patches: int
    heads: int


class Shuffle(NamedTuple):
    """Tokens of A: those of the prefix and the ``kept`` patches with the highest scores into B, these by rank.

    ``fused_base``: the index in B of the token that the others become; -1 where it is not wanted.
    """

    base: int
    pitch: int
    channels: int
    patches: int
    kept: int
    to_base: int
    to_pitch: int
    fused_base: int = -1


Rows: TypeAlias = Softmax | Activation | Norm | Addition
UnitOperation: TypeAlias = Fill | Drain | Rows | Score | Shuffle


def rows_walk(operation: Rows | Score, lanes: int) -> Walk:
    """Return the walk of an operation over rows of A, a beat a clock."""
    if isinstance(operation, Softmax):
        return Walk(operation.base, 1, 0, operation.rows * operation.row_elements, 1, lanes)
    if isinstance(operation, Score):
        return Walk(operation.base, 1, 0, operation.patches, 1, lanes)
    return Walk(operation.base, 1, operation.pitch, operation.row_elements, operation.rows, lanes)


def most_per_clock(element_step: int, lanes: int) -> int:
    """Return how many elements in a row, ``element_step`` apart, lie in different banks.

    >>> [most_per_clock(step, 16) for step in (1, 197, 196, 0)]
    [16, 16, 4, 1]
    """
    return lanes // math.gcd(element_step, lanes)
