"""The timeline: when each piece of work runs on which resource, by one rule for chains of work.

A chain is work that runs in order (a head from its scores to its values; an image from end to end). Each resource does
one task at a time and finishes it. Whenever it is free it takes, of the tasks that are ready, the one furthest along
its chain, then the one of the lowest chain. So it is never idle while something is ready for it:

    longest resource's work  <=  delay  <=  all work one after the other

One chain is the serial rule (PIVOT, section 3.4); chains of heads are queues of PL and PS in which a ready
SV goes before the next QK^T. Times are whole ticks (``units.Ticks``): no comparison depends on rounding.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pivotsim.units import Ticks


class Task(NamedTuple):
    """Work of one resource: the row that it is part of, its block (head; -1: all) and its length in ticks."""

    row: int
    block: int
    resource: str
    length: int


class Piece(NamedTuple):
    """A task in time: ticks of its first and past its last moment."""

    row: int
    block: int
    resource: str
    start: int
    end: int


def run_chains(chains: Sequence[Sequence[Task]], start: int = 0) -> tuple[list[Piece], int]:
    """Return the pieces of all chains in the order in which they start, and the moment when all are done.

    Parameters
    ----------
    chains : sequence of sequences of Task
        Each in its own order; all are ready at ``start``.
    start : int
        The first moment, ticks.

    Examples
    --------
    Two heads; while the PS takes the first one's softmax, the array makes the second one's scores.

    >>> head = [Task(0, 0, "array", 2), Task(1, 0, "ps", 5), Task(2, 0, "array", 1)]
    >>> pieces, end = run_chains([head, head])
    >>> [(p.resource, p.start, p.end) for p in pieces], end
    ([('array', 0, 2), ('array', 2, 4), ('ps', 2, 7), ('array', 7, 8), ('ps', 7, 12), ('array', 12, 13)], 13)
    """
    if len(chains) == 1:
        return _run_one(chains[0], start)
    ready: dict[str, list[tuple[int, int]]] = {}  # resource -> heap of (-stage, chain)
    for number, chain in enumerate(chains):
        if chain:
            ready.setdefault(chain[0].resource, []).append((0, number))
    for tasks in ready.values():
        heapq.heapify(tasks)
    running: list[tuple[int, int, int]] = []  # heap of (end, chain, stage)
    busy: set[str] = set()
    pieces: list[Piece] = []
    now = start
    while True:
        for resource, tasks in ready.items():
            if tasks and resource not in busy:
                behind, number = heapq.heappop(tasks)
                row, block, _, length = chains[number][-behind]
                pieces.append(Piece(row, block, resource, now, now + length))
                heapq.heappush(running, (now + length, number, -behind))
                busy.add(resource)
        if not running:
            return pieces, now
        now = running[0][0]
        while running and running[0][0] == now:  # all that ends now, before anything begins
            _, number, stage = heapq.heappop(running)
            busy.discard(chains[number][stage].resource)
            if stage + 1 < len(chains[number]):
                heapq.heappush(ready.setdefault(chains[number][stage + 1].resource, []), (-stage - 1, number))


def _run_one(chain: Sequence[Task], start: int) -> tuple[list[Piece], int]:
    """Return what ``run_chains`` does for a single chain: one task after the other."""
    pieces = []
    for row, block, resource, length in chain:
        pieces.append(Piece(row, block, resource, start, start + length))
        start += length
    return pieces, start


@dataclass(frozen=True)
class Timeline:
    """All pieces of a run, no two on one resource at a time; ``row`` of a piece numbers the report's rows."""

    ticks: Ticks
    pieces: tuple[Piece, ...]

    @cached_property
    def end(self) -> int:
        """The moment when all is done, ticks."""
        return max((piece.end for piece in self.pieces), default=0)

    @property
    def delay_ms(self) -> float:
        """From the start of the first piece to the end of the last."""
        return self.ticks.to_ms(self.end)

    @property
    def resources(self) -> list[str]:
        """Names of the resources in the order of their first use."""
        return list(dict.fromkeys(piece.resource for piece in self.pieces))

    def starts(self, rows: int) -> list[int]:
        """Return the tick at which each row starts."""
        first = [self.end] * rows
        for piece in self.pieces:
            first[piece.row] = min(first[piece.row], piece.start)
        return first

    def longest(self, rows: int) -> int:
        """Return the longest span, in ticks, from start to end of any group of so many rows in a row (an image)."""
        spans: dict[int, tuple[int, int]] = {}
        for piece in self.pieces:
            start, end = spans.get(piece.row // rows, (piece.start, piece.end))
            spans[piece.row // rows] = min(start, piece.start), max(end, piece.end)
        return max(end - start for start, end in spans.values())
