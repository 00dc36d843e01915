"""ViTCoD's accounting, clock by clock: loads token by token, PE columns that take work until none is left."""

from fractions import Fraction

PE_COLUMNS = 64
DECODER_LOADS = 3


def preload(tokens: int, dense: int) -> int:
    """Q and K of the denser part, then of the sparser one, each with the decoder's weights once; V takes two clocks."""
    clocks = 0
    for loads in (dense, tokens, tokens - dense):  # K of the global keys, Q, K of the others
        clocks += 1
        for _ in range(loads):
            clocks += 1
    for _ in range(tokens):
        clocks += 2
    return clocks


def columns(tokens: int, dense: int, rest: int) -> tuple[int, int]:
    """PE columns of both parts: hand them to the denser part while it has no more than its share."""
    denser = 0
    while (denser + 1) * (dense * tokens + rest) <= PE_COLUMNS * dense * tokens:
        denser += 1
    return denser, PE_COLUMNS - denser


def rounds(work: int, lanes: int) -> int:
    """Clocks in which ``lanes`` pieces of work leave at a time."""
    clocks = 0
    while work > 0:
        work -= lanes
        clocks += 1
    return clocks


def sddmm(tokens: int, heads: int, dense: int, rest: int) -> tuple[int, int]:
    """Head after head; in the denser part key after key."""
    denser, sparser = columns(tokens, dense, rest)
    return (
        sum(rounds(tokens, denser) for _ in range(heads) for _ in range(dense)),
        sum(rounds(rest, sparser) for _ in range(heads)),
    )


def spmm(tokens: int, heads: int, head_width: int, dense: int, rest: int) -> tuple[int, int]:
    """Each part's 64-MAC columns, shared by the heads."""
    denser, sparser = columns(tokens, dense, rest)
    return (
        rounds(tokens * head_width * dense, denser * PE_COLUMNS // heads),
        rounds(rest * head_width, sparser * PE_COLUMNS // heads),
    )


BYTES_PER_CLOCK = Fraction("76.8") * 2**30 / 500_000_000


def load(size_bytes: int, rate: Fraction) -> int:
    """Clocks in which DRAM brings so many bytes."""
    clocks, left = 0, Fraction(size_bytes)
    while left > 0:
        left -= rate
        clocks += 1
    return clocks


def linear_preload(tokens: int, heads: int, head_width: int) -> int:
    """ViT_FFN.py, one layer: weights of Q, K and V row by row, the decoder's, tokens of Q and K, of V, projection's."""
    width, clocks = heads * head_width, 0
    for _ in range(width):
        clocks += load(heads * width, BYTES_PER_CLOCK)
    for _ in range(2):
        clocks += load(heads, BYTES_PER_CLOCK / 2)
    for _ in range(tokens):
        clocks += 2 * load(head_width, BYTES_PER_CLOCK / 2)
        clocks += load(head_width, BYTES_PER_CLOCK / 3)
    columns = 8 * PE_COLUMNS // heads
    whole = 0
    while (whole + 1) * columns <= tokens:
        whole += 1
    for _ in range(whole * width):
        clocks += load(head_width, BYTES_PER_CLOCK / 3)
    return clocks
