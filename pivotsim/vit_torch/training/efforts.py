"""Efforts of one ViT: each fine-tuned alone from a teacher (PIVOT's Phase 1), or several trained on shared weights."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from pivotsim.errors import InputError, check_integer, check_list, got
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.batches import Batches
from pivotsim.vit_torch.training.loop import train
from pivotsim.vit_torch.training.losses import TERMS
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.recipes import Recipe
from pivotsim.workload.plans import plan
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


class SharedEfforts(Part):
    """Several efforts of one set of weights: every step trains each of them on the same batch.

    Slimmable networks (Yu et al., ICLR 2019) train several widths like this; here an effort is a set of active
    attentions. After training the ViT has the attentions that it had before.

    Parameters
    ----------
    efforts : iterable of iterables of int
        Encoders, from 1, whose attention is active, one list per effort.

    Raises
    ------
    InputError
        There is no effort, or, once training starts, a number is no encoder.
    """

    def __init__(self, efforts: Iterable[Iterable[int]]) -> None:
        remedy = "a list of encoder numbers per effort"
        self.efforts = [check_list("efforts", one, "encoders", remedy) for one in efforts]
        if not self.efforts:
            raise InputError(f"efforts: needs at least one, {remedy} {got([])}")
        self.vit: VisionTransformer

    def attached(self, vit: VisionTransformer) -> AbstractContextManager[object]:
        """Remember the ViT and its attentions."""
        for encoder in sorted({i for effort in self.efforts for i in effort}, key=str):
            check_integer("efforts: encoder", encoder, 1, len(vit.blocks))
        return self._restored(vit)

    @contextmanager
    def _restored(self, vit: VisionTransformer) -> Iterator[None]:
        self.vit, before = vit, [block.attention_active for block in vit.blocks]
        try:
            yield
        finally:
            for block, active in zip(vit.blocks, before, strict=True):
                block.attention_active = active

    def passes(self) -> Iterator[None]:
        """Yield with the attentions of each effort in turn."""
        for effort in self.efforts:
            for i, block in enumerate(self.vit.blocks, start=1):
                block.attention_active = i in effort
            yield
