"""Dropping tokens behind memories: scores head by head, then the stream, of which rows stay.

Of each head the class token's row of softmax is filled, alone or with the rows beside it in DRAM, and scored; the
stream is filled whole, sorted and moved by rank, and what stays is drained, a fused token behind it. The score of a
trace has the first part, its sort the sorter's clocks, its gather the rest: a merge takes no more. Rule 97 of
tests/oracles/memory/rules.md.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pivotsim.engines.pl_units.layouts import block_walks, read, stream
from pivotsim.engines.pl_units.operations import A, B, Drain, Fill, Score, Shuffle, Station
from pivotsim.engines.pl_units.pass_blocks import Operations, cuts
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.operations import TOKEN_KINDS
from pivotsim.workload.ops import Op, Trace

PHASES = ("score", "sort", "gather")


class TokenDrop(NamedTuple):
    """A drop: its operations' first place in the trace and how many they are, and its sizes; ``images`` of them."""

    position: int
    phases: int
    heads: int
    tokens: int
    patches: int
    staying: int
    channels: int
    images: int

    @property
    def prefix(self) -> int:
        """Tokens in front that are not sorted."""
        return self.tokens - self.patches

    @property
    def is_fused(self) -> bool:
        """Whether what is dropped becomes one token."""
        return self.phases > len(PHASES)


def drop_at(trace: Trace, position: int) -> TokenDrop | None:
    """Return the drop whose first operation stands at a place; None where other operations do."""
    ops = trace.ops
    score = ops[position]
    before = next((op for op in reversed(ops[:position]) if op.kind == "softmax" and op.module == "softmax"), None)
    after = ops[position : position + len(PHASES)]
    if before is None or score.module != "score" or tuple(op.kind for op in after) != PHASES:
        return None
    _, sort, gather = after
    if (sort.m, sort.n) != (1, score.n) or before.encoder != score.encoder or before.n <= score.n:
        return None
    if score.m * score.repeats != before.repeats or {op.repeats for op in after} != {score.repeats}:
        return None
    behind = ops[position + len(PHASES) : position + len(PHASES) + 1]
    is_fused = any(op.kind == "merge" and op.encoder == score.encoder for op in behind)
    return TokenDrop(position, len(PHASES) + is_fused, score.m, before.n, score.n, gather.m, gather.n, score.repeats)


def drops_of(trace: Trace, own: Sequence[tuple[int, Op]]) -> list[TokenDrop] | None:
    """Return the drops that some operations on units are; None where those on tokens are anything else."""
    places = [place for place, op in own if op.kind in TOKEN_KINDS]
    found: list[TokenDrop] = []
    while places:
        drop = drop_at(trace, places[0])
        if drop is None or places[: drop.phases] != list(range(drop.position, drop.position + drop.phases)):
            return None
        found.append(drop)
        del places[: drop.phases]
    return found


def score_ways(drop: TokenDrop, board: SystolicHardware, station: Station) -> Iterator[Operations]:
    """Yield the operations of a head's scores in every way to fill the class token's row."""
    size, array = drop.tokens, (board.array.dataflow, board.array.rows, board.array.cols)
    layout, sides = read(size, size, *array), (board.array.cols, board.array.rows)
    for pitch in (size,) if size % 2 else (size, size + 1):
        most = station.words // pitch
        few = [side for side in sides if side <= min(most, size)]
        for cut in dict.fromkeys([*cuts(size, most, sides), *few, *([1] if most else [])]):
            walks = block_walks(layout, range(cut), range(size), pitch, station.lanes)
            found: Operations = Counter({(Fill, Fill(A, 0, 0, walk)): count for walk, count in walks.items()})
            score = Score(drop.prefix, drop.patches, drop.heads)
            found[Score, score] = 1
            yield found


def moved_tokens(drop: TokenDrop, station: Station) -> Operations:
    """Return the operations that sort and move the stream of an image."""
    channels = range(drop.channels)
    left = drop.staying + drop.is_fused
    given, found = (
        block_walks(stream(rows, drop.channels), range(rows), channels, drop.channels, station.lanes)
        for rows in (drop.tokens, left)
    )
    fused_base = drop.staying * drop.channels if drop.is_fused else -1
    kept = drop.staying - drop.prefix
    shuffle = Shuffle(0, drop.channels, drop.channels, drop.patches, kept, 0, drop.channels, fused_base)
    operations: Operations = Counter({(Fill, Fill(A, 1, 0, walk)): count for walk, count in given.items()})
    operations[Shuffle, shuffle] = 1
    operations.update({(Drain, Drain(B, 1, 0, walk)): count for walk, count in found.items()})
    return operations
