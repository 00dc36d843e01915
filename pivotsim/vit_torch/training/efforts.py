"""Efforts of one ViT: each fine-tuned alone from a teacher (PIVOT's Phase 1), or plans trained on shared weights."""

import copy
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from pivotsim.errors import InputError, check_integer, check_list, got
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.batches import Batches
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.losses import TERMS
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.recipes import Recipe
from pivotsim.vit_torch.training.rungs import Rung, put_on, rung_of
from pivotsim.workload.plans import Plan, plan
from pivotsim.workload.transforms.attention_skipping import skip_attention


def fine_tuned(
    teacher: VisionTransformer,
    active: Iterable[int],
    batches: Batches,
    recipe: Recipe | None = None,
    *,
    parts: Sequence[Part] = (),
) -> VisionTransformer:
    """Return an effort: the teacher's weights with some attentions skipped, trained from the teacher (Phase 1).

    Parameters
    ----------
    teacher : VisionTransformer
        Every attention active; stays as it is.
    active : iterable of int
        Encoders, from 1, whose attention is active, as ``best_paths`` gives them.
    batches : sized iterable of (images, labels)
    recipe : Recipe, optional
        The loss of the paper's text and 30 epochs by default.
    parts : sequence of Part

    Raises
    ------
    InputError
        A number is no encoder, or as for ``train``.
    """
    recipe = recipe or Recipe()
    vit = copy.deepcopy(teacher)
    apply_plan(vit, skip_attention(plan(teacher.model), active=list(active)))
    reads_teacher = any(TERMS[name].teacher for name in recipe.weights)
    train(vit, batches, recipe, teacher=teacher if reads_teacher else None, parts=parts)
    return vit


class SharedPlans(Part):
    """Several plans of one set of weights, rungs of a ladder: every step trains some of them on the same batch.

    Slimmable networks (Yu et al., ICLR 2019) train every width in each step; the sandwich rule (Yu, Huang, ICCV 2019)
    trains the largest, the smallest and some drawn between them. Here a rung is a plan: attentions skipped, tokens
    reduced, heads, neurons and blocks of weights left out, or any of these together. The losses of the passes are
    summed. After training the ViT is as it was before, with the trained weights; ``rungs.as_planned`` makes one rung.

    Parameters
    ----------
    plans : iterable of Plan
        Of the ViT's model, the largest first and the smallest last.
    drawn : int, optional
        How many of those between the first and the last are drawn for each step; all by default.
    seed : int
        Of the draws.

    Raises
    ------
    InputError
        There is no plan, a number does not fit, or, once training starts, as for ``rungs.as_planned``.
    """

    def __init__(self, plans: Iterable[Plan], *, drawn: int | None = None, seed: int = 0) -> None:
        self.plans = check_list("plans", plans, "Plans", "one per rung, the largest first")
        if not self.plans:
            raise InputError(f"plans: needs at least one {got([])}")
        between = max(len(self.plans) - 2, 0)
        self.drawn = between if drawn is None else check_integer("drawn", drawn, 0, between)
        self.draw = random.Random(check_integer("seed", seed, 0))
        self.vit: VisionTransformer
        self.rungs: list[Rung]
        self.chosen: list[Rung]

    @contextmanager
    def attached(self, vit: VisionTransformer) -> Iterator[None]:
        """Make the rungs of the ViT; at the end take off the one that a failure left on."""
        self.vit, self.rungs = vit, [rung_of(vit, plan) for plan in self.plans]
        self.put = ExitStack()
        with self.put:
            yield

    def before_step(self, step: int, steps: int) -> None:
        """Draw the rungs of the step."""
        inner = self.draw.sample(self.rungs[1:-1], self.drawn)
        self.chosen = [self.rungs[0], *inner, *self.rungs[1:][-1:]]

    def passes(self) -> Iterator[None]:
        """Yield with each chosen rung on the ViT in turn."""
        for rung in self.chosen:
            self.put.enter_context(put_on(self.vit, rung))
            yield
            self.put.close()
