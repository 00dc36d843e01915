"""Details of a run on several arrays: what each array gets of every multiplication, and what is assumed."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pivotsim.engines.array.several.sharing import Shared, shares_of
from pivotsim.engines.base import Details
from pivotsim.hardware.array import ArraySpec
from pivotsim.tables import Table, counted
from pivotsim.units import IntArray
from pivotsim.workload.ops import Trace

THINGS = {"heads": "repeats", "rows": "rows", "cols": "columns"}
MAX_LISTED = 4  # shares of arrays that differ; under masks they may be many


class Line(NamedTuple):
    """``gemms`` multiplications of a module, shared out alike; ``gets`` lists (arrays, share), ``cycles`` is a sum."""

    module: str
    m: int
    k: int
    n: int
    repeats: int
    split: str
    gets: tuple[tuple[int, int], ...]
    gemms: int
    cycles: int


class SeveralDetails(Details):
    """Arrays side by side on every multiplication: no phases of any one of them are told."""

    def __init__(self, trace: Trace, shared: Sequence[Shared], cycles: IntArray, count: int, split: str) -> None:
        self.count, self.split = count, split
        self.without_steps = f"{count} arrays side by side, each with phases of its own"
        gemms = [op for op in trace if op.kind == "gemm"]
        self.runs_heads_at_once = any(
            one.split == "heads" and op.module in ("qkt", "sv") for one, op in zip(shared, gemms, strict=True)
        )
        found: dict[tuple[str, int, int, int, int, str, tuple[tuple[int, int], ...]], list[int]] = {}
        for op, one, clocks in zip(gemms, shared, cycles.tolist(), strict=True):
            key = (op.module, op.m, op.k, op.n, op.repeats, one.split, shares_of(one))
            found.setdefault(key, []).append(clocks)
        self.lines = [Line(*key, gemms=len(clocks), cycles=sum(clocks)) for key, clocks in found.items()]

    def to_dict(self) -> dict[str, Any]:
        """Return what each array gets, a row for multiplications that are shared out alike."""
        return {"arrays": {"count": self.count, "split": self.split, "gemms": [self._entry(one) for one in self.lines]}}

    def _entry(self, line: Line) -> dict[str, Any]:
        gets = [{"arrays": arrays, "share": share} for arrays, share in line.gets]
        return {**line._asdict(), "gets": gets, "idle_arrays": self._idle(line)}

    def _idle(self, line: Line) -> int:
        return self.count - sum(arrays for arrays, _ in line.gets)

    def tables(self) -> tuple[Table, ...]:
        """Return the same as a table."""
        columns = ("module", "M x K x N", "repeats", "split", f"each of {self.count} arrays gets", "idle", "clocks")
        rows = [
            (
                line.module, f"{line.m}x{line.k}x{line.n}", line.repeats, line.split,
                shares_text(line.split, line.gets), self._idle(line), f"{line.cycles:,}",
            )
            for line in self.lines
        ]  # fmt: skip
        closing = ("repeats are heads; a multiplication ends when the last array ends",)
        return (Table("", columns, rows, (2, 5, 6), closing),)


def notes_on_several(gemms: IntArray, array: ArraySpec) -> tuple[str, ...]:
    """Return what is assumed of several arrays, and where a split is not the one that was asked for; () of one."""
    return tuple(_notes(gemms, array)) if array.count > 1 else ()


def _notes(gemms: IntArray, array: ArraySpec) -> Iterator[str]:
    size = f"{array.count} arrays of {array.rows}x{array.cols}"
    yield (
        f"array.count: [assumed] {size}, each with local memories of its own, which fetches what others fetch too;"
        " shares are even, and nothing is charged to hand them out"
    )
    if array.split != "heads":
        return
    alone = int((gemms[:, 3] == 1).sum())
    if alone:
        which = f"of one repeat, {alone} of {counted(len(gemms), 'multiplication')}"
        yield f"array.split: 'heads': those {which}, are split by rows or cols, whichever takes fewer clocks"


def shares_text(split: str, gets: Sequence[tuple[int, int]]) -> str:
    """Return what each array gets as text.

    >>> shares_text("rows", ((1, 50), (3, 49)))
    '50 or 49 rows'
    >>> shares_text("rows", ((1, 1),))
    '1 row'
    """
    things = THINGS[split]
    shares = [f"{share:,}" for _, share in gets[:MAX_LISTED]]
    more = ", ..." if len(gets) > MAX_LISTED else ""
    return f"{' or '.join(shares)}{more} {things.removesuffix('s') if shares == ['1'] else things}"
