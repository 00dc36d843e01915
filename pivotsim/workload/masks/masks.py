"""Masks: which blocks of a GEMM's operand, or which elements of its result, are kept.

A multiply-accumulate (m, k, n) is needed where the mask keeps its element: of the (m, k) operand `a`, of the (k, n)
operand `b` (weights), or of the (m, n) result `out` (attention scores that are not asked for).
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from pivotsim.errors import InputError, check_choice, check_integer, check_real, got, got_elements, got_shape

Operand = Literal["a", "b", "out"]
OPERANDS = ("a", "b", "out")
Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
FLAGS = "true and false, or the integers 1 and 0"  # what a mask says of each block
MAX_DRAWN_BLOCKS = 2**26  # of all copies of one mask: hashing and choosing takes 1.5 GiB
_BLOCKS_AT_ONCE = 2**20  # copies are drawn together up to so many
_KEY = re.compile(r"block=([0-9]{1,19}),seed=([0-9]{1,19})(?:,operand=(a|b|out))?(?:,count=([0-9]{1,19}))?")


@dataclass(frozen=True)
class Draw:
    """How a mask is drawn: all that a trace has to say of it; ``density`` is the kept share of the blocks."""

    block: int
    density: float
    seed: int
    operand: Operand = "b"
    count: int = 1

    @property
    def key(self) -> str:
        """The text by which a trace's mask_key names the mask; density stands in a column of its own."""
        operand = "" if self.operand == "b" else f",operand={self.operand}"
        return f"block={self.block},seed={self.seed}{operand}" + ("" if self.count == 1 else f",count={self.count}")


