"""PIVOT's losses side by side on real images, into notebooks/recorded: `make train-papers` (eight minutes of CPU).


For each of ten seeds: another split of the digits, a teacher, its best paths of two efforts, and each of them
fine-tuned from the teacher by each loss, in float and aware of 8 bits. All start from the same weights and see the same
batches, so losses are compared seed by seed. Thresholds are set on the calibration images, F_L is of the test images.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pivotsim.effort import best_paths
from pivotsim.effort.cka import cka_matrix
from pivotsim.effort.entropy import exit_threshold, normalized_entropy
from pivotsim.effort.gating import run_gates
from pivotsim.vit_torch.measuring.extraction import features, logits_of
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.efforts import fine_tuned
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.losses import LOSSES
from pivotsim.vit_torch.training.quantisation import fake_quantised
from pivotsim.vit_torch.training.quantisation_aware import QuantisationAware
from pivotsim.vit_torch.training.recipes import Recipe
from tests.recordings.cosearch import BATCH, CKA_IMAGES, batches_of, named, right
from tests.recordings.digits import NOISE_STD, SIZES, split_digits, start
from tests.recordings.paired import RESAMPLES, paired_difference
from tests.recordings.recording import OUT, write

NAME = "training_digits_losses"
COMMAND = "make train-papers PAPERS=effort_losses"
SEEDS = tuple(range(10))
LOW, HIGH = 4, 6
LECS = (0.7, 0.8)
FIXED = 0.217  # in Eq. 3's units: the highest of the first grid of thresholds that the released code tries
TEACHER = Recipe(epochs=20, learning_rate=4e-3, loss="labels")
EPOCHS, RATE = 4, 2e-3
CLASSES = 10
RELEASED_PER_NAT = {**LOSSES["pivot_released"], "entropy_by_accuracy": float(CLASSES)}
VARIANTS: Mapping[str, "str | Mapping[str, float]"] = {
    "labels": "labels",
    "pivot_text": "pivot_text",
    "pivot_released": "pivot_released",
    "pivot_released_per_nat": RELEASED_PER_NAT,
}
KEYS = ("seed", "loss", "quantisation_aware")
FIGURES = (
    "low_float_frac", "low_int8_frac", "high_float_frac", "high_int8_frac", "low_entropy_int8",
    f"f_l_frac_th{FIXED}",
    *(f"{what}_lec{round(100 * lec)}" for lec in LECS for what in ("threshold", "f_l_frac", "cascade_int8_frac")),
)  # fmt: skip


def main() -> None:
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    torch.set_num_threads(1)
    rows = [row for seed in SEEDS for row in rows_of(seed)]
    notes = [
        f"images: scikit-learn's digits, 1,797 of 8x8 pixels, not ImageNet; split by seed into "
        f"{', '.join(f'{n} {name}' for name, n in SIZES.items())}",
        f"augmentation: Gaussian noise of {NOISE_STD} sigma; batch {BATCH}; seeds {SEEDS[0]} to {SEEDS[-1]}",
        f"teacher: {TEACHER}",
        f"efforts {LOW} (low) and {HIGH} (high): best paths by CKA of {CKA_IMAGES} training images",
        f"fine-tuning: {EPOCHS} epochs at a rate of {RATE}; the paper has 30 epochs of ImageNet",
        *(f"loss {name}: {LOSSES[loss] if isinstance(loss, str) else loss}" for name, loss in VARIANTS.items()),
        "int8: weights and activations fake-quantised to 8 bits; quantisation_aware: trained on rounded numbers",
        "figures: test images; thresholds of the int8 low effort's entropies (Eq. 3) on the calibration images",
        f"took {time.monotonic() - began_s:.0f} s, {time.process_time() - began_cpu_s:.0f} s of CPU in one process",
    ]
    texts = [[str(row[key]) for key in KEYS] + [f"{row[figure]:.6g}" for figure in FIGURES] for row in rows]
    write(OUT / f"{NAME}.csv", COMMAND, notes, [*KEYS, *FIGURES], texts)
    notes += [
        f"differences: first minus second loss, paired by seed; 95 % bootstrap intervals, {RESAMPLES:,} resamples"
    ]
    columns = ["first", "second", "quantisation_aware", "figure", "mean", "low", "high", "interval_leaves_out_zero"]
    write(OUT / f"{NAME}_differences.csv", COMMAND, notes, columns, differences(rows))


def rows_of(seed: int) -> list[dict[str, Any]]:
    """Return the figures of one seed, a row per loss and training."""
    parts, teacher = split_digits(seed), start(seed)
    train(teacher, batches_of(seed), TEACHER)
    paths = best_paths(cka_matrix(features(teacher, parts["train"].images[:CKA_IMAGES])), [LOW, HIGH])
    print(seed, *(named(path.active) for path in paths.values()), sep="; ", flush=True)
    rows = []
    for loss, weights in VARIANTS.items():
        recipe = Recipe(EPOCHS, RATE, loss=weights)
        for aware in (0, 1):
            extra = [QuantisationAware(8)] if aware else []
            low, high = (
                fine_tuned(teacher, path.active, batches_of(seed), recipe, parts=extra) for path in paths.values()
            )
            rows.append({"seed": seed, "loss": loss, "quantisation_aware": aware, **figures_of(seed, low, high)})
            print(*(f"{v:.4f}" if isinstance(v, float) else v for v in rows[-1].values()), flush=True)
    return rows


def figures_of(seed: int, low: VisionTransformer, high: VisionTransformer) -> dict[str, float]:
    """Return accuracies of two efforts, and what their cascade does at each LEC."""
    parts = split_digits(seed)
    test = parts["test"]
    small = [fake_quantised(vit, parts["train"].images) for vit in (low, high)]
    logits = [logits_of(vit, test.images) for vit in small]
    figures: dict[str, float] = {}
    for name, vit, of_small in zip(("low", "high"), (low, high), logits, strict=True):
        figures[f"{name}_float_frac"] = right(logits_of(vit, test.images), test)
        figures[f"{name}_int8_frac"] = right(of_small, test)
    entropies = [normalized_entropy(of_small) for of_small in logits]
    figures["low_entropy_int8"] = float(entropies[0].mean())
    figures[f"f_l_frac_th{FIXED}"] = float((entropies[0] < FIXED).mean())
    hits = [of_small.argmax(axis=1) == test.labels.numpy() for of_small in logits]
    before = normalized_entropy(logits_of(small[0], parts["calibration"].images))
    for lec in LECS:
        threshold, percent = exit_threshold(before, lec), round(100 * lec)
        exits = run_gates(entropies, [threshold], hits)
        figures[f"threshold_lec{percent}"] = threshold
        figures[f"f_l_frac_lec{percent}"] = exits.fractions[0]
        figures[f"cascade_int8_frac_lec{percent}"] = float(exits.accuracy_frac or 0.0)
    return figures


def differences(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return each loss against the others and aware training against rounding after it, seed by seed."""

    def series(loss: str, aware: int, figure: str) -> list[float]:
        chosen = {row["seed"]: row[figure] for row in rows if (row["loss"], row["quantisation_aware"]) == (loss, aware)}
        return [chosen[seed] for seed in sorted(chosen)]

    pairs = [(a, b, aware, aware) for b, a in _pairs(list(VARIANTS)) for aware in (0, 1)]
    pairs += [(loss, loss, 1, 0) for loss in VARIANTS]
    table = []
    for a, b, of, to in pairs:
        for figure in FIGURES:
            found = paired_difference(series(a, of, figure), series(b, to, figure))
            aware = str(of) if of == to else f"{of} minus {to}"
            numbers = [f"{value:.5f}" for value in found]
            table.append([a, b, aware, figure, *numbers, str(int(found.is_clear))])
    return table


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


if __name__ == "__main__":
    main()
