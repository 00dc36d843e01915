"""Dataflows, a row each: what the array's rows and columns hold, what streams past, what is loaded or drained.

An M x K x N GEMM multiplies operand `a` (M x K, the inputs) with `b` (K x N, the weights) into `out` (M x N). A
dataflow maps two of the three dimensions onto rows and columns; the third one streams. Nothing else in the package says
which: kernels get a row's ``Mapping`` as integers.

    is   a stays in the PEs, b streams from the left, sums move down     (input stationary)
    ws   b stays in the PEs, a streams from the left, sums move down     (weight stationary)
    os   sums stay in the PEs and are shifted out, a and b stream        (output stationary)

Sources: PIVOT (DAC'24), section 4.1, names `is`; SCALE-Sim's three dataflows are the same. The Verilog of the array
states the table a second time, and a test compares the two.
"""

from typing import NamedTuple

from pivotsim.kernels.types import Mapping

DIMENSIONS = "mkn"
OPERAND_DIMENSIONS = {"a": "mk", "b": "kn", "out": "mn"}
OPERAND_MEMORY = {"a": "ipmem", "b": "wtmem", "out": "opmem"}


class Dataflow(NamedTuple):
    """One row of the table; dimensions are letters of ``DIMENSIONS``, operands keys of ``OPERAND_DIMENSIONS``.

    ``stationary`` is the operand that stays in the PEs; ``from_left`` streams through rows, ``from_above`` through
    columns (None where the stationary operand is loaded there instead). ``loop_orders`` are those of the memory
    hierarchy, outermost first.
    """

    name: str
    words: str
    rows: str
    cols: str
    stream: str
    stationary: str
    from_left: str
    from_above: str | None
    loop_orders: tuple[str, str]

    @property
    def drains(self) -> bool:
        """Whether finished sums are shifted out of the array after a fold, instead of operands loaded before it."""
        return self.stationary == "out"

    @property
    def dimensions(self) -> str:
        """The dimensions that rows hold, columns hold, and that streams."""
        return self.rows + self.cols + self.stream

    @property
    def fetched(self) -> tuple[str, str]:
        """The two operands in the order in which a pass fetches them: what it holds, then what streams (os: a, b)."""
        return (self.from_left, self.from_above or "") if self.drains else (self.stationary, self.from_left)

    @property
    def memories(self) -> tuple[str, str]:
        """The local memories of ``fetched``."""
        first, second = self.fetched
        return OPERAND_MEMORY[first], OPERAND_MEMORY[second]

    def sizes(self, m: int, k: int, n: int) -> tuple[int, int, int]:
        """Return (size held by rows, size held by columns, streamed length) of an M x K x N GEMM.

        >>> DATAFLOW["is"].sizes(197, 384, 1536)
        (384, 197, 1536)
        """
        of = {"m": m, "k": k, "n": n}
        return of[self.rows], of[self.cols], of[self.stream]

    @property
    def mapping(self) -> Mapping:
        """The row as kernels read it."""
        rows, cols, stream = (DIMENSIONS.index(letter) for letter in self.dimensions)
        return Mapping(rows, cols, stream, int(self.drains), int(self.fetched[0] == "b"))


_CHUNKED = ("column-chunk-row", "chunk-column-row")
DATAFLOW: dict[str, Dataflow] = {
    row.name: row
    for row in (
        Dataflow("is", "input stationary", "k", "m", "n", "a", "b", None, _CHUNKED),
        Dataflow("ws", "weight stationary", "k", "n", "m", "b", "a", None, _CHUNKED),
        Dataflow("os", "output stationary", "m", "n", "k", "out", "a", "b", ("column-outer", "row-outer")),
    )
}
DATAFLOWS: tuple[str, ...] = tuple(DATAFLOW)  # a name's place is its code in vectors of designs
# What several arrays share out of a multiplication: its repeats (heads), or a dimension of its result. K is none of
# them: the arrays' partial sums would have to be added between arrays.
SPLIT_DIMENSION = {"heads": None, "rows": "m", "cols": "n"}
SPLITS: tuple[str, ...] = ("auto", *SPLIT_DIMENSION)  # auto: whichever takes the fewest clocks, a multiplication each
