"""The kinds of operations, a row each: where one may run, what it costs by default, which labels it brings.

Workloads and boards know each other through this table alone: traces take their kinds from it, boards the keys under
``host``, ``placement`` and ``units``. Hence it stands below both. A further kind is a further row, and a line that
lowers a model to it. A board file that does not know the kind stays valid and gets the row's defaults, whose sources
say so; see hardware/defaults.py.
"""

from typing import NamedTuple

ARRAY, PL, PS = "array", "pl", "ps"  # the places: the array, a unit of the programmable logic, the processor
TOKEN_DROP = "token_drop"  # the unit whose phases prune tokens
FREE = (0.0, 0.0)


class OperationKind(NamedTuple):
    """A kind of operation.

    Attributes
    ----------
    meaning : str
        One sentence, as a hardware file's reader sees it.
    places : tuple of str
        Where it may run; the first one that a board has is the default.
    paper, full : tuple of float
        Default cost on the processor under each profile: clocks per element, clocks per row. ``FREE`` is left out.
    modules : tuple of str
        Labels that it brings into reports.
    unit : str
        Unit of the programmable logic that runs it, '' where none can.
    unit_size : tuple of int
        Default of a unit of its own: elements per clock, fill in clocks. Empty where the unit is ``TOKEN_DROP``.
    source : str
        Where the default costs come from; that they hold for a board is assumed.
    """

    meaning: str
    places: tuple[str, ...]
    paper: tuple[float, float] = FREE
    full: tuple[float, float] = FREE
    modules: tuple[str, ...] = ()
    unit: str = ""
    unit_size: tuple[int, ...] = ()
    source: str = ""

    def cost(self, profile: str) -> tuple[float, float]:
        """Return (clocks per element, clocks per row) under a profile."""
        return self.full if profile == "full" else self.paper


ON_A53 = "what it takes on the Cortex-A53 of zcu102"
OPERATIONS: dict[str, OperationKind] = {
    "gemm": OperationKind("Matrix multiplications.", (ARRAY,), source="what an array is for"),
    "softmax": OperationKind(
        "Softmax of the attention scores.", (PS, PL), paper=(15.2244, 0), full=(15.2244, 0),
        modules=("softmax",), unit="softmax", unit_size=(16, 64), source=ON_A53,
    ),
    "gelu": OperationKind(
        "GELU of the MLP.", (PS, PL), full=(7.0, 7),
        modules=("gelu",), unit="gelu", unit_size=(16, 8), source=ON_A53,
    ),
    "silu": OperationKind(
        "SiLU and gate of a SwiGLU MLP.", (PS, PL), full=(10.0, 7),
        modules=("silu",), unit="silu", unit_size=(16, 16), source=ON_A53,
    ),
    "relu": OperationKind(
        "ReLU of the MLP.", (PS, PL), full=(1.0, 7),
        modules=("relu",), unit="relu", unit_size=(16, 1),
        source="a comparison per element where GELU looks up a table, rows as GELU's",
    ),
    "norm": OperationKind("LayerNorm.", (PS, PL), full=(6.3, 130), unit="norm", unit_size=(16, 64), source=ON_A53),
    "add": OperationKind(
        "Residual and position additions.", (PS, PL), full=(3.0, 13), unit="add", unit_size=(16, 1), source=ON_A53,
    ),
    "mul": OperationKind(
        "Element-wise products and other element-wise work: rotary positions, gates, scales.", (PS, PL),
        full=(3.0, 13), modules=("mul",), unit="mul", unit_size=(16, 1), source="as an addition",
    ),
    "pool": OperationKind(
        "Sums or maxima over windows; its elements are those that are read.", (PS, PL), full=(1.0, 10),
        modules=("pool",), unit="pool", unit_size=(16, 1), source="as the scores of tokens, which are such sums",
    ),
    "requant": OperationKind(
        "int32 to int8: a pass on the PS, or free at the array's edge.", (PS, ARRAY), full=(2.5, 10),
        modules=("requant",), source=ON_A53,
    ),
    "score": OperationKind(
        "Scores of tokens: sums and maxima over rows.", (PS, PL), full=(1.0, 10),
        modules=("score",), unit=TOKEN_DROP, source=ON_A53,
    ),
    "sort": OperationKind(
        "Sort of the tokens' scores.", (PS, PL), full=(10, 50), modules=("sort",), unit=TOKEN_DROP, source=ON_A53,
    ),
    "gather": OperationKind(
        "Move of the tokens that stay.", (PS, PL), full=(0.5, 20), modules=("gather",), unit=TOKEN_DROP, source=ON_A53,
    ),
    "merge": OperationKind(
        "Weighted sum of the tokens that are fused or merged.", (PS, PL), full=(1.0, 20),
        modules=("merge",), unit=TOKEN_DROP, source=ON_A53,
    ),
}  # fmt: skip
TOKEN_KINDS = tuple(kind for kind, row in OPERATIONS.items() if row.unit == TOKEN_DROP)
PS_KINDS = tuple(kind for kind, row in OPERATIONS.items() if PS in row.places)  # they have a cost on the processor
UNIT_OF = {kind: row.unit for kind, row in OPERATIONS.items() if row.unit}
UNITS = tuple(dict.fromkeys(UNIT_OF.values()))
