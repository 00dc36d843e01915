"""Several arrays on the repeats of one multiplication: slow and obvious.

Rows, columns or blocks of the result are dealt out like cards, one at a time, and each array keeps its own side by
side. Repeats are dealt the same way. Every array then walks its own folds; a repeat that all arrays share ends when the
last of them ends, and only then the next one begins.
"""

from tests.oracles.array import array_schedule, masked_schedule


def dealt(count, things):
    """How many of some things each of ``count`` arrays gets."""
    hands = [0] * count
    for thing in range(things):
        hands[thing % count] += 1
    return hands


def ranges(count, size, block):
    """(first, past) of what each array gets of a dimension, in whole blocks; (0, 0) for one that gets nothing."""
    blocks = [(first, min(first + block, size)) for first in range(0, size, block)]
    parts, place = [], 0
    for hand in dealt(count, len(blocks)):
        own = blocks[place : place + hand]
        place += hand
        parts.append((own[0][0], own[-1][1]) if own else (0, 0))
    return parts


def alone(m, k, n, operand, elements, array):
    """Clocks of one array on one multiplication."""
    if elements is None:
        return array_schedule.gemm_cycles(m, k, n, **array)
    return masked_schedule.gemm_cycles(m, k, n, operand, elements, **array)


def by_heads(m, k, n, repeats, count, operand, copies, array):
    """Clocks where each array takes every ``count``-th repeat."""
    busy = [0] * count
    for repeat in range(repeats):
        busy[repeat % count] += alone(m, k, n, operand, copies[repeat % len(copies)], array)
    return max(busy)


def by_result(m, k, n, repeats, count, dimension, operand, copies, block, array):
    """Clocks where the arrays share the rows (``m``) or columns (``n``) of every repeat's result."""
    is_cut = dimension in {None: "", "a": "mk", "b": "kn", "out": "mn"}[operand]
    axis = 0 if dimension == "m" else 1
    now = 0
    for repeat in range(repeats):
        elements = copies[repeat % len(copies)]
        ends = []
        for first, past in ranges(count, m if dimension == "m" else n, block if is_cut else 1):
            if past == first:
                continue
            own = elements
            if is_cut:
                own = elements[first:past] if axis == 0 else elements[:, first:past]
            size = (past - first, k, n) if dimension == "m" else (m, k, past - first)
            ends.append(now + alone(*size, operand, own, array))
        now = max(ends)
    return now


def cycles_by_split(m, k, n, repeats, count, array, operand=None, copies=(None,), block=1):
    """Clocks under each split; of one repeat there are no heads to share."""
    found = {
        "rows": by_result(m, k, n, repeats, count, "m", operand, copies, block, array),
        "cols": by_result(m, k, n, repeats, count, "n", operand, copies, block, array),
    }
    if repeats > 1:
        found["heads"] = by_heads(m, k, n, repeats, count, operand, copies, array)
    return found


def cycles(m, k, n, repeats, count, split, array, operand=None, copies=(None,), block=1):
    """Clocks of ``count`` arrays; ``heads`` of one repeat, and ``auto``, take the fastest that there is."""
    found = cycles_by_split(m, k, n, repeats, count, array, operand, copies, block)
    return found[split] if split in found else min(found.values())
