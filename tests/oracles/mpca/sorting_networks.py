"""Sorting networks built comparator by comparator, run on data, and given to a number of physical comparators.

A network is a list of stages, a stage a list of (low, high): afterwards the smaller value stands at ``low``. The
comparators of a stage touch different wires, so that they may work at once.
"""


def power_of_two(count):
    wires = 1
    while wires < count:
        wires *= 2
    return wires


def bitonic(wires):
    stages = []
    size = 2
    while size <= wires:
        distance = size // 2
        while distance:
            stage = []
            for low in range(wires):
                if low % (2 * distance) < distance:
                    rising = (low // size) % 2 == 0
                    stage.append((low, low + distance) if rising else (low + distance, low))
            stages.append(stage)
            distance //= 2
        size *= 2
    return stages


def odd_even_merge(wires):
    """Batcher: sort both halves, merge their even and their odd entries, compare the neighbours between."""

    def merge(lines):
        if len(lines) == 2:
            return [[(lines[0], lines[1])]]
        evens, odds = merge(lines[::2]), merge(lines[1::2])
        both = [a + b for a, b in zip(evens, odds, strict=True)]
        return [*both, [(lines[i], lines[i + 1]) for i in range(1, len(lines) - 1, 2)]]

    def sort(lines):
        if len(lines) == 1:
            return []
        half = len(lines) // 2
        both = [a + b for a, b in zip(sort(lines[:half]), sort(lines[half:]), strict=True)]
        return both + merge(lines)

    return sort(list(range(wires)))


def odd_even_transposition(wires):
    return [[(i, i + 1) for i in range(stage % 2, wires - 1, 2)] for stage in range(wires)] if wires > 1 else []


NETWORKS = {
    "bitonic": bitonic,
    "odd_even_merge": odd_even_merge,
    "odd_even_transposition": odd_even_transposition,
}


def run(stages, values):
    values = list(values)
    for stage in stages:
        touched = [wire for pair in stage for wire in pair]
        assert len(touched) == len(set(touched))
        for low, high in stage:
            if values[low] > values[high]:
                values[low], values[high] = values[high], values[low]
    return values


def clocks(stages, comparators):
    """Hand each stage's comparisons to the comparators that there are, one each a clock; stages wait for each other."""
    spent = 0
    for stage in stages:
        waiting = len(stage)
        while waiting > 0:
            waiting -= comparators
            spent += 1
    return spent
