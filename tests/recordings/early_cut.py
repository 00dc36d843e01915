"""One early token cut, trained, beside a training-free one and progressive pruning, at equal simulated delays.

Eliopoulos et al. (arXiv 2407.05941, section 7) leave to future work whether learning keeps the accuracy of an
aggressive early cut. For each of ten seeds: another split of the digits and a teacher; EViT's progressive pruning at
some keep rates; and for each of them a single cut in encoder 1 or 2 that removes the number of tokens whose simulated
delay is nearest to EViT's. Each is taken as it is, and fine-tuned with the reduction active.
"""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import pivotsim as ps
from pivotsim.vit_torch.measuring.extraction import logits_of
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.reducers.reduction import prune_evit, prune_single
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.recipes import Recipe
from tests.recordings.cosearch import batches_of, right
from tests.recordings.digits import MODEL, split_digits
from tests.recordings.recording import OUT, write
from tests.recordings.seeds import NOTES, OF_DIFFERENCES, Row, difference, for_all_seeds, teacher_of, values_by_seed

NAME = "training_digits_early_cut"
COMMAND = "make train-papers PAPERS=early_cut"
BOARD = "zcu102"
KEEP_RATES = (0.5, 0.3)
PROGRESSIVE_ENCODERS = (2, 5, 7)  # of eight, as EViT's 4, 7, 10 are of twelve
CUT_ENCODERS = (1, 2)  # the paper's 25 % of the depth is 2; earlier saves more
RECIPE = Recipe(8, 4e-3, 0.01, "mostly_teacher")
KEYS = ("seed", "delay_of", "method", "trained")
FIGURES = ("accuracy_frac", "teacher_accuracy_frac")


class Reduction(NamedTuple):
    """A reduction of the tokens, and the plan that has it; ``delay_of`` is the progressive one it is as fast as."""

    delay_of: str
    method: str
    values: dict[str, Any]
    plan: ps.Plan

    def on(self, vit: VisionTransformer) -> VisionTransformer:
        """Return a copy that reduces its tokens so."""
        reduced = copy.deepcopy(vit)
        (prune_evit if self.method == "progressive" else prune_single)(reduced, **self.values)
        return reduced


def main() -> None:
    rows, took = for_all_seeds(rows_of)
    whole = delays_ms(ps.plan(MODEL))
    notes = [
        *NOTES,
        f"training: {RECIPE}",
        f"delays: {BOARD}, encoders of one image, profile paper (profile full too, where the processor also scores and "
        f"moves tokens); whole model {whole[0]:.6f} ms ({whole[1]:.6f} ms)",
    ]
    for one in reductions():
        delays = delays_ms(one.plan)
        notes.append(f"{one.delay_of} {one.method}: {one.values}, {delays[0]:.6f} ms ({delays[1]:.6f} ms)")
    notes.append(took)
    texts = [[*(str(row[key]) for key in KEYS), *(f"{row[figure]:.4f}" for figure in FIGURES)] for row in rows]
    write(OUT / f"{NAME}.csv", COMMAND, notes, [*KEYS, *FIGURES], texts)
    notes.append(f"{OF_DIFFERENCES}; trained is 1 after fine-tuning with the reduction active")
    columns = [
        "delay_of", "first", "first_trained", "second", "second_trained", "mean_accuracy_frac", "low", "high",
        "leaves_out_zero",
    ]  # fmt: skip
    write(OUT / f"{NAME}_differences.csv", COMMAND, notes, columns, differences(rows))


def delays_ms(plan: ps.Plan) -> tuple[float, float]:
    """Return the delay as the paper counts it, and with the processor's work on tokens."""
    paper, full = (ps.simulate(plan, BOARD, profile=profile).delay_ms for profile in ("paper", "full"))
    return paper, full


def reductions() -> Iterator[Reduction]:
    """Yield progressive pruning, and the cut of each encoder that comes nearest to its delay."""
    whole = ps.plan(MODEL)
    for rate in KEEP_RATES:
        values = {"keep_rate": rate, "encoders": PROGRESSIVE_ENCODERS}
        progressive = ps.prune_tokens(whole, "evit", **values)
        name = f"evit_{rate}"
        yield Reduction(name, "progressive", values, progressive)
        target = delays_ms(progressive)[0]
        for encoder in CUT_ENCODERS:
            cuts = [
                Reduction(
                    name,
                    f"cut_{encoder}",
                    {"encoder": encoder, "removed": removed},
                    ps.prune_tokens(whole, "single", r=removed, encoder=encoder),
                )
                for removed in range(1, whole.model.patches)
            ]
            yield min(cuts, key=lambda cut: abs(delays_ms(cut.plan)[0] - target))


def rows_of(seed: int) -> list[Row]:
    """Return a row per reduction, as it is and trained."""
    teacher, test = teacher_of(seed), split_digits(seed)["test"]
    of_teacher = right(logits_of(teacher, test.images), test)
    rows: list[Row] = []
    for one in reductions():
        vit = one.on(teacher)
        for trained in (0, 1):
            if trained:
                train(vit, batches_of(seed), RECIPE, teacher=teacher)
            accuracy = right(logits_of(vit, test.images), test)
            named = {"seed": seed, "delay_of": one.delay_of, "method": one.method, "trained": trained}
            rows.append({**named, "accuracy_frac": accuracy, "teacher_accuracy_frac": of_teacher})
            print(*rows[-1].values(), flush=True)
    return rows


def differences(rows: list[Row]) -> list[list[str]]:
    """Return trained reductions against untrained ones, cuts against progressive pruning, all against the whole."""
    table = []
    for rate in KEEP_RATES:
        name = f"evit_{rate}"
        found = {
            (method, trained): values_by_seed(
                rows, "accuracy_frac", {"delay_of": name, "method": method, "trained": trained}
            )
            for method in ("progressive", *(f"cut_{encoder}" for encoder in CUT_ENCODERS))
            for trained in (0, 1)
        }
        whole = values_by_seed(rows, "teacher_accuracy_frac", {"delay_of": name})
        pairs = [((method, 1), (method, 0)) for method, trained in found if trained]
        cuts = [method for method, trained in found if trained and method != "progressive"]
        pairs += [((method, trained), ("progressive", trained)) for method in cuts for trained in (0, 1)]
        pairs += [((cuts[0], trained), (cuts[1], trained)) for trained in (0, 1)]
        for of, to in pairs:
            table.append([name, of[0], str(of[1]), to[0], str(to[1]), *difference(found[of], found[to])])
        for method, trained in found:
            table.append([name, method, str(trained), "whole_model", "", *difference(found[method, trained], whole)])
    return table


if __name__ == "__main__":
    main()
