"""One gate over skipped attentions, tokens and weights together against each alone, into notebooks/recorded.

For each of ten seeds: another split of the digits, a teacher, and from it five sets of weights: one trained for the
rungs of each kind of effort, one for the rungs of all kinds and mixtures of them with as many passes a step, and one
for these with every rung in each step. On a simulated board every ladder of up to three rungs is tried with every
threshold that the calibration images tell apart. What is chosen there is measured on the test images.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import pivotsim as ps
from pivotsim.effort import search_ladder
from pivotsim.effort.search.choice import Choice
from pivotsim.effort.search.space import Cascades
from tests.recordings.digits import MODEL, split_digits
from tests.recordings.equal_accuracy import RESAMPLES as CURVE_RESAMPLES
from tests.recordings.equal_accuracy import ratio_at
from tests.recordings.paired import RESAMPLES, paired_difference
from tests.recordings.recording import OUT, write
from tests.recordings.rung_plans import ALL, KINDS, MIXED, RUNGS, SETS, TEACHER, Logits, trained_rungs
from tests.recordings.seeds import NOTES, Row, for_all_seeds

NAME = "training_digits_one_gate"
COMMAND = "make train-papers PAPERS=one_gate"
# 6x3: qkv and proj of digits_vit take as many folds of it as those of DeiT-S take of 64x36
ZCU102 = ps.load_hardware("zcu102")
BOARDS = {"64x36": ZCU102, "6x3": ZCU102.replace({"array.rows": 6, "array.cols": 3})}
ENERGY = "activity"
GATE = "entropy"
MOST = 3
# method -> set of weights, candidate rungs
METHODS: dict[str, tuple[str, Sequence[str]]] = {
    **{kind: (kind, rungs) for kind, rungs in KINDS.items()},
    "all": ("all", ALL),
    "all_each_step": ("all_each_step", ALL),
    **{f"{kind}_of_all": ("all_each_step", rungs) for kind, rungs in KINDS.items()},
    "unmixed_of_all": ("all_each_step", [rung for rung in ALL if rung not in MIXED]),
}
TOGETHER = ("all", "all_each_step")
FLOORS = (0, 1, 2, 4)  # points below the teacher's accuracy on the calibration images
SHARES = (0.4, 0.5, 0.65, 0.8)  # of the whole model's delay
# question -> what is least, and under which limit
QUESTIONS = {
    **{f"accuracy-{floor}": ("edp_j_ms", floor) for floor in FLOORS},
    **{f"accuracy-1 by {cost}": (cost, 1) for cost in ("delay_ms", "energy_j")},
    **{f"delay*{share}": ("delay_ms", share) for share in SHARES},
}
LOSSES = (1, 1.5, 2, 3)  # points below the teacher's mean accuracy of the test images
COSTS = ("delay_ms", "energy_j", "edp_j_ms")
KEYS = ("seed", "board", "method", "question")
COLUMNS = (*KEYS, "met", "rungs", "thresholds", "exits", "teacher_frac", "calibration_frac", "accuracy_frac", *COSTS)


def main() -> None:
    rows, took = for_all_seeds(rows_of)
    record(rows, took)


def rows_of(seed: int) -> list[Row]:
    """Return the rows of one seed."""
    return searched(seed, *trained_rungs(seed))


def searched(
    seed: int, plans: Mapping[str, ps.Plan], logits: Mapping[str, Mapping[str, Logits]], teacher: Logits
) -> list[Row]:
    """Return a row per board, method and question."""
    parts = split_digits(seed)
    labels = {name: parts[name].labels.numpy() for name in ("calibration", "test")}
    of_teacher = {part: float((teacher[part].argmax(axis=1) == of).mean()) for part, of in labels.items()}
    rows = []
    for board, hw in BOARDS.items():
        reports = {name: ps.simulate(plan, hw, energy=ENERGY) for name, plan in plans.items()}
        for method, (trained, rungs) in METHODS.items():
            chosen = {name: reports[name] for name in rungs}
            both = {
                part: search_ladder(chosen, {"labels": labels[part], **{r: logits[trained][r][part] for r in rungs}},
                                    gate=GATE)
                for part in labels
            }  # fmt: skip
            for question, answer, met in answers(
                both["calibration"], of_teacher["calibration"], reports["whole"].delay_ms
            ):
                measured = both["test"].choice(answer.efforts, answer.thresholds)
                rows.append({"seed": seed, "board": board, "method": method, "question": question, "met": int(met),
                             "teacher_frac": of_teacher["test"],
                             "rungs": " ".join(map(str, answer.efforts)),
                             "thresholds": " ".join(f"{t:.4g}" for t in answer.thresholds),
                             "exits": " ".join(f"{f:.3f}" for f in measured.exits.fractions),
                             "calibration_frac": answer.accuracy_frac, "accuracy_frac": measured.accuracy_frac,
                             **{cost: getattr(measured.mix, cost) for cost in COSTS}})  # fmt: skip
        shown = [row for row in rows if row["board"] == board and row["question"] == "accuracy-1"]
        figures = (f"{r['method']}: {r['delay_ms']:.4f} ms {r['accuracy_frac']:.3f}" for r in shown)
        print(seed, board, *figures, sep="; ", flush=True)
    return rows


def answers(search: Cascades, of_teacher: float, whole_ms: float) -> list[tuple[str, Choice, bool]]:
    """Return (question, choice, whether it meets the limit), all from the exact fronts of the calibration images."""
    fronts = {cost: search.front(cost, max_efforts=MOST) for cost in COSTS}
    assert search.sampling(max_efforts=MOST) is None  # every threshold was tried
    found = []
    for question, (cost, limit) in QUESTIONS.items():
        front = fronts[cost]  # by rising cost and rising accuracy
        if question.startswith("accuracy"):
            floor = of_teacher - limit / 100
            meeting = [choice for choice in front if choice.accuracy_frac >= floor - 1e-9][:1]
            found.append((question, (meeting or front[-1:])[0], bool(meeting)))
        else:
            meeting = [choice for choice in front if choice.delay_ms <= limit * whole_ms][-1:]
            found.append((question, (meeting or front[:1])[0], bool(meeting)))
    return found


def record(rows: list[Row], took: str) -> None:
    """Write the rows, and the differences of all kinds together to each alone."""
    whole = {board: ps.simulate(ps.plan(MODEL), hw, energy=ENERGY) for board, hw in BOARDS.items()}
    options = next(iter(whole.values())).options
    said = ", ".join(f"{name} {options[name]}" for name in ("engine", "memory", "profile", "scope", "energy"))
    notes = [
        *NOTES[:2],
        f"teacher: {TEACHER}",
        f"fine-tuning of the rungs: {RUNGS}; each step trains the largest, the smallest, and some drawn between them",
        *(f"weights {name}: {drawn} drawn; rungs {', '.join(rungs)}" for name, (rungs, drawn) in SETS.items()),
        "methods: a kind, and all, on weights of their own; _of_all: these rungs alone on the weights all_each_step",
        f"simulated: zcu102 with an array of 64x36, and of 6x3 (qkv and proj take as many folds as DeiT-S's "
        f"on 64x36), {said}; "
        f"gate {GATE}, charged",
        "constants: energies rest on [estimate] and [calibrated] ones, the softmax's delay on a [calibrated] one",
        *(f"whole model on {board}: {r.delay_ms:.6g} ms, {r.energy_j:.6g} J, {r.edp_j_ms:.6g} J*ms"
          for board, r in whole.items()),
        "accuracy-P: least edp_j_ms (or the named cost) at the teacher's calibration accuracy minus P points; "
        "delay*S: most accuracy at S of the whole model's delay; met is of the calibration images",
        took,
    ]  # fmt: skip
    texts = [[f"{row[c]:.6g}" if isinstance(row[c], float) else str(row[c]) for c in COLUMNS] for row in rows]
    write(OUT / f"{NAME}.csv", COMMAND, notes, COLUMNS, texts)
    notes.append(
        "first against each other method, over the seeds in which both meet the question on the calibration images: "
        "difference of accuracies, and geometric mean of the other's cost over the first's, above 1 where it is less; "
        f"95 % bootstrap intervals, {RESAMPLES:,} resamples"
    )
    columns = [
        "board",
        "question",
        "first",
        "other",
        "seeds",
        "figure",
        "mean",
        "low",
        "high",
        "interval_leaves_out_none",
    ]
    write(OUT / f"{NAME}_differences.csv", COMMAND, notes, columns, differences(rows))
    notes[-1] = (
        "points: below the teacher's mean accuracy of the test images; mean: the other's cost over the first's where "
        "both curves, of means over the seeds, have that accuracy; 95 % bootstrap intervals, "
        f"{CURVE_RESAMPLES:,} draws of the seeds; reached_frac: draws in which both curves get there"
    )
    columns = ["board", "points", "first", "other", "figure", "mean", "low", "high", "reached_frac"]
    columns.append("interval_leaves_out_none")
    write(OUT / f"{NAME}_equal_accuracy.csv", COMMAND, notes, columns, at_equal_accuracy(rows))


def differences(rows: Sequence[Row]) -> list[list[str]]:
    """Return both methods of all kinds together against every other, board by board and question by question."""
    by_key = {tuple(row[key] for key in KEYS): row for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    table = []
    for board, question, first, other in itertools.product(BOARDS, QUESTIONS, TOGETHER, METHODS):
        pairs = [[by_key[seed, board, method, question] for method in (first, other)] for seed in seeds]
        pairs = [pair for pair in pairs if all(row["met"] for row in pair)]
        if other == first or not pairs:
            continue
        for figure in ("accuracy_frac", *COSTS):
            ours, theirs = np.array([[row[figure] for row in pair] for pair in pairs]).T
            if figure == "accuracy_frac":
                found = paired_difference(ours, theirs)
                numbers = list(found)
            else:
                found = paired_difference(np.log(theirs), np.log(ours))
                numbers = [math.exp(value) for value in found]
            cells = [str(len(pairs)), figure, *(f"{value:.5f}" for value in numbers), str(int(found.is_clear))]
            table.append([board, question, first, other, *cells])
    return table


def at_equal_accuracy(rows: Sequence[Row]) -> list[list[str]]:
    """Return what both methods of all kinds together gain over every other at one accuracy of the test images."""
    seeds = sorted({row["seed"] for row in rows})
    asked = [question for question in QUESTIONS if " by " not in question]
    by_key = {tuple(row[key] for key in KEYS): row for row in rows}

    def curve(board: str, method: str, figure: str) -> Any:
        return np.array([[by_key[seed, board, method, question][figure] for question in asked] for seed in seeds])

    table = []
    for board, first, other in itertools.product(BOARDS, TOGETHER, METHODS):
        if other == first:
            continue
        whole = curve(board, first, "teacher_frac")[:, 0]
        of_both = [curve(board, method, "accuracy_frac") for method in (first, other)]
        for points, cost in itertools.product(LOSSES, COSTS):
            curves = [(of, curve(board, method, cost)) for of, method in zip(of_both, (first, other), strict=True)]
            found = ratio_at(points / 100, whole, *curves)
            cells = [f"{value:.5f}" for value in found]
            table.append([board, f"{points:g}", first, other, cost, *cells, str(int(found.is_clear))])
    return table


if __name__ == "__main__":
    main()
