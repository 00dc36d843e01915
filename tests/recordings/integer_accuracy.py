"""Accuracy of a ViT in float, rounded in float, and in integers, into notebooks/recorded: `make integer-accuracy`.

For each of ten seeds: another split of the digits, a teacher, and one set of weights trained for four plans at once
(``integer_weights``). All numbers of a plan see the same ranges, those of the training images. The gate's threshold is
that of each kind of numbers: 70 % of its calibration images leave at the low effort. The integers of the first seed
and its test images become samples.
"""

import sys
from typing import Any

import numpy as np

from pivotsim.effort.entropy import exit_threshold, normalized_entropy
from pivotsim.effort.gating import run_gates
from pivotsim.integer.inference import run
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.integer.weights.quantisation import quantise
from pivotsim.io.array_files import write_arrays
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.measuring.ranges import joined_ranges, observed_ranges
from pivotsim.vit_torch.training.quantisation import rounded_within
from pivotsim.vit_torch.training.rungs import as_planned
from tests.recordings.digits import SIZES, split_digits
from tests.recordings.integer_weights import (
    BLOCK,
    DENSITY,
    LOW_EFFORT,
    PRUNING_ENCODERS,
    REMOVED,
    SHARED,
    TEACHER,
    Trained,
    trained,
)
from tests.recordings.paired import RESAMPLES
from tests.recordings.recording import OUT, SAMPLES, write
from tests.recordings.seeds import NOTES, SEEDS, Row, difference, for_all_seeds, values_by_seed

NAME = "integer_digits"
COMMAND = "make integer-accuracy"
NUMBERS = ("float", "rounded", "integer")
PAIR, LEC = "pair", 0.7
SETTINGS = ("whole", "low", PAIR, "tokens", "blocks")
COLUMNS = ("seed", "setting", "numbers", "accuracy_frac", "low_frac", "same_class_frac", "logit_error_rms")
Logits = dict[str, dict[str, dict[str, Any]]]  # numbers -> plan -> part of the images


def main() -> None:
    rows, took = for_all_seeds(rows_of)
    notes = [
        *NOTES[:2],
        f"teacher: {TEACHER}; then all plans in each step: {SHARED}",
        f"whole: all of digits_vit; low: the best path of {LOW_EFFORT} attentions; pair: low, then whole where the "
        f"entropy gate sends an image on, at the threshold that {LEC:.0%} of the calibration images pass; tokens: "
        f"top_k, {REMOVED} patches fewer after encoders {PRUNING_ENCODERS}; blocks: {DENSITY:.0%} of {BLOCK}x{BLOCK}",
        "rounded: weights and operands of products rounded to 8 bits, all else in float; integer: every bit an integer",
        f"ranges: of the {SIZES['train']} training images, the largest of the four plans, for both",
        "same_class_frac, logit_error_rms: against float",
        took,
    ]  # fmt: skip
    texts = [[f"{row[c]:.6g}" if isinstance(row[c], float) else str(row[c]) for c in COLUMNS] for row in rows]
    write(OUT / f"{NAME}.csv", COMMAND, notes, COLUMNS, texts)
    notes.append(f"first - second, paired by seed; 95 % bootstrap intervals of the mean, {RESAMPLES:,} resamples")
    columns = ["setting", "first", "second", "first_mean", "first_std", "mean", "low", "high", "interval_leaves_out_0"]
    write(OUT / f"{NAME}_differences.csv", COMMAND, notes, columns, differences(rows))


def rows_of(seed: int) -> list[Row]:
    """Return the rows of a seed; of the first one write the samples."""
    one, parts = trained(seed), split_digits(seed)
    model, logits = logits_by_numbers(one, parts)
    if seed == SEEDS[0]:
        write_samples(model, parts["test"])
    labels = {name: parts[name].labels.numpy() for name in ("calibration", "test")}
    rows = []
    for numbers in NUMBERS:
        of = logits[numbers]
        for setting in SETTINGS:
            found, low = gated(of) if setting == PAIR else (of[setting]["test"], "")
            to = gated(logits["float"])[0] if setting == PAIR else logits["float"][setting]["test"]
            rows.append({
                "seed": seed, "setting": setting, "numbers": numbers,
                "accuracy_frac": float((found.argmax(axis=1) == labels["test"]).mean()), "low_frac": low,
                "same_class_frac": float((found.argmax(axis=1) == to.argmax(axis=1)).mean()),
                "logit_error_rms": float(np.sqrt(((found - to) ** 2).mean())),
            })  # fmt: skip
    print(seed, *(f"{r['setting']} {r['numbers']} {r['accuracy_frac']:.3f}" for r in rows), sep="; ", flush=True)
    return rows


def logits_by_numbers(one: Trained, parts: Any) -> tuple[IntegerModel, Logits]:
    """Return the integers, and the logits of all numbers, plans and parts."""
    shown = parts["train"].images
    model = quantise(one.vit, shown, one.plans.values())
    rounded = rounded_within(
        one.vit, joined_ranges(observed_ranges(as_planned(one.vit, plan), shown) for plan in one.plans.values())
    )
    found: Logits = {numbers: {} for numbers in NUMBERS}
    for name, plan in one.plans.items():
        images = {part: parts[part].images for part in ("calibration", "test")}
        found["float"][name] = {part: logits_of(as_planned(one.vit, plan), x) for part, x in images.items()}
        found["rounded"][name] = {part: logits_of(as_planned(rounded, plan), x) for part, x in images.items()}
        found["integer"][name] = {
            part: run(model, x.numpy(), plan).logits * model.logit_scale for part, x in images.items()
        }
    return model, found


def gated(of: dict[str, dict[str, Any]]) -> tuple[Any, float]:
    """Return the logits of the pair on the test images, and the share of them that leaves at the low effort."""
    threshold = exit_threshold(normalized_entropy(of["low"]["calibration"]), LEC)
    efforts = [of["low"]["test"], of["whole"]["test"]]
    exits = run_gates([normalized_entropy(logits) for logits in efforts], [threshold])
    return np.where(exits.at[:, None] == 0, *efforts), exits.fractions[0]


def write_samples(model: IntegerModel, test: Any) -> None:
    model.save(SAMPLES / "integer" / "digits.npz")
    arrays = {"images": test.images.numpy(), "labels": test.labels.numpy().astype(np.int8)}
    write_arrays(SAMPLES / "images" / "digits.npz", arrays)


def differences(rows: list[Row]) -> list[list[str]]:
    """Return each kind of numbers against those before it."""
    table = []
    for setting in SETTINGS:
        of = {n: values_by_seed(rows, "accuracy_frac", {"setting": setting, "numbers": n}) for n in NUMBERS}
        for first, second in (("rounded", "float"), ("integer", "rounded"), ("integer", "float")):
            values = np.array(of[first])
            spread = [f"{values.mean():.5f}", f"{values.std(ddof=1):.5f}"]
            table.append([setting, first, second, *spread, *difference(of[first], of[second])])
    return table


if __name__ == "__main__":
    sys.exit(main())