def draw_of(key: str, density: float) -> Draw | None:
    """Return what a trace's mask_key says of a drawn mask; None where it names another one.

    >>> draw_of("block=16,seed=7", 0.5)
    Draw(block=16, density=0.5, seed=7, operand='b', count=1)
    """
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return Draw(int(match[1]), density, int(match[2]), match[3] or "b", int(match[4] or 1))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Mask:
    """Kept blocks of a matrix of ``height`` x ``width`` elements, in ``block`` x ``block`` pieces, cut at the edges.

    ``kept`` is bool (count, ceil(height / block), ceil(width / block)), read-only; repeat i of a GEMM (a head) uses
    copy i % count. ``origin`` says where it comes from, ``draw`` how it was drawn, None where it was given. Two masks
    are equal where their ``digest`` is.
    """

    operand: Operand
    height: int
    width: int
    block: int
    kept: Flags
    origin: str = ""
    draw: Draw | None = None

    def __post_init__(self) -> None:
        check_choice("operand", self.operand, OPERANDS)
        for name in ("height", "width", "block"):
            check_integer(name, getattr(self, name), 1)
        stated = kept = as_flags("mask", self.kept)
        kept = kept[None] if kept.ndim == 2 else kept
        blocks = (-(-self.height // self.block), -(-self.width // self.block))
        if kept.ndim != 3 or kept.shape[1:] != blocks or not kept.shape[0]:
            wanted = f"{blocks[0]}x{blocks[1]} blocks of {self.block} of a {self.height}x{self.width} matrix"
            raise InputError(f"mask: must have {wanted} {got_shape(stated.shape)}")
        kept = np.array(kept, dtype=np.bool_, order="C")
        kept.setflags(write=False)
        object.__setattr__(self, "kept", kept)

    @property
    def count(self) -> int:
        """Copies, for the repeats of a GEMM."""
        return int(self.kept.shape[0])

    @cached_property
    def block_heights(self) -> Any:
        """Elements that each block row covers, int64."""
        return np.minimum(self.block, self.height - np.arange(0, self.height, self.block))

    @cached_property
    def block_widths(self) -> Any:
        """Elements that each block column covers, int64."""
        return np.minimum(self.block, self.width - np.arange(0, self.width, self.block))

    @cached_property
    def kept_elements(self) -> tuple[int, ...]:
        """Kept elements of each copy."""
        per_row = self.kept @ self.block_widths
        return tuple(int(v) for v in per_row @ self.block_heights)

    @cached_property
    def kept_blocks(self) -> tuple[int, ...]:
        """Kept blocks of each copy."""
        return tuple(int(v) for v in self.kept.sum(axis=(1, 2)))

    @property
    def density(self) -> float:
        """Kept share of all elements of all copies."""
        return sum(self.kept_elements) / (self.count * self.height * self.width)

    @cached_property
    def digest(self) -> str:
        """Hash of everything but where it comes from."""
        head = f"{self.operand} {self.height} {self.width} {self.block} {self.kept.shape}".encode()
        return hashlib.sha256(head + np.packbits(self.kept).tobytes()).hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def elements(self, copy: int = 0) -> Flags:
        """Return one copy element by element, bool (height, width)."""
        whole = self.kept[copy].repeat(self.block_heights, axis=0).repeat(self.block_widths, axis=1)
        return np.asarray(whole, dtype=np.bool_)

    def matches(self, m: int, k: int, n: int) -> bool:
        """Whether the mask has the shape of its operand in an m x k x n GEMM."""
        return (self.height, self.width) == {"a": (m, k), "b": (k, n), "out": (m, n)}[self.operand]

    def macs(self, m: int, k: int, n: int, repeats: int = 1) -> int:
        """Multiply-accumulates that are left of an m x k x n GEMM with its repeats."""
        return sum(times * self.macs_of_copy(m, k, n, copy) for copy, times in copies_run(self, repeats).items())

    def macs_of_copy(self, m: int, k: int, n: int, copy: int) -> int:
        """Multiply-accumulates that one copy leaves of an m x k x n GEMM."""
        return {"a": n, "b": m, "out": k}[self.operand] * self.kept_elements[copy]


INDEX_BYTES = 2  # a kept block's place among the blocks of its row, where engines move masked operands


def copies_run(mask: Mask | None, repeats: int) -> dict[int, int]:
    """Return how often a GEMM of ``repeats`` runs each copy of its mask: repeat i runs copy i % count."""
    if mask is None:
        return {0: repeats}
    rounds, rest = divmod(repeats, mask.count)
    return {copy: rounds + (copy < rest) for copy in range(min(mask.count, repeats))}


def share_text(share: float) -> str:
    """Return a share of the elements as text of three digits, which is 1 for all of them alone.

    >>> share_text(0.94693), share_text(0.5), share_text(0.99999), share_text(1.0)
    ('0.947', '0.5', 'more than 0.999', '1')
    """
    return "more than 0.999" if 0.9995 <= share < 1 else f"{share:.3g}"


def as_array(place: str, value: object) -> Any:
    """Return a value as an array, or raise InputError where it is none."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        raise InputError(f"{place}: must be an array, its rows of one length {got(value)}") from None


def as_flags(place: str, value: object) -> Flags:
    """Return an array of true and false, or of the integers 1 and 0, as bool; raise InputError for another one."""
    array = as_array(place, value)
    if array.dtype == np.bool_:
        return np.asarray(array)
    if array.dtype.kind not in "iu":
        cast = "; .astype(bool) turns 0.0 and 1.0 into them" if array.dtype.kind == "f" else ""
        raise InputError(f"{place}: must hold {FLAGS} {got_elements(array.dtype)}{cast}")
    other = array[(array != 0) & (array != 1)]
    if other.size:
        raise InputError(f"{place}: must hold {FLAGS} {got(other.flat[0].item())}")
    return np.asarray(array, dtype=np.bool_)


def drawn_mask(
    height: int, width: int, *, block: int, density: float, seed: int, operand: Operand = "b", count: int = 1
) -> Mask:
    """Return a random mask that keeps round(density * blocks) blocks of each copy (half up), every choice as likely.

    Kept are the blocks with the smallest hash of (seed, copy, place), so that a mask of higher density holds every
    block of one of lower density with the same seed, on every machine and in every version.

    Parameters
    ----------
    height, width : int
        Elements of the matrix.
    block : int
        Rows and columns of a block.
    density : float
        Kept share of the blocks, 0 to 1.
    seed : int
        Which mask it is, from 0.
    operand : {'a', 'b', 'out'}
        The matrix of a GEMM that is masked.
    count : int
        Copies, each drawn by itself.

    Returns
    -------
    Mask

    Raises
    ------
    InputError
        A density outside 0 to 1, a block larger than a side of the matrix, or more than 2**26 blocks.

    Examples
    --------
    >>> drawn_mask(384, 1536, block=16, density=0.5, seed=0).kept_blocks
    (1152,)
    """
    density = check_real("density", density)
    if not 0 <= density <= 1:
        raise InputError(f"density: must lie in 0 to 1 {got(density)}")
    check_block(block, height, width)
    check_integer("seed", seed, 0)
    check_integer("count", count, 1)
    shape = (count, -(-height // block), -(-width // block))
    blocks = shape[1] * shape[2]
    if count * blocks > MAX_DRAWN_BLOCKS:
        problem = f"makes more than the {MAX_DRAWN_BLOCKS:,} blocks that are drawn of one mask"
        raise InputError(
            f"block: {block} {problem}; take a larger one, or fewer copies (got {count * blocks:,} blocks)"
        )
    wanted = kept_of(density, blocks)
    kept = np.zeros((count, blocks), dtype=np.bool_)
    step = max(1, _BLOCKS_AT_ONCE // blocks)
    for first in range(0, count if wanted else 0, step):
        copies = np.arange(first, min(first + step, count), dtype=np.uint64)[:, None]
        hashes = block_hashes(seed, copies, blocks)  # of one copy no two are equal
        kept[first : first + step] = hashes <= np.partition(hashes, wanted - 1, axis=1)[:, wanted - 1 : wanted]
    draw = Draw(block, wanted / blocks, seed, operand, count)
    return Mask(operand, height, width, block, kept.reshape(shape), f"density {density:g}, {draw.key}", draw)


def kept_of(density: float, blocks: int) -> int:
    """Return how many of a number of blocks a density keeps: rounded, half up."""
    return int(np.floor(density * blocks + 0.5))


def check_block(block: int, height: int, width: int) -> int:
    """Return a block size that exceeds neither side of the matrix, or raise InputError."""
    check_integer("block", block, 1)
    if block > min(height, width):
        raise InputError(f"block: must not exceed a side of the matrix, {height}x{width} {got(block)}")
    return block


def block_hashes(seed: int, copy: Any, blocks: int) -> Any:
    """Return one well-mixed uint64 per block (splitmix64 of Steele, Lea and Flood, OOPSLA 2014).

    ``copy`` is a number, or a column of them, uint64 (copies, 1), for hashes (copies, blocks).
    """
    with np.errstate(over="ignore"):
        start = _mixed(np.array([seed % 2**64], dtype=np.uint64)) + np.asarray(copy, dtype=np.uint64)
        places = _mixed(start) + np.arange(1, blocks + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return _mixed(places)


def _mixed(z: Any) -> Any:
    """Return splitmix64's output function of uint64 values."""
    z = z ^ (z >> np.uint64(30))
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z
