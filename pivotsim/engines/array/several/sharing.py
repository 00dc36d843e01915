"""Several arrays on each multiplication of a trace: what each gets, and the clocks until the last one ends.

    heads   array i runs the repeats i, i + count, ...; it ends after the last of them
    rows    array i runs its own rows of the result, of every repeat; a repeat ends when the last array ends
    cols    array i runs its own columns of the result, of every repeat; likewise
    auto    whichever of the three takes the fewest clocks, in this order, for each multiplication

Shares are even [assumed]: they differ by one repeat, one row or one column at most, and arrays of no share are idle.
With ceil(size / count) rows an array takes ceil(tiles / count) row tiles, as if whole tiles were dealt out, and fewer
rows of the last one. Where the cut goes through a mask, shares are whole blocks of it. A multiplication of one repeat
has no heads to share: under `heads` it is split by rows or columns, whichever takes fewer clocks. K is never split, as
partial sums would have to be added between arrays.

Each array has memories of its own and fetches what it needs, also what another one fetches too. Clocks are those of
one array on its share, by any engine: this file knows of no fold.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.array import closed_form
from pivotsim.engines.array.designs import design_of
from pivotsim.engines.array.masked_folds import check_mask
from pivotsim.engines.array.one_gemm import check_no_overflow
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS, SPLIT_DIMENSION
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask, copies_run
from pivotsim.workload.ops import gemm_array

Clocks = Callable[..., IntArray]  # of (gemms, array, masks) on one array, as ``ArrayEngine.cycles_per_gemm``


class Portion(NamedTuple):
    """What ``arrays`` arrays get alike: ``repeats`` of an m x k x n multiplication, one after the other.

    Portions of one ``step`` run side by side. A step runs ``times`` times, and steps follow each other.
    """

    step: int
    times: int
    arrays: int
    m: int
    k: int
    n: int
    repeats: int
    mask: Mask | None


class Shared(NamedTuple):
    """One multiplication, shared out: the split that was taken, and its portions."""

    split: str
    portions: tuple[Portion, ...]


def even_shares(size: int, count: int) -> list[tuple[int, int]]:
    """Return (how many arrays, what each gets) of an even split, the larger share first, none of nothing.

    >>> even_shares(197, 4), even_shares(2, 4)
    ([(1, 50), (3, 49)], [(2, 1)])
    """
    share, more = divmod(size, count)
    return [(arrays, own) for arrays, own in ((more, share + 1), (count - more, share)) if arrays and own]


def splits_of(split: str, repeats: int) -> tuple[str, ...]:
    """Return the splits to choose from for a multiplication: more than one under `auto`, and without heads to share.

    >>> splits_of("auto", 6), splits_of("heads", 1), splits_of("heads", 6)
    (('heads', 'rows', 'cols'), ('rows', 'cols'), ('heads',))
    """
    if split in ("rows", "cols") or (split == "heads" and repeats > 1):
        return (split,)
    return tuple(name for name, dimension in SPLIT_DIMENSION.items() if dimension or repeats > 1)


def portions_of(
    m: int, k: int, n: int, repeats: int, mask: Mask | None, split: str, count: int
) -> Iterator[Portion]:  # fmt: skip
    """Yield what arrays get of a multiplication under `heads`, `rows` or `cols`."""
    dimension = SPLIT_DIMENSION[split]
    if dimension is None:
        if mask is None or mask.count == 1:
            for arrays, own in even_shares(repeats, count):
                yield Portion(0, 1, arrays, m, k, n, own, mask)
            return
        for first in range(min(count, repeats)):
            own = len(range(first, repeats, count))
            yield Portion(0, 1, 1, m, k, n, own, _copies(mask, first, count, own))
        return
    sizes = {"m": m, "k": k, "n": n}
    is_cut = mask is not None and dimension in OPERAND_DIMENSIONS[mask.operand]
    for step, (copy, times) in enumerate(copies_run(mask, repeats).items()):
        one = None if mask is None else _copies(mask, copy, 1, 1)
        if one is None or not is_cut:
            for arrays, own in even_shares(sizes[dimension], count):
                yield Portion(step, times, arrays, **{**sizes, dimension: own}, repeats=1, mask=one)
            continue
        for part in _cut(one, dimension, count):
            axis = OPERAND_DIMENSIONS[one.operand].index(dimension)
            own = (part.height, part.width)[axis]
            yield Portion(step, times, 1, **{**sizes, dimension: own}, repeats=1, mask=part)


def share_out(
    gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: Sequence[Mask | None], count: int, split: str
) -> list[Shared]:
    """Return what each array gets of each of (G, 4) rows of m, k, n, repeats; clocks decide, in closed form.

    Raises
    ------
    InputError
        A mask does not fit, or the clocks of one array alone could exceed int64.
    """
    rows: list[tuple[int, int, int, int]] = [(m, k, n, repeats) for m, k, n, repeats in gemms.tolist()]
    check_no_overflow(rows, design_of(array))  # no share takes longer than the whole
    checked = [check_mask(mask, *row[:3]) for row, mask in zip(rows, masks or [None] * len(rows), strict=True)]
    known: dict[Any, Shared] = {}
    for row, mask in zip(rows, checked, strict=True):
        key = (*row, mask)
        if key not in known:
            names = splits_of(split, row[3])
            candidates = [Shared(name, tuple(portions_of(*row, mask, name, count))) for name in names]
            cycles = cycles_shared(candidates, array, closed_form.cycles_per_gemm) if len(candidates) > 1 else [0]
            known[key] = candidates[int(np.argmin(cycles))]
    return [known[(*row, mask)] for row, mask in zip(rows, checked, strict=True)]


def cycles_shared(shared: Sequence[Shared], array: ArraySpec | Mapping[str, Any], run: Clocks) -> IntArray:
    """Return the clocks of each multiplication until its last array ends, int64 (G,); ``run`` counts those of one."""
    portions = [portion for one in shared for portion in one.portions]
    gemms = gemm_array([(p.m, p.k, p.n, p.repeats) for p in portions])
    clocks = iter(run(gemms, array, [p.mask for p in portions]).tolist())
    totals = []
    for one in shared:
        ends: dict[int, int] = {}  # of each step, all of its rounds
        for p in one.portions:
            ends[p.step] = max(ends.get(p.step, 0), p.times * next(clocks))
        totals.append(sum(ends.values()))
    return np.array(totals, dtype=np.int64)


def gemms_run(shared: Sequence[Shared], bits: IntArray) -> tuple[IntArray, list[Mask | None]]:
    """Return all that the arrays run: (P, 7) rows as in ``Trace.gemms_with_bits``, and masks.

    ``bits`` (G, 3) are those of each multiplication.
    """
    pairs = [(p, own) for one, own in zip(shared, bits.tolist(), strict=True) for p in one.portions]
    rows = [(p.m, p.k, p.n, *own, p.arrays * p.times * p.repeats) for p, own in pairs]
    return np.array(rows, dtype=np.int64).reshape(-1, 7), [p.mask for p, _ in pairs]


def shares_of(one: Shared) -> tuple[tuple[int, int], ...]:
    """Return (arrays, share) of a multiplication; under masks, of the first step, which has shares like all others."""
    dimension = SPLIT_DIMENSION[one.split]

    def share(portion: Portion) -> int:
        return portion.repeats if dimension is None else int(getattr(portion, dimension))

    found: dict[int, int] = {}
    for portion in one.portions:
        if portion.step == one.portions[0].step:
            found[share(portion)] = found.get(share(portion), 0) + portion.arrays
    return tuple((arrays, own) for own, arrays in found.items())


def _copies(mask: Mask, first: int, stride: int, repeats: int) -> Mask:
    """Return the copies of a mask that every ``stride``-th repeat from ``first`` on uses."""
    period = min(mask.count // math.gcd(mask.count, stride), repeats)
    places = [(first + i * stride) % mask.count for i in range(period)]
    return Mask(mask.operand, mask.height, mask.width, mask.block, mask.kept[places])


def _cut(mask: Mask, dimension: str, count: int) -> Iterator[Mask]:
    """Yield each array's part of a mask, in whole blocks along one of its dimensions; none for arrays of no share."""
    axis = OPERAND_DIMENSIONS[mask.operand].index(dimension)
    blocks, size = mask.kept.shape[1 + axis], (mask.height, mask.width)[axis]
    start = 0
    for arrays, own in even_shares(blocks, count):
        for _ in range(arrays):
            kept = mask.kept.take(range(start, start + own), axis=1 + axis)
            length = min(mask.block * (start + own), size) - mask.block * start
            height, width = (length, mask.width) if axis == 0 else (mask.height, length)
            yield Mask(mask.operand, height, width, mask.block, kept)
            start += own
