"""The multi-level parallelism compute array, walked lane by lane, column by column and block by block.

Token rows are cut into tiles of p_pe, tiles into groups of p_t. For every group each lane takes its block columns one
after the other: a header, then for every kept block one pass of b clocks for each p_pe of its b output columns. A group
ends when its last lane does.
"""

import itertools


def column_counts(kept: list[list[bool]]) -> list[int]:
    """Kept blocks of each block column of rows of flags."""
    return [sum(1 for row in kept if row[j]) for j in range(len(kept[0]))]


def assigned(counts: list[int], lanes: int, policy: str, t_sw: int, c_blk: int) -> list[list[int]]:
    """The columns of each lane, in the order in which it takes them."""
    columns = list(range(len(counts)))
    if policy == "lpt":
        columns.sort(key=lambda j: (-counts[j], j))
    mine: list[list[int]] = [[] for _ in range(lanes)]
    loads = [0] * lanes
    for place, j in enumerate(columns):
        if policy in ("lockstep", "rr"):
            lane = place % lanes
        else:
            lane = loads.index(min(loads))
        mine[lane].append(j)
        loads[lane] += t_sw + counts[j] * c_blk if counts[j] else 0
    return mine


def column_clocks(blocks: int, b: int, p_pe: int, t_sw: int) -> int:
    clocks = 0
    if blocks:
        clocks += t_sw
    for _ in range(blocks):
        done = 0
        while done < b:  # output columns
            clocks += b  # depth, one element a clock
            done += p_pe
    return clocks


def group_clocks(counts: list[int], lanes: int, b: int, p_pe: int, policy: str, t_sw: int) -> tuple[int, list[int]]:
    """Clocks of one token group, and the busy clocks of each lane."""
    clocks = [column_clocks(blocks, b, p_pe, t_sw) for blocks in counts]
    mine = assigned(counts, lanes, policy, t_sw, column_clocks(1, b, p_pe, 0))
    loads = [sum(clocks[j] for j in own) for own in mine]
    if policy != "lockstep":
        return max(loads), loads
    total = 0
    for together in itertools.zip_longest(*mine):
        total += max(clocks[j] for j in together if j is not None)
    return total, loads


def token_groups(tokens: int, p_pe: int, p_t: int) -> int:
    tiles = groups = 0
    while tokens > 0:
        tokens -= p_pe
        tiles += 1
    while tiles > 0:
        tiles -= p_t
        groups += 1
    return groups


def matmul_clocks(
    counts: list[int], tokens: int, lanes: int, b: int, p_t: int, p_pe: int, policy: str, t_sw: int, has_fill: bool
) -> int:
    """One matrix multiplication; nothing kept is nothing done."""
    if not any(counts):
        return 0
    clocks = 2 * p_pe + p_t if has_fill else 0
    for _ in range(token_groups(tokens, p_pe, p_t)):
        clocks += group_clocks(counts, lanes, b, p_pe, policy, t_sw)[0]
    return clocks


def dense_counts(k: int, n: int, b: int) -> list[int]:
    return [len(range(0, k, b)) for _ in range(0, n, b)]


def heads_clocks(
    m: int, k: int, n: int, heads: int, p: tuple[int, int, int, int], b: int, has_fill: bool
) -> int:  # fmt: skip
    """Heads, p_h at a time; each on the p_c lanes of its head module."""
    p_h, p_t, p_c, p_pe = p
    clocks = 0
    for _ in range(0, heads, p_h):
        clocks += matmul_clocks(dense_counts(k, n, b), m, p_c, b, p_t, p_pe, "lockstep", 0, has_fill)
    return clocks


def least_makespan(counts: list[int], lanes: int) -> int:
    """The fewest blocks of the busiest lane over all ways to hand out the columns."""
    best = sum(counts)
    for lane_of in itertools.product(range(lanes), repeat=len(counts)):
        loads = [0] * lanes
        for j, lane in enumerate(lane_of):
            loads[lane] += counts[j]
        best = min(best, max(loads))
    return best


def stored_bytes(counts: list[int], rows: int, b: int, weight_bytes: int, pointer_bytes: int) -> int:
    """Block columns as stored: a pointer before each and one at the end, a row index and b * b weights per block."""
    index_bits = 0
    while 2**index_bits < rows:
        index_bits += 1
    index_bytes = len(range(0, index_bits, 8))
    size = pointer_bytes
    for blocks in counts:
        size += pointer_bytes
        for _ in range(blocks):
            size += index_bytes + b * b * weight_bytes
    return size


def dma_clocks(size_bytes: int, bytes_per_clock: int) -> int:
    return len(range(0, size_bytes, bytes_per_clock))
