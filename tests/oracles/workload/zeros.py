"""The structure of a matrix's zeros, block by block and group by group, in loops."""

import math


def kept_blocks(zeros, block):
    """Return {(row, column) of a block: whether it is kept} of a K x N list of lists, cut at the edges."""
    height, width = len(zeros), len(zeros[0])
    return {
        (i, j): not all(
            zeros[r][c]
            for r in range(i * block, min(height, (i + 1) * block))
            for c in range(j * block, min(width, (j + 1) * block))
        )
        for i in range(math.ceil(height / block))
        for j in range(math.ceil(width / block))
    }


def covered(zeros, block):
    """Return how many elements lie in blocks that are zero throughout."""
    kept = kept_blocks(zeros, block)
    return sum(not kept[r // block, c // block] for r in range(len(zeros)) for c in range(len(zeros[0])) if zeros[r][c])


def best_block(zeros):
    """Return the largest block of 4 to 64 that covers the most zeros, give or take fewer than 16, None without one."""
    size, count = len(zeros) * len(zeros[0]), sum(map(sum, zeros))
    if not 16 <= count < size:
        return None
    counts = {block: covered(zeros, block) for block in range(4, min(64, len(zeros), len(zeros[0])) + 1)}
    most = max(counts.values(), default=0)
    fits = [b for b, n in counts.items() if most >= 16 and most - n < 16 and (count - n) / (size - n) <= 0.05]
    return max(fits, default=None)


def is_n_of_m(zeros, n, m):
    """Return whether each m inputs beside each other have at most n weights that are not zero."""
    return all(
        sum(not zeros[r][c] for r in range(first, min(first + m, len(zeros)))) <= n
        for c in range(len(zeros[0]))
        for first in range(0, len(zeros), m)
    )
