"""PIVOT end to end on real images, into notebooks/recorded: `make cosearch` (minutes, two processes).

For each seed: another split of the digits, a teacher, its CKA matrix, the best path of every effort fine-tuned from
the teacher by the paper's loss, and random paths of one effort fine-tuned shortly (Fig. 4a). Every effort, the full
one too, is fine-tuned alike, so that the baseline has had as much training. All recorded logits come from weights and
activations rounded to 8 bits. A seed gives the same numbers on the same machine and torch.
"""

import itertools
import multiprocessing
import random
import sys
import time
from typing import Any

import numpy as np
import torch

import pivotsim as ps
from pivotsim.effort import best_paths, path_score
from pivotsim.effort.cka import cka_matrix
from pivotsim.effort.effort_files import save_cka, save_logits
from pivotsim.vit_torch.measuring.extraction import features, logits_of
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.batches import InMemory
from pivotsim.vit_torch.training.efforts import fine_tuned
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.quantisation import fake_quantised
from pivotsim.vit_torch.training.recipes import Recipe
from tests.recordings.digits import MODEL, NOISE_STD, SIZES, Part, split_digits, start, with_noise
from tests.recordings.recording import OUT, write

NAME = "cosearch_digits"
SEEDS = (0, 1, 2)
PROCESSES = 2
BATCH = 64
CKA_IMAGES = 256
EFFORTS = (2, 3, 4, 5, 6, 8)
PATHS_EFFORT, PATHS = 4, 48
TEACHER = Recipe(epochs=30, learning_rate=4e-3, loss="labels")
EFFORT = Recipe(epochs=15, learning_rate=2e-3)
PATH = Recipe(epochs=2, learning_rate=2e-3)


def main() -> None:
    began_s = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        teachers = pool.map(teach, SEEDS, chunksize=1)
        jobs = [(seed, state, path) for seed, state in zip(SEEDS, teachers, strict=True) for path in paths_of(seed)]
        efforts = [(seed, state, effort) for seed, state in zip(SEEDS, teachers, strict=True) for effort in EFFORTS]
        trained = pool.map(train_effort, efforts, chunksize=1)
        scored = pool.map(try_path, jobs, chunksize=8)
    for seed in SEEDS:
        save_seed(seed, [one for (its_seed, _, _), one in zip(efforts, trained, strict=True) if its_seed == seed])
    notes = [
        f"images: scikit-learn's digits, split by seed into {', '.join(f'{n} {name}' for name, n in SIZES.items())}",
        f"augmentation: Gaussian noise of {NOISE_STD} sigma; batch {BATCH}; CKA of {CKA_IMAGES} training images",
        f"teacher: {TEACHER}", f"effort: {EFFORT}", f"random path: {PATH}",
        "logits and accuracies: weights and activations fake-quantised to 8 bits, but for accuracy_float_frac",
        f"took {time.monotonic() - began_s:.0f} s in {PROCESSES} processes of one thread",
    ]  # fmt: skip
    rows = [row for one in trained for row in one["rows"]]
    columns = ["seed", "effort", "active", "part", "accuracy_frac", "accuracy_float_frac"]
    write(OUT / f"{NAME}_efforts.csv", "make cosearch", notes, columns, rows)
    columns = ["seed", "active", "score", "score_after_residual", "accuracy_untuned_frac", "accuracy_frac"]
    write(OUT / f"{NAME}_paths.csv", "make cosearch", notes, columns, scored)
    print(f"{time.monotonic() - began_s:.0f} s")


def batches_of(seed: int) -> InMemory:
    part = split_digits(seed)["train"]
    return InMemory(part.images, part.labels, batch=BATCH, seed=seed, augment=with_noise)


def teach(seed: int) -> dict[str, Any]:
    """Train a teacher, write its CKA matrix, return its weights."""
    vit = start(seed)
    train(vit, batches_of(seed), TEACHER)
    images = split_digits(seed)["train"].images[:CKA_IMAGES]
    save_cka(OUT / f"{NAME}_seed{seed}_cka.npz", cka_matrix(features(vit, images)))
    save_cka(OUT / f"{NAME}_seed{seed}_cka_after_residual.npz", cka_matrix(features(vit, images, after_residual=True)))
    return {name: weight.numpy() for name, weight in vit.state_dict().items()}


def teacher_of(seed: int, state: dict[str, Any]) -> VisionTransformer:
    vit = start(seed)
    vit.load_state_dict({name: torch.tensor(weight) for name, weight in state.items()})
    return vit


def train_effort(job: tuple[int, dict[str, Any], int]) -> dict[str, Any]:
    """Fine-tune the best path of an effort; return its 8-bit logits and accuracies."""
    seed, state, effort = job
    active = best_paths(OUT / f"{NAME}_seed{seed}_cka.npz", [effort])[effort].active
    vit = fine_tuned(teacher_of(seed, state), active, batches_of(seed), EFFORT)
    parts = split_digits(seed)
    small = fake_quantised(vit, parts["train"].images)
    logits = {name: logits_of(small, parts[name].images).astype(np.float16) for name in ("calibration", "test")}
    rows = [
        (str(seed), str(effort), named(active), name, f"{right(logits[name], parts[name]):.4f}",
         f"{right(logits_of(vit, parts[name].images), parts[name]):.4f}")
        for name in logits
    ]  # fmt: skip
    print(*rows, sep="\n", flush=True)
    return {"effort": effort, "logits": logits, "rows": rows}


def save_seed(seed: int, trained: list[dict[str, Any]]) -> None:
    parts = split_digits(seed)
    for name in ("calibration", "test"):
        logits = {one["effort"]: one["logits"][name] for one in trained}
        save_logits(OUT / f"{NAME}_seed{seed}_{name}.npz", logits, parts[name].labels.numpy().astype(np.int8))


def paths_of(seed: int) -> list[tuple[int, ...]]:
    """Return random paths of one effort, no two alike."""
    depth = ps.load_model(MODEL).depth
    every = list(itertools.combinations(range(1, depth + 1), PATHS_EFFORT))
    return sorted(random.Random(seed).sample(every, PATHS))


def try_path(job: tuple[int, dict[str, Any], tuple[int, ...]]) -> tuple[str, ...]:
    """Return the scores of a path and its 8-bit test accuracy, before and after a short fine-tuning."""
    seed, state, active = job
    teacher, parts = teacher_of(seed, state), split_digits(seed)
    scores = [path_score(OUT / f"{NAME}_seed{seed}_{kind}.npz", active) for kind in ("cka", "cka_after_residual")]
    untuned = ps.skip_attention(ps.plan(teacher.model), active=active)
    tuned = fine_tuned(teacher, active, batches_of(seed), PATH)
    accuracies = []
    apply_plan(teacher, untuned)
    for vit in (teacher, tuned):
        small = fake_quantised(vit, parts["train"].images[:CKA_IMAGES])
        accuracies.append(right(logits_of(small, parts["test"].images), parts["test"]))
    return (str(seed), named(active), *(f"{score:.6f}" for score in scores), *(f"{a:.4f}" for a in accuracies))


def right(logits: Any, part: Part) -> float:
    return float((logits.argmax(axis=1) == part.labels.numpy()).mean())


def named(active: tuple[int, ...]) -> str:
    return " ".join(map(str, active))


if __name__ == "__main__":
    sys.exit(main())
