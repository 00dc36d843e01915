"""One column of a double-buffered array, register by register: when may the next load begin without spoiling anything?

Each row has a held operand and a second register. The second registers are the way in: in a clock of a load all of them
move down by one row at once, and the first takes what enters. So what enters first travels furthest, and a load of r
operands stands in all r rows after r clocks, in the same clock. A row takes its second register over with the first
streamed operand of the fold, which reaches row i i clocks after row 0.

Nothing here knows a rule: ``earliest`` tries one clock after the other.
"""


def is_right(rows: int, folds: list[tuple[int, int]], loads: list[int], starts: list[int]) -> bool:
    """Whether every row multiplies each streamed operand of each fold with that fold's own operand.

    ``folds`` are (used rows, streamed length); ``loads`` and ``starts`` their first clocks, of which the last fold's
    may be missing: then only what the given ones do counts. Loads and streams must not share a clock with another.
    """
    entering, streamed = {}, {}  # clock -> what enters at the top; clock -> (fold, is its first operand) at row 0
    for fold, begin in enumerate(loads):
        used = folds[fold][0]
        for i in range(used):
            if begin + i in entering:
                return False
            entering[begin + i] = (fold, used - 1 - i)  # the deepest row's first
    for fold, begin in enumerate(starts):
        for t in range(folds[fold][1]):
            if begin + t in streamed:
                return False
            streamed[begin + t] = (fold, t == 0)
    held, second = [None] * rows, [None] * rows
    for clock in range(max([*entering, *streamed], default=0) + rows + 1):
        before = list(second)  # all registers change at the clock's end
        for row in range(rows):
            if clock - row not in streamed:
                continue
            fold, is_first = streamed[clock - row]
            if row >= folds[fold][0]:
                continue
            if is_first:
                held[row] = before[row]
            if held[row] != (fold, row):
                return False
        if clock in entering:
            second = [entering[clock], *before[:-1]]
    return True


def earliest(rows: int, folds: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """First clocks of all loads and streams, each as early as trying finds, fold after fold."""
    loads, starts = [], []
    for _ in folds:
        load = 0 if not loads else loads[-1]
        while not is_right(rows, folds, [*loads, load], starts):
            load += 1
        loads.append(load)
        start = 0 if not starts else starts[-1]
        while not is_right(rows, folds, loads, [*starts, start]):
            start += 1
        starts.append(start)
    return loads, starts
