"""Path search, entropies and the whole space of efforts: `make bench`."""

import numpy as np

import pivotsim as ps
from pivotsim.effort.search.paths import count_paths
from tests.benchmarks.timing import timed
from tests.unit.effort import synthetic

IMAGES = 256  # the paper's batch


def main() -> None:
    for depth, goal_ms in ((12, 10), (24, 1000)):
        cka = np.random.default_rng(depth).random((depth, depth))
        spent_ms = timed(lambda cka=cka: ps.effort.best_paths(cka)).times(1e3)
        paths = sum(count_paths(depth, [effort]) for effort in range(depth + 1))
        print(f"best paths of all efforts, {depth} encoders ({paths:>10,} paths) {spent_ms:ms}   goal {goal_ms} ms")
    logits = np.random.default_rng(0).normal(size=(50_000, 1000)).astype(np.float32)
    spent = timed(lambda: ps.effort.normalized_entropy(logits))
    print(f"entropies of 50,000 images, 1000 classes                   {spent:s}")
    arrays = synthetic.outputs(range(13), IMAGES, 1000)
    prepared = timed(lambda: ps.effort.cosearch(ps.plan("deit_s"), arrays, synthetic.cka())).times(1e3)
    search = ps.effort.cosearch(ps.plan("deit_s"), arrays, synthetic.cka())
    print(f"13 efforts of DeiT-S prepared, {IMAGES} images                 {prepared:ms}")
    second = timed(lambda: search.pair(50)).times(1e3)
    print(f"Phase 2                                                    {second:ms}")
    for most in (1, 2, 3):
        choices = sum(len(block.columns["lec"]) for block in search._blocks(most, None))
        spent = timed(lambda most=most: search.front(max_efforts=most))
        print(f"front of cascades of up to {most} efforts ({choices:>10,} choices) {spent:s}")


if __name__ == "__main__":
    main()
