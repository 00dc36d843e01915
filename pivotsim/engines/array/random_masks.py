"""GEMMs of a bare density: clocks under many random masks, without making one.

API twin of kernels/array/random_masks.py.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pivotsim.engines.array.designs import dataflow_of, design_of
from pivotsim.engines.array.masked import layout_of, room_for_lengths
from pivotsim.engines.array.one_gemm import check_no_overflow
from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.hardware.array import ArraySpec
from pivotsim.hardware.dataflows import OPERAND_DIMENSIONS
from pivotsim.kernels import threads
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import MAX_DRAWN_BLOCKS, OPERANDS, Operand

PARALLEL_FROM_BLOCKS = 2_000_000  # all lanes together; below this, starting threads costs more than they save
MAX_LANE_BLOCKS = 2**34  # all lanes together: minutes
MAX_ROOM_BYTES = 2**31  # of all parts of the lanes; each thread works on one, with room of its own
ROOM_BYTES = 9  # per block: hash and flag
DRAWS = 256  # masks behind a mean


def drawn_cycles(
    m: int,
    k: int,
    n: int,
    *,
    density: object,
    block: object,
    seed: object,
    array: ArraySpec | Mapping[str, Any],
    operand: Operand = "b",
) -> IntArray:
    """Return the clocks of one GEMM under ``drawn_mask(..., block=, density=, seed=)`` for each of many, int64 (D,).

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    density, block, seed : number or vector (D,)
        Kept share of the blocks, 0 to 1; their size; a seed of at least 0. Single values serve all.
    array : ArraySpec or mapping
        Rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency.
    operand : {'b', 'a', 'out'}
        What is masked: the weights, the other operand or the result.

    Raises
    ------
    InputError
        A value is not valid, the vectors differ in length, the dense clocks would exceed int64, a mask has more than
        2**26 blocks, or all of them together more than 2**34.

    Examples
    --------
    Weights all kept or all dropped: the dense clocks, or none.

    >>> import pivotsim as ps
    >>> array = ps.load_hardware("zcu102").array
    >>> drawn_cycles(197, 384, 1536, density=[1, 0], block=16, seed=0, array=array)
    array([61128,     0])
    """
    m, k, n = (check_integer(name, value, 1) for name, value in (("m", m), ("k", k), ("n", n)))
    check_choice("operand", operand, OPERANDS)
    design = design_of(array)
    check_no_overflow([(m, k, n, 1)], design)
    sizes = {"m": m, "k": k, "n": n}
    height, width = (sizes[letter] for letter in OPERAND_DIMENSIONS[operand])
    densities, blocks, seeds = _lanes(density, block, seed, height, width)
    out = np.zeros(len(densities), dtype=np.int64)
    if not len(out):
        return out
    _check_blocks(*(-(-size // int(blocks.min())) for size in (height, width)))
    down, across = -(-height // blocks), -(-width // blocks)
    per_lane = down * across
    total = int(per_lane.sum())
    if total > MAX_LANE_BLOCKS:
        problem = f"{len(out):,} masks have more than {MAX_LANE_BLOCKS:,} blocks; take a larger block, or fewer masks"
        raise InputError(f"seed: {problem} {got(total)}")
    wanted = np.floor(densities * per_lane + 0.5).astype(np.int64)
    flow = dataflow_of(array)
    layout, turned = layout_of(operand, flow)
    row_size, col_size, t = flow.sizes(m, k, n)
    tiles = room_for_lengths(layout, row_size, col_size, design.rows, design.cols).shape
    most = (int(across.max()), int(down.max())) if turned else (int(down.max()), int(across.max()))
    parts = parts_of(len(out), most[0] * most[1], total)
    if parts > 1:
        from pivotsim.kernels.array.random_masks_parallel import drawn_cycles_parallel as run
    else:
        from pivotsim.kernels.array.random_masks import drawn_cycles as run
    run(
        blocks, wanted, seeds, height, width, turned, layout, row_size, col_size, t, design,
        *_rooms(parts, most), np.empty((parts, *tiles), dtype=np.int64), out,
    )  # fmt: skip
    return out


def expected_cycles(
    m: int,
    k: int,
    n: int,
    *,
    density: float,
    block: int,
    array: ArraySpec | Mapping[str, Any],
    draws: int = DRAWS,
    first_seed: int = 0,
) -> tuple[float, float, float]:
    """Return mean, standard deviation and standard error of a GEMM's clocks over random masks of its weights.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix.
    density : float
        Kept share of the blocks, 0 to 1.
    block : int
        Blocks are ``block`` x ``block`` weights.
    array : ArraySpec or mapping
        As for ``drawn_cycles``.
    draws : int
        Masks, at least 2, with seeds from ``first_seed`` on.

    Raises
    ------
    InputError
        As for ``drawn_cycles``.

    Examples
    --------
    Half of the 16 x 16 blocks of DeiT-S's fc1 leave 94 % of the clocks: a column of an array tile needs its whole
    column of four blocks to be dropped.

    >>> import pivotsim as ps
    >>> mean, deviation, _ = expected_cycles(
    ...     197, 384, 1536, density=0.5, block=16, array=ps.load_hardware("zcu102").array
    ... )
    >>> round(mean / 61_128, 2)
    0.94
    """
    draws = check_integer("draws", draws, 2)
    seeds = np.arange(draws, dtype=np.uint64) + np.uint64(check_integer("first_seed", first_seed, 0))
    cycles = drawn_cycles(m, k, n, density=density, block=block, seed=seeds, array=array).astype(np.float64)
    deviation = float(cycles.std(ddof=1))
    return float(cycles.mean()), deviation, deviation / math.sqrt(draws)


def drawn_column_counts(height: int, width: int, density: float, seeds: object) -> IntArray:
    """Return the kept blocks in each column of random masks of height x width blocks, int64 (seeds, width).

    Parameters
    ----------
    height, width : int
        Blocks down and across.
    density : float
        Kept share, 0 to 1.
    seeds : vector of int
        As ``drawn_mask`` takes them.

    Raises
    ------
    InputError
        A value is not valid.

    Examples
    --------
    >>> drawn_column_counts(24, 96, 0.5, [0, 1]).sum(axis=1)
    array([1152, 1152])
    """
    from pivotsim.kernels.array.random_masks import drawn_column_counts as run

    height, width = check_integer("height", height, 1), check_integer("width", width, 1)
    _check_blocks(height, width)
    densities, _, wide = _lanes(density, 1, seeds, height, width)
    out = np.empty((len(wide), width), dtype=np.int64)
    wanted = np.floor(densities * (height * width) + 0.5).astype(np.int64)
    run(height, width, wanted, wide, *_rooms(1, (height, width)), out)
    return out


def parts_of(lanes: int, blocks: int, total: int) -> int:
    """Return in how many parts threads share lanes of up to ``blocks`` blocks each, ``total`` in all."""
    if total < PARALLEL_FROM_BLOCKS or not threads.may_start():
        return 1
    from numba import get_num_threads

    return max(1, min(int(get_num_threads()), lanes, MAX_ROOM_BYTES // (ROOM_BYTES * blocks)))


def _check_blocks(down: int, across: int) -> None:
    """Raise InputError where a mask has more blocks than are drawn."""
    if down * across > MAX_DRAWN_BLOCKS:
        problem = f"has more than {MAX_DRAWN_BLOCKS:,} blocks and is not drawn; take a larger block"
        raise InputError(f"mask: {problem} {got(down * across)}")


def _rooms(parts: int, shape: tuple[int, int]) -> tuple[Any, Any]:
    """Return room for hashes and flags of masks of up to ``shape`` blocks, for each part."""
    blocks = shape[0] * shape[1]
    return (
        np.empty((parts, blocks), dtype=np.uint64),
        np.empty((parts, *shape), dtype=np.bool_),
    )


def _lanes(density: object, block: object, seed: object, height: int, width: int) -> tuple[Any, IntArray, Any]:
    """Return vectors of one length: densities float64, blocks int64, seeds uint64."""
    densities, blocks, seeds = (_vector(*pair) for pair in (("density", density), ("block", block), ("seed", seed)))
    problems = []
    if densities.dtype.kind not in "iuf":
        problems.append(f"density: must be a number {got(density)}")
    elif not ((densities >= 0) & (densities <= 1)).all():
        bad = densities[~((densities >= 0) & (densities <= 1))][0]
        problems.append(f"density: must lie in 0 to 1 {got(bad.item())}")
    for name, values, least in (("block", blocks, 1), ("seed", seeds, 0)):
        if values.dtype.kind not in "iu" and values.size:
            problems.append(f"{name}: must hold integers {got(values.flat[0])}")
            continue
        try:
            _ = [check_integer(name, int(extreme()), least) for extreme in (values.min, values.max) if values.size]
        except InputError as error:
            problems += error.problems
    if not problems and blocks.size and int(blocks.max()) > min(height, width):
        problems.append(f"block: must not exceed a side of the matrix, {height}x{width} {got(int(blocks.max()))}")
    lengths = {len(v) for v in (densities, blocks, seeds)} - {1}
    if len(lengths) > 1:
        problems.append(f"density, block, seed: vectors differ in length {got(sorted(lengths))}")
    if problems:
        raise InputError(problems)
    shape = (lengths.pop() if lengths else 1,)
    typed = zip((densities, blocks, seeds), (np.float64, np.int64, np.uint64), strict=True)
    of_floats, of_blocks, of_seeds = (np.broadcast_to(v.astype(kind), shape) for v, kind in typed)
    return of_floats, of_blocks, of_seeds


def _vector(name: str, values: object) -> Any:
    try:
        array = np.atleast_1d(np.asarray(values))
    except (ValueError, TypeError):  # ragged
        array = np.zeros((1, 1))
    if array.ndim != 1 or array.dtype.kind == "b":
        raise InputError(f"{name}: must be a number or a vector {got(values)}")
    return array
