"""Training: a teacher on labels alone, an effort from its teacher."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.vit_torch.measuring.extraction import check_images
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.losses import distillation_loss, entropy_loss
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.attention_skipping import skip_attention

WARM_UP_FRAC = 0.1
Augment = Callable[[Tensor, torch.Generator], Tensor]


class Batches(Protocol):
    """A sized iterable of (images, labels), one pass an epoch, such as a torch DataLoader."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]: ...

    def __len__(self) -> int: ...


class InMemory:
    """Images and labels in memory, drawn in a new order each epoch; equal seeds give equal epochs.

    Parameters
    ----------
    images : Tensor, (n, ...)
    labels : Tensor of int, (n,)
    batch : int
    seed : int
    augment : callable, optional
        (images, generator) to images, for each batch.

    Raises
    ------
    InputError
        Numbers of images and labels differ, there is none, or a number does not fit.

    Examples
    --------
    >>> three = InMemory(torch.arange(3), torch.arange(3), batch=2)
    >>> len(three), [len(images) for images, _ in three]
    (2, [2, 1])
    """

    def __init__(
        self, images: Tensor, labels: Tensor, *, batch: int = 64, seed: int = 0, augment: Augment | None = None
    ) -> None:
        if not len(images) or len(images) != len(labels):
            raise InputError(f"labels: must be one per image, at least one {got((len(images), len(labels)))}")
        self.batch = check_integer("batch", batch, 1)
        self.images, self.labels, self.augment = images, labels, augment
        self.generator = torch.Generator().manual_seed(check_integer("seed", seed, 0))

    def __len__(self) -> int:
        return math.ceil(len(self.images) / self.batch)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch."""
        for chosen in torch.randperm(len(self.images), generator=self.generator).split(self.batch):
            images = self.images[chosen]
            yield images if self.augment is None else self.augment(images, self.generator), self.labels[chosen]


@dataclass(frozen=True)
class Recipe:
    """How long and by what loss a ViT is trained: AdamW, the rate rising over a tenth of the steps, then a cosine.

    Attributes
    ----------
    epochs : int
        The paper fine-tunes each effort for 30 (section 4.1).
    learning_rate, weight_decay : float
        [assumed]; the paper gives none.
    cross_entropy, distillation, entropy : float
        Weights of the three terms. The paper adds them as they are.

    Raises
    ------
    InputError
        A number does not fit; every problem is told.
    """

    epochs: int = 30
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    cross_entropy: float = 1.0
    distillation: float = 1.0
    entropy: float = 1.0

    def __post_init__(self) -> None:
        problems: list[str] = []
        try:
            check_integer("epochs", self.epochs, 1)
        except InputError as error:
            problems += error.problems
        for name in ("learning_rate", "weight_decay", "cross_entropy", "distillation", "entropy"):
            try:
                value = check_real(name, getattr(self, name))
            except InputError as error:
                problems += error.problems
                continue
            if not 0 <= value < math.inf:
                problems.append(f"{name}: must be finite and at least 0 {got(value)}")
        if problems:
            raise InputError(problems)


FROM_LABELS = Recipe(distillation=0.0, entropy=0.0)


def train(
    vit: VisionTransformer, batches: Batches, recipe: Recipe, *, teacher: VisionTransformer | None = None
) -> list[float]:
    """Train a ViT in place, on the device it is on, and leave it in evaluation mode.

    Parameters
    ----------
    vit : VisionTransformer
        Its skipped attentions stay skipped; their weights get no gradient and stay as they are.
    batches : sized iterable of (images, labels)
        An epoch each time it is walked: a DataLoader, or ``InMemory``.
    recipe : Recipe
    teacher : VisionTransformer, optional
        Needed where ``recipe.distillation`` is above 0.

    Returns
    -------
    list of float
        Mean loss of each epoch.

    Raises
    ------
    InputError
        The recipe distils and there is no teacher, there is one and nothing is distilled, or images do not fit.
    """
    if (teacher is None) != (recipe.distillation == 0):
        raise InputError(f"teacher: goes with a weight of distillation above 0 {got(recipe.distillation)}")
    steps = recipe.epochs * len(batches)
    optimizer = torch.optim.AdamW(vit.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_frac(step, steps))
    mean_losses = []
    vit.train()
    try:
        for _ in range(recipe.epochs):
            total, images_seen = 0.0, 0
            for images, labels in batches:
                loss = _loss(vit, images, labels, recipe, teacher)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                total, images_seen = total + loss.item() * len(labels), images_seen + len(labels)
            mean_losses.append(total / images_seen)
    finally:
        vit.eval()
    return mean_losses


def fine_tuned(
    teacher: VisionTransformer, active: Iterable[int], batches: Batches, recipe: Recipe | None = None
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
        The paper's loss and 30 epochs by default.

    Raises
    ------
    InputError
        A number is no encoder, or as for ``train``.
    """
    recipe = recipe or Recipe()
    vit = copy.deepcopy(teacher)
    apply_plan(vit, skip_attention(plan(teacher.model), active=list(active)))
    train(vit, batches, recipe, teacher=teacher if recipe.distillation else None)
    return vit


def rate_frac(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step, from 0: a rise to 1, then a cosine to 0.

    >>> [round(rate_frac(step, 10), 2) for step in (0, 1, 10)]
    [1.0, 1.0, 0.0]
    """
    rise = max(1, round(WARM_UP_FRAC * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1, steps - rise))


def _loss(
    vit: VisionTransformer, images: Tensor, labels: Tensor, recipe: Recipe, teacher: VisionTransformer | None
) -> Tensor:
    """Return the weighted sum of the three terms; a distilled DeiT's two heads are averaged."""
    place = vit.pos_embed
    images, labels = check_images(vit, images).to(place.device, place.dtype), labels.to(place.device)
    tokens = vit.forward_features(images)
    logits = vit.forward_head(tokens)
    logits = logits.mean(dim=0) if logits.ndim == 3 else logits
    loss = recipe.cross_entropy * F.cross_entropy(logits, labels)
    if recipe.entropy:
        loss = loss + recipe.entropy * entropy_loss(logits, labels)
    if teacher is not None:
        with torch.no_grad():
            wanted = teacher.forward_features(images)
        loss = loss + recipe.distillation * distillation_loss(tokens, wanted)
    return loss
