"""Batches of images and labels, one pass an epoch."""

import math
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from pivotsim.errors import InputError, check_integer, got

Augment: TypeAlias = Callable[[Tensor, torch.Generator], Tensor]


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
