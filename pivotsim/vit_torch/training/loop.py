"""The training loop: epochs, batches, one optimiser, and the parts of a method at their places."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from pivotsim.errors import InputError, got, got_shape, shape_text
from pivotsim.vit_torch.measuring.extraction import check_images
from pivotsim.vit_torch.model.transformer import VisionTransformer
from pivotsim.vit_torch.training.batches import Batches
from pivotsim.vit_torch.training.losses import TERMS, Outputs, weighted_sum
from pivotsim.vit_torch.training.parts import Part
from pivotsim.vit_torch.training.recipes import Recipe, rate_frac

Teacher: TypeAlias = Callable[[Tensor], Tensor]  # a ViT, or anything else from images to logits


def train(
    vit: VisionTransformer,
    batches: Batches,
    recipe: Recipe,
    *,
    teacher: Teacher | None = None,
    parts: Sequence[Part] = (),
) -> list[float]:
    """Train a ViT in place, on the device it is on, and leave it in evaluation mode.

    Parameters
    ----------
    vit : VisionTransformer
        Its skipped attentions stay skipped; their weights get no gradient and stay as they are.
    batches : sized iterable of (images, labels)
        An epoch each time it is walked: a DataLoader, or ``InMemory``.
    recipe : Recipe
    teacher : VisionTransformer, or callable of images to logits, optional
        Needed where a term of the loss reads it; on the same device, in evaluation mode while it teaches.
    parts : sequence of Part
        What the method adds, in this order.

    Returns
    -------
    list of float
        Mean loss of each epoch.

    Raises
    ------
    InputError
        The loss needs a teacher and there is none, or the other way round; it reads two heads of a ViT with one;
        images or labels do not fit; the loss is no longer finite.
    """
    _check_loss(vit, recipe, teacher)
    steps, step = recipe.epochs * len(batches), 0
    mean_losses = []
    with ExitStack() as undone:
        undone.callback(vit.eval)
        if isinstance(teacher, nn.Module):
            undone.callback(teacher.train, teacher.training)
            teacher.eval()
        for part in parts:
            undone.enter_context(part.attached(vit))
        vit.train()
        optimizer = _optimizer(vit, recipe, parts)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_frac(step, steps))
        for _ in range(recipe.epochs):
            total, images_seen = 0.0, 0
            for batch in batches:
                images, labels = _checked(vit, *batch)
                for part in parts:
                    part.before_step(step, steps)
                optimizer.zero_grad(set_to_none=True)
                for _ in _passes(parts):
                    loss = _loss(vit, images, labels, recipe, teacher, parts)
                    if not loss.isfinite():
                        lower = f"{recipe.learning_rate} is too high a learning_rate, or an image is not finite"
                        raise InputError(f"recipe: the loss is {loss.item()} in step {step + 1} of {steps}; {lower}")
                    loss.backward()
                    total += loss.item() * len(labels)
                optimizer.step()
                schedule.step()
                for part in parts:
                    part.after_step(step, steps)
                step, images_seen = step + 1, images_seen + len(labels)
            mean_losses.append(total / images_seen)
    return mean_losses


def outputs_of(vit: VisionTransformer, images: Tensor) -> Outputs:
    """Return what a ViT says of images; ``heads`` are two in training mode of a distilled one, else one."""
    tokens = vit.forward_features(images)
    logits = vit.forward_head(tokens)
    return Outputs(tokens, logits if logits.ndim == 3 else logits[None])


def _optimizer(vit: VisionTransformer, recipe: Recipe, parts: Sequence[Part]) -> torch.optim.Optimizer:
    """Return AdamW with a group per part's group, after one of everything else in the ViT."""
    own = [group for part in parts for group in part.groups()]
    owned = {id(parameter) for group in own for parameter in group.parameters}
    others = [parameter for parameter in vit.parameters() if id(parameter) not in owned]
    groups: list[dict[str, Any]] = [{"params": others}]
    for group in own:
        chosen = {"lr": group.learning_rate, "weight_decay": group.weight_decay}
        groups.append({"params": list(group.parameters), **{k: v for k, v in chosen.items() if v is not None}})
    return torch.optim.AdamW(groups, recipe.learning_rate, weight_decay=recipe.weight_decay)


def _passes(parts: Sequence[Part]) -> Iterator[None]:
    """Yield once per combination of the parts' passes."""
    if not parts:
        yield
        return
    for _ in parts[0].passes():
        yield from _passes(parts[1:])


def _loss(
    vit: VisionTransformer,
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    teacher: Teacher | None,
    parts: Sequence[Part],
) -> Tensor:
    """Return the weighted sum of the recipe's terms, and what the parts add."""
    outputs = outputs_of(vit, images)
    with torch.no_grad():
        wanted = None if teacher is None else _of_teacher(teacher, images, outputs)
    loss = weighted_sum(recipe.weights, outputs, labels, wanted)
    for part in parts:
        added = part.loss(outputs, labels)
        loss = loss if added is None else loss + added
    return loss


def _of_teacher(teacher: Teacher, images: Tensor, of_student: Outputs) -> Outputs:
    if isinstance(teacher, VisionTransformer):
        outputs = outputs_of(teacher, images)
    else:
        outputs = Outputs(None, teacher(images)[None])
    if outputs.logits.shape != of_student.logits.shape:
        wanted = shape_text(of_student.logits.shape)
        raise InputError(f"teacher: logits must be {wanted} as the student's {got_shape(outputs.logits.shape)}")
    return outputs


def _checked(vit: VisionTransformer, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return a batch on the ViT's device, or raise InputError."""
    place, classes = vit.pos_embed, vit.model.classes
    images, labels = check_images(vit, images).to(place.device, place.dtype), labels.to(place.device)
    if labels.min() < 0 or labels.max() >= classes:
        wrong = int(labels.min() if labels.min() < 0 else labels.max())
        raise InputError(f"labels: must be classes from 0 to {classes - 1} {got(wrong)}")
    return images, labels


def _check_loss(vit: VisionTransformer, recipe: Recipe, teacher: Teacher | None) -> None:
    """Raise InputError unless the ViT and the teacher have what the terms read, and no teacher is idle."""
    names = list(recipe.weights)
    taught = [name for name in names if TERMS[name].teacher]
    problems = []
    if taught and teacher is None:
        problems.append(f"teacher: {', '.join(taught)} of the loss needs one {got(None)}")
    elif teacher is not None and not taught:
        problems.append(f"teacher: no term of the loss reads one {got(names)}")
    elif teacher is not None and not isinstance(teacher, VisionTransformer):
        reading = [name for name in taught if TERMS[name].teacher == "tokens"]
        problems += [f"teacher: {name} reads tokens, of a VisionTransformer alone {got(teacher)}" for name in reading]
    if not vit.distilled:
        split = [name for name in names if TERMS[name].two_heads]
        problems += [f"loss.{name}: needs a ViT with two heads, build_vit(..., distilled=True)" for name in split]
    if problems:
        raise InputError(problems)
