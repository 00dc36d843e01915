"""Ten seeds of the digits, each with a teacher of its own, worked off in two processes of one thread."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch

from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.loop import train
from tests.recordings.cosearch import BATCH, TEACHER, batches_of
from tests.recordings.digits import NOISE_STD, SIZES, start
from tests.recordings.paired import RESAMPLES, paired_difference

SEEDS = tuple(range(10))
PROCESSES = 2
Row = dict[str, Any]

NOTES = (
    f"images: scikit-learn's digits, 1,797 of 8x8 pixels, not ImageNet; split by seed into "
    f"{', '.join(f'{n} {name}' for name, n in SIZES.items())}; accuracies are of the test images, weights in float",
    f"augmentation: Gaussian noise of {NOISE_STD} sigma; batch {BATCH}; seeds {SEEDS[0]} to {SEEDS[-1]}",
    f"teacher: {TEACHER}",
)
OF_DIFFERENCES = f"differences: paired by seed; 95 % bootstrap intervals of the mean, {RESAMPLES:,} resamples"


def teacher_of(seed: int) -> VisionTransformer:
    """Train the whole model."""
    vit = start(seed)
    train(vit, batches_of(seed), TEACHER)
    return vit


def for_all_seeds(rows_of: Callable[[int], list[Row]]) -> tuple[list[Row], str]:
    """Return the rows of all seeds, and what they took."""
    began_s = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        done = pool.starmap(_timed, [(rows_of, seed) for seed in SEEDS], chunksize=1)
    spent_s = sum(seconds for _, seconds in done)
    took = f"took {time.monotonic() - began_s:.0f} s, {spent_s:.0f} s of CPU, in {PROCESSES} processes of one thread"
    return [row for rows, _ in done for row in rows], took


def _timed(rows_of: Callable[[int], list[Row]], seed: int) -> tuple[list[Row], float]:
    began_s = time.process_time()
    rows = rows_of(seed)
    return rows, time.process_time() - began_s


def values_by_seed(rows: Iterable[Row], figure: str, where: Mapping[str, Any]) -> list[float]:
    """Return a figure of the rows that are as asked, the mean of each seed's, in the order of the seeds."""
    found: dict[int, list[float]] = {}
    for row in rows:
        if all(row[name] == value for name, value in where.items()):
            found.setdefault(row["seed"], []).append(row[figure])
    return [sum(found[seed]) / len(found[seed]) for seed in sorted(found)]


def difference(of: Sequence[float], to: Sequence[float]) -> list[str]:
    """Return mean, low, high of a paired difference as cells, and 1 where the interval leaves out 0."""
    found = paired_difference(of, to)
    return [*(f"{value:.5f}" for value in found), str(int(found.is_clear))]
