"""Path search, entropies and the whole space of efforts: `make bench`."""

import time
from collections.abc import Callable

import numpy as np

import pivotsim as ps
from pivotsim.effort.search.paths import count_paths
from tests.unit.effort import synthetic

IMAGES = 256  # the paper's batch
REPEATS = 5


def best_s(function: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    for depth, goal_ms in ((12, 10), (24, 1000)):
        cka = np.random.default_rng(depth).random((depth, depth))
        spent_ms = 1e3 * best_s(lambda cka=cka: ps.effort.best_paths(cka))
        paths = sum(count_paths(depth, [effort]) for effort in range(depth + 1))
        print(
            f"best paths of all efforts, {depth} encoders ({paths:>10,} paths) {spent_ms:8.2f} ms   goal {goal_ms} ms"
        )
    logits = np.random.default_rng(0).normal(size=(50_000, 1000)).astype(np.float32)
    spent = best_s(lambda: ps.effort.normalized_entropy(logits), repeats=1)
    print(f"entropies of 50,000 images, 1000 classes                   {spent:8.2f} s")
    arrays = synthetic.outputs(range(13), IMAGES, 1000)
    start = time.perf_counter()
    search = ps.effort.cosearch(ps.plan("deit_s"), arrays, synthetic.cka())
    print(
        f"13 efforts of DeiT-S prepared, {IMAGES} images                 {1e3 * (time.perf_counter() - start):8.1f} ms"
    )
    print(f"Phase 2                                                    {1e3 * best_s(lambda: search.pair(50)):8.1f} ms")
    for most in (1, 2, 3):
        choices = sum(len(block.columns["lec"]) for block in search._blocks(most, None))
        spent = best_s(lambda most=most: search.front(max_efforts=most), repeats=2)
        print(f"front of cascades of up to {most} efforts ({choices:>10,} choices) {spent:8.2f} s")


if __name__ == "__main__":
    main()
