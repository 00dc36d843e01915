"""Clocks of one matrix multiplication on the serial tile machine.

The result is cut into tiles of tile_rows x (banks * bank_cols). With heads, a bank holds the columns of one head
each, as many heads side by side as there are banks. A tile does, one after the other, with w operand bytes:

    A           one read burst of k w bytes per used row (of each head of the tile)
    B           per bank k read bursts of its columns' bytes; of a transposed B a burst of k w bytes per column
    bias        one read burst of its columns' sums per bank
    multiply    k clocks, mac_fill_clocks once
    post        tile_clocks + element_clocks per used element, of a function
    write back  per bank one write burst per used row
    control     control_clocks a phase, a bias being one more; a bank that a tile leaves unused walks through its B
                and bias phases once more

A read burst of L beats is read_burst_clocks + L * read_beat_clocks, a write burst alike. Matrices are stored row by
row and head after head without gaps, from an aligned address. Nothing is reused: A is read again for each column of
tiles, B for each row of tiles. That an unused bank without a bias walks through one phase alone is inferred.
"""

from dataclasses import dataclass

from pivotsim.engines.serial.bursts import Steps, count_beats
from pivotsim.hardware.kinds.serial import SerialSpec


@dataclass(frozen=True)
class Descriptor:
    """One multiplication as the machine is told: (m, k) times (k, n) for each of ``heads``.

    ``post`` is the function that its results pass, '' for none; ``is_sum`` says that they leave as whole sums.
    """

    m: int
    k: int
    n: int
    heads: int = 1
    post: str = ""
    transposed: bool = False
    has_bias: bool = True
    is_sum: bool = False


@dataclass(frozen=True)
class TileClocks:
    """Clocks of one multiplication by what they are spent on, with its bursts and beats."""

    tiles: int
    read_bursts: int
    read_beats: int
    write_bursts: int
    write_beats: int
    a: int
    b: int
    bias: int
    multiply: int
    post: int
    write_back: int
    control: int
    descriptor: int

    @property
    def total(self) -> int:
        """All clocks, since nothing overlaps."""
        parts = (self.a, self.b, self.bias, self.multiply, self.post, self.write_back, self.control)
        return sum(parts) + self.descriptor


def tile_clocks(work: Descriptor, spec: SerialSpec) -> TileClocks:
    """Return the clocks of a multiplication.

    Parameters
    ----------
    work : Descriptor
        Sizes of at least 1.
    spec : SerialSpec
        The machine.
    """
    m, k, n, heads = work.m, work.k, work.n, work.heads
    width, port = -(-spec.operand_bits // 8), spec.port
    side_by_side = min(spec.banks, heads) if heads > 1 else 1
    row_tiles, blocks = -(-m // spec.tile_rows), heads * -(-n // spec.bank_cols)  # a block is what one bank holds
    if heads > 1:
        col_tiles = -(-n // spec.bank_cols)
        tiles = row_tiles * col_tiles * -(-heads // side_by_side)
    else:
        col_tiles = -(-n // (spec.bank_cols * spec.banks))
        tiles = row_tiles * col_tiles

    def read(bursts: int, beats: int) -> int:
        return bursts * port.read_burst_clocks + beats * port.read_beat_clocks

    a_bursts = m * heads * col_tiles
    a_beats = col_tiles * count_beats(k * width, (Steps(m * k * width, heads), Steps(k * width, m)), port.beat_bytes)
    if work.transposed:
        b_bursts = row_tiles * n * heads
        b_beats = row_tiles * count_beats(
            k * width, (Steps(n * k * width, heads), Steps(k * width, n)), port.beat_bytes
        )
    else:
        b_bursts = row_tiles * blocks * k
        b_beats = row_tiles * _block_beats(work, width, k, spec)
    bias_bursts = row_tiles * blocks * work.has_bias
    bias_beats = row_tiles * _block_beats(work, spec.sum_bytes, 1, spec) * work.has_bias
    out_width = spec.sum_bytes if work.is_sum else width
    write_bursts, write_beats = m * blocks, _block_beats(work, out_width, m, spec)
    post = getattr(spec, work.post) if work.post else None
    unused = (spec.banks * tiles - row_tiles * blocks) * (1 + work.has_bias)
    phases = tiles * (spec.tile_phases + work.has_bias) + unused
    return TileClocks(
        tiles,
        a_bursts + b_bursts + bias_bursts,
        a_beats + b_beats + bias_beats,
        write_bursts,
        write_beats,
        a=read(a_bursts, a_beats),
        b=read(b_bursts, b_beats),
        bias=read(bias_bursts, bias_beats),
        multiply=tiles * k,
        post=tiles * post.tile_clocks + m * n * heads * post.element_clocks if post else 0,
        write_back=write_bursts * port.write_burst_clocks + write_beats * port.write_beat_clocks,
        control=phases * spec.control_clocks + tiles * spec.mac_fill_clocks,
        descriptor=spec.descriptor_clocks,
    )


def _block_beats(work: Descriptor, width: int, rows: int, spec: SerialSpec) -> int:
    """Return the beats of one burst per bank's block and row of a (rows, n) matrix of each head."""
    whole, rest = divmod(work.n, spec.bank_cols)
    outer = (Steps(rows * work.n * width, work.heads), Steps(work.n * width, rows))
    size, beat = spec.bank_cols * width, spec.port.beat_bytes
    beats = count_beats(size, (*outer, Steps(size, whole)), beat)
    return beats + (count_beats(rest * width, outer, beat, whole * size) if rest else 0)
