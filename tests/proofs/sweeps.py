"""Nearly ten thousand different designs of mixed spaces against simulate() and combine(); part of `make proof`.

A count of designs makes a quick try: python -m tests.proofs.sweeps 200
"""

import sys

from pivotsim.dse.evaluation.evaluator import Coded, Evaluator
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import points_of
from tests.oracles.system import design_walk
from tests.unit.dse.evaluation.test_evaluator import CASES

SHARES = {
    "mixed": 0.3, "activity": 0.15, "model": 0.1, "arrays": 0.1, "memory": 0.15, "memory, activity": 0.1,
    "memory, programs": 0.02, "transforms": 0.04, "masks": 0.01, "heads": 0.03,
}  # fmt: skip


def differences(axes: dict, options: dict, count: int, seed: int) -> tuple[int, int]:
    """Return how many designs were compared, and how many differ in any number or in being valid."""
    space = load_space({"name": "proof", "axes": axes, "fixed": options})
    points = points_of(space, "random", count, seed=seed)
    count = points.count  # a small space has fewer
    columns = Evaluator(space).run(points, 0, count).columns
    columns = {n: c.words[c.codes] if isinstance(c, Coded) else c for n, c in columns.items()}
    places = points.places(0, count)
    row_of = {number: row for row, number in enumerate(columns["point"].tolist())}
    wrong = 0
    for number in range(count):
        values = {axis.name: axis.values[p[number]] for axis, p in zip(space.axes, places, strict=True)}
        expected = design_walk.costs(values, **options)
        if isinstance(expected, str):
            wrong += number in row_of
        else:
            row = row_of.get(number)
            wrong += row is None or {n: columns[n][row] for n in expected} != expected
    return count, wrong


def main() -> int:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    compared = wrong = 0
    for seed, (name, share) in enumerate(SHARES.items()):
        axes, options, _ = CASES[name]
        found = differences(axes, options, round(total * share), seed)
        compared, wrong = compared + found[0], wrong + found[1]
        print(f"{name:20} {found[0]:6,} designs, {found[1]} differ", flush=True)
    print(f"{'all':20} {compared:6,} designs, {wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
