"""When each group of rows is in each stage of a pipeline, to the clock.

Rules. A stage works on one group of rows at a time, ``clocks`` long:

    start   when the group before it has left (``image_clocks`` later where that is of another image) and every input
            has arrived: the same group of its source, the last one where the source has fewer, or the whole image
            where it is an operand that is needed whole (K of Q K^T, V of S V)
    leave   when its clocks are over and every FIFO behind it has room, in all of them at once; until then it stays, and
            the stage with it (back-pressure)

A FIFO of ``depth`` groups holds what has left the source and has not started in the target. An operand that is needed
whole is held, depth images of it, until the target's last group of that image has left. What a target does not take
(a head that reads the class token alone) is dropped as it arrives. Images are there from clock 0 on, one after the
other. Where a model has more encoders than the pipeline, an image passes them again, before the next one enters: its
group enters when the same group of the pass before it has left; the store between the two is unlimited.

All of that is maxima and sums. Once every stage is later by a constant of its own from one period of images to the
next, for as long as anything looks back, and depends on no stage whose constant is larger, it stays so for ever: the
largest term of each maximum keeps its place. Later images are not worked out one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.kernels.pipeline import stage_times
from pivotsim.units import INT64_MAX, IntArray

UNLIMITED_DEPTH = -1
FIRST_IMAGES = 8  # that are worked out before it is asked whether they repeat
MAX_GROUPS = 20_000_000  # of all stages that are worked out one by one


class Stage(NamedTuple):
    """A stage: clocks of a group of rows, and groups of an image."""

    name: str
    clocks: int
    groups: int


class Edge(NamedTuple):
    """Rows from one stage (its place in the list) to a later one.

    ``depth`` is in groups, or in images of an operand that ``is_whole``; -1 is unlimited. ``is_feedback`` leads back,
    to the next pass of an image. The target's first group needs the source's group ``skipped``, its second one the next
    and so on; such rows are put in another order, in a store that is unlimited.
    """

    name: str
    source: int
    target: int
    depth: int
    is_whole: bool = False
    is_feedback: bool = False
    skipped: int = 0


@dataclass(frozen=True)
class Times:
    """Times of the images that were worked out, and how they go on.

    Attributes
    ----------
    starts, leaves : sequence of int64 (images, passes * groups)
        Of each stage: clocks at which a group starts and leaves.
    period : int
        Images after which all repeats.
    shifts : tuple of int
        Clocks by which each stage is later a period after.
    passes : int
        Times that an image passes the stages.
    """

    starts: Sequence[IntArray]
    leaves: Sequence[IntArray]
    period: int
    shifts: tuple[int, ...]
    passes: int

    @property
    def interval_clocks(self) -> Fraction:
        """Clocks from image to image where the pipeline is full, at its last stage."""
        return Fraction(self.shifts[-1], self.period)

    def span(self, stage: int, image: int, of_pass: int = 0) -> tuple[int, int]:
        """Return the clocks of a stage's first start and last leave for a pass of an image, all counted from 0."""
        worked_out = len(self.leaves[stage])
        steps = max(-(-(image - worked_out + 1) // self.period), 0)
        known, later = image - steps * self.period, steps * self.shifts[stage]
        groups = self.leaves[stage].shape[1] // self.passes
        first, last = of_pass * groups, of_pass * groups + groups - 1
        return int(self.starts[stage][known, first]) + later, int(self.leaves[stage][known, last]) + later

    def most_held(self, edge: Edge) -> int:
        """Return the most groups that stand between two stages at once, or images of an operand that is whole.

        What is taken in a clock still has its place in it, so that as many places are enough, whatever the depth.
        """
        arrive, take = self.leaves[edge.source], self.starts[edge.target]
        if edge.is_whole:  # from its first group on, until the target's last one has left
            arrived, taken = arrive[:, 0], self.leaves[edge.target][:, -1]
        else:
            shared = min(arrive.shape[1], take.shape[1])
            arrived, taken = arrive[:, :shared].ravel(), take[:, :shared].ravel()
        held = int((np.arange(1, len(arrived) + 1) - np.searchsorted(taken, arrived, side="left")).max(initial=0))
        return held if edge.depth == UNLIMITED_DEPTH else min(held, edge.depth)


def stage_schedule(stages: Sequence[Stage], edges: Sequence[Edge], image_clocks: int = 0, passes: int = 1) -> Times:
    """Return when each group of rows is in each stage.

    Parameters
    ----------
    stages : sequence of Stage
        At least one, each after those that its rows come from; the last one is what the interval is read at.
    edges : sequence of Edge
    image_clocks : int
        Clocks between an image, or a pass of it, and the next one, in each stage.
    passes : int
        Times that an image passes all stages.

    Raises
    ------
    InputError
        A buffer is too small and the pipeline stands still for ever, the clocks would exceed int64, or the times do
        not repeat within ``MAX_GROUPS``.

    Examples
    --------
    Rows of 2, then of 3 clocks: the second stage sets the interval, the first one fills.

    >>> times = stage_schedule([Stage("a", 2, 4), Stage("b", 3, 4)], [Edge("", 0, 1, 1)])
    >>> times.span(1, 0), times.interval_clocks
    ((2, 14), Fraction(12, 1))
    """
    table = np.array([stage[1:] for stage in stages], dtype=np.int64)
    listed = sorted(edges, key=lambda edge: edge.target)
    rows = np.array([edge[1:] for edge in listed], dtype=np.int64).reshape(-1, 6)
    rows = np.ascontiguousarray(rows[:, [0, 1, 3, 2, 4, 5]])
    places = np.arange(len(stages) + 1)
    outs = np.argsort(rows[:, 0], kind="stable")
    first_in, first_out = np.searchsorted(rows[:, 1], places), np.searchsorted(rows[outs, 0], places)
    longest, images = int(table[:, 1].max()), FIRST_IMAGES
    work = sum(stage.clocks * stage.groups + image_clocks for stage in stages) * passes
    while True:
        groups = int(table[:, 1].sum()) * images * passes
        if work * images > INT64_MAX:
            raise InputError(f"pipeline: sizes too large, the clocks would exceed int64 {got(work * images)}")
        if len(stages) * longest * images * passes > MAX_GROUPS:
            raise InputError(f"pipeline: its times do not repeat within {images // 2} images; use shallower buffers")
        starts, leaves = (np.zeros((len(stages), longest * images * passes), dtype=np.int64) for _ in range(2))
        started, left = (np.zeros(len(stages), dtype=np.int64) for _ in range(2))
        links = (rows, first_in.astype(np.int64), first_out.astype(np.int64), outs.astype(np.int64))
        done = stage_times(table, *links, images * passes, passes, image_clocks, starts, leaves, started, left)
        if done < groups:
            raise InputError(_deadlock(stages, edges, image_clocks, passes))
        shaped = [
            [array[s, : stage.groups * images * passes].reshape(images, -1) for s, stage in enumerate(stages)]
            for array in (starts, leaves)
        ]
        found = _repeats(shaped[0], shaped[1], edges, passes)
        if found is not None:
            return Times(shaped[0], shaped[1], *found, passes)
        images *= 2


def _repeats(
    starts: Sequence[IntArray], leaves: Sequence[IntArray], edges: Sequence[Edge], passes: int
) -> tuple[int, tuple[int, ...]] | None:
    """Return (period, shift of each stage) where the times repeat from here on, None where that is not sure yet."""
    back, images = 1, len(leaves[0])
    for edge in edges:
        of_an_image = passes if edge.is_whole else min(starts[edge.source].shape[1], starts[edge.target].shape[1])
        back = max(back, -(-edge.depth // of_an_image) + 1)
    for period in range(1, images):
        first = images - back - period - 1  # earlier images do not count
        if first < period:
            return None
        shifts = []
        for times in zip(starts, leaves, strict=True):
            steps = np.concatenate([(array[first:] - array[first - period : -period]).ravel() for array in times])
            if (steps != steps[0]).any():
                break
            shifts.append(int(steps[0]))
        if len(shifts) == len(starts) and all(
            shifts[edge.source] <= shifts[edge.target]
            and (edge.depth < 0 or shifts[edge.target] == shifts[edge.source])
            for edge in edges
        ):
            return period, tuple(shifts)
    return None


def _deadlock(stages: Sequence[Stage], edges: Sequence[Edge], image_clocks: int, passes: int) -> Iterator[str]:
    """Yield which buffers are too small, and what would be enough for each: the most that stand there without limits.

    An operand that is whole waits for earlier images alone, so that its depth never stops a pipeline for ever.
    """
    free = [edge if edge.is_whole or not edge.name else edge._replace(depth=UNLIMITED_DEPTH) for edge in edges]
    times = stage_schedule(stages, free, image_clocks, passes)
    short: dict[str, tuple[int, int]] = {}  # a name stands for a buffer in each encoder
    for edge, unlimited in zip(edges, free, strict=True):
        held = times.most_held(unlimited)
        if edge.name and not edge.is_whole and UNLIMITED_DEPTH < edge.depth < held:
            short[edge.name] = max(short.get(edge.name, (0, 0)), (held, edge.depth))
    for name, (held, depth) in short.items():
        problem = f"is too small, the pipeline stands still for ever; {held} are enough"
        yield f"pipeline.buffers.{name}: {problem} {got(depth)}"
