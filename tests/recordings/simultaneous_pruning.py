"""Weights and tokens pruned in one training (Parikh et al.) on real images, into notebooks/recorded.

For each of ten seeds: another split of the digits, a teacher, and from it at each density of the weights and each keep
rate of the tokens: pruning by magnitude without training; those masks fine-tuned, then the tokens dropped and
fine-tuned again; and masks learned by scores while tokens are dropped. The last two train equally long, by the same
loss. Each result is saved, read back as a checkpoint, and simulated on the array, behind its memories and on the MPCA.
"""

import copy
import tempfile
from pathlib import Path

import torch

import pivotsim as ps
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.reducers.reduction import prune_tdm
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.pruning.density import DensitySchedule
from pivotsim.vit_torch.training.pruning.removal import pruned_state
from pivotsim.vit_torch.training.pruning.scored_pruning import ScoredPruning, prune_by_magnitude
from pivotsim.vit_torch.training.recipes import Recipe
from tests.recordings.cosearch import batches_of, right
from tests.recordings.digits import MODEL, split_digits
from tests.recordings.recording import OUT, write
from tests.recordings.seeds import NOTES, OF_DIFFERENCES, Row, difference, for_all_seeds, teacher_of, values_by_seed

NAME = "training_digits_simultaneous"
COMMAND = "make train-papers PAPERS=simultaneous_pruning"
BLOCK = 4  # divides the width of a head, 16; 64 blocks a matrix, where DeiT-S has 576 of 16 x 16
DENSITIES, KEEP_RATES = (0.3, 0.5, 0.7), (0.5, 0.7, 1.0)
ENCODERS = (2, 5, 7)  # of eight, as 3, 7, 10 are of twelve
EPOCHS, RATE = 8, 4e-3  # the rate and the schedule by calibration images of seed 100, which is none of the ten
INITIAL_FRAC, FINAL_FRAC = 0.05, 0.7
RECIPE = Recipe(EPOCHS, RATE, 0.01, "mostly_teacher")
HALF = Recipe(EPOCHS // 2, RATE, 0.01, "mostly_teacher")
METHODS = ("no_training", "static_then_dynamic", "simultaneous")
MACHINES = {"array": ("zcu102", "paper"), "memories": ("zcu102", "hw"), "mpca": ("u250_mpca", "hw")}
KEYS = ("seed", "method", "density", "keep_rate")
FIGURES = ("accuracy_frac", "teacher_accuracy_frac", "removed_heads", *(f"{name}_cycles" for name in MACHINES))
ALL = "all"  # mean of all settings


def main() -> None:
    rows, took = for_all_seeds(rows_of)
    whole = cycles_of(ps.plan(MODEL))
    notes = [
        *NOTES,
        f"blocks of {BLOCK} x {BLOCK} of W_q, W_k, W_v, W_proj, neurons of the MLP; tokens in encoders "
        f"{', '.join(map(str, ENCODERS))}",
        f"training: {RECIPE}; static_then_dynamic half of the epochs each",
        f"scores: {learned(1.0).learning_rate} of a rate, {learned(1.0).schedule}",
        "clocks of the PL: encoders of one image; whole model "
        + ", ".join(f"{name} {cycles}" for name, cycles in whole.items()),
        took,
    ]
    texts = [
        [*(str(row[key]) for key in KEYS), *(f"{row[f]:.4f}" if f.endswith("_frac") else str(row[f]) for f in FIGURES)]
        for row in rows
    ]
    write(OUT / f"{NAME}.csv", COMMAND, notes, [*KEYS, *FIGURES], texts)
    notes += [
        f"{OF_DIFFERENCES}; {ALL} is the mean of all settings",
        "Parikh et al. (FCCM 2024) state a loss of about 3 % (0.03) for DeiT-S on ImageNet, at their smallest setting",
    ]
    columns = ["first", "second", "density", "keep_rate", "mean_accuracy_frac", "low", "high", "leaves_out_zero"]
    write(OUT / f"{NAME}_differences.csv", COMMAND, notes, columns, differences(rows))


def rows_of(seed: int) -> list[Row]:
    """Return a row per method, density and keep rate."""
    teacher, test = teacher_of(seed), split_digits(seed)["test"]
    of_teacher = right(logits_of(teacher, test.images), test)
    rows: list[Row] = []
    for density in DENSITIES:
        static = copy.deepcopy(teacher)
        train(static, batches_of(seed), HALF, teacher=teacher, parts=[fixed(density)])
        for keep_rate in KEEP_RATES:
            for method in METHODS:
                first = static if method == "static_then_dynamic" else teacher
                vit, heads = pruned(method, first, teacher, seed, density, keep_rate)
                figures = {
                    "accuracy_frac": right(logits_of(vit, test.images), test), "teacher_accuracy_frac": of_teacher,
                    "removed_heads": heads,
                }  # fmt: skip
                clocks = {f"{name}_cycles": count for name, count in cycles_of(plan_of(vit, keep_rate)).items()}
                setting = {"seed": seed, "method": method, "density": density, "keep_rate": keep_rate}
                rows.append({**setting, **figures, **clocks})
                print(*rows[-1].values(), flush=True)
    return rows


def learned(density: float) -> ScoredPruning:
    """Masks of scores that are learned, at the authors' rate."""
    return ScoredPruning(block=BLOCK, density=DensitySchedule(density, INITIAL_FRAC, FINAL_FRAC))


def fixed(density: float) -> ScoredPruning:
    """Masks of the largest magnitudes at the start, which stay."""
    return ScoredPruning(
        block=BLOCK, density=DensitySchedule(density, 0.0, 1.0), learning_rate=0.0, start="magnitude"
    )  # fmt: skip


def pruned(
    method: str, first: VisionTransformer, teacher: VisionTransformer, seed: int, density: float, keep_rate: float
) -> tuple[VisionTransformer, int]:
    """Return a pruned copy, trained as the method does, and how many of its heads lost all blocks."""
    vit = copy.deepcopy(first)
    if keep_rate < 1:
        prune_tdm(vit, keep_rate=keep_rate, encoders=ENCODERS)
    if method == "no_training":
        removed = prune_by_magnitude(vit, block=BLOCK, density=density)
    else:
        part = (learned if method == "simultaneous" else fixed)(density)
        recipe = RECIPE if method == "simultaneous" else HALF
        train(vit, batches_of(seed), recipe, teacher=teacher, parts=[part])
        removed = part.removed_heads
    return vit, sum(map(len, removed.values()))


def plan_of(vit: VisionTransformer, keep_rate: float) -> ps.Plan:
    """Return the plan of a pruned ViT, its masks read back from a saved checkpoint."""
    plan = ps.plan(MODEL)
    if keep_rate < 1:
        plan = ps.prune_tokens(plan, "tdm", keep_rate=keep_rate, encoders=ENCODERS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pruned.pth"
        torch.save(pruned_state(vit), path)
        return ps.with_checkpoint(plan, path)


def cycles_of(plan: ps.Plan) -> dict[str, int]:
    """Return the PL's clocks on each machine."""
    return {name: ps.simulate(plan, hw, memory=memory).pl_cycles for name, (hw, memory) in MACHINES.items()}


def differences(rows: list[Row]) -> list[list[str]]:
    """Return simultaneous training against the others, and each method against the whole model, at each setting."""
    table = []
    settings = [(density, rate) for density in DENSITIES for rate in KEEP_RATES]
    for density, rate in [*settings, (ALL, ALL)]:
        where = {} if density == ALL else {"density": density, "keep_rate": rate}
        found = {method: values_by_seed(rows, "accuracy_frac", {**where, "method": method}) for method in METHODS}
        whole = values_by_seed(rows, "teacher_accuracy_frac", where)
        pairs = [("simultaneous", method, found["simultaneous"], found[method]) for method in METHODS[:-1]]
        pairs += [(method, "whole_model", found[method], whole) for method in METHODS]
        table += [[of, to, str(density), str(rate), *difference(a, b)] for of, to, a, b in pairs]
    return table


if __name__ == "__main__":
    main()
