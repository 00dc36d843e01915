"""Operations and traces: an ordered list of what a model computes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.models.spec import VitModel
from pivotsim.operations import OPERATIONS
from pivotsim.tables import Printable, Table, counted
from pivotsim.workload.masks.masks import Mask, draw_of, drawn_mask

KINDS = tuple(OPERATIONS)

# Every label that a report may show: layers in a model's order, and what each kind of operation brings. `transfer` and
# `entropy` never stand in a trace: they follow from the hardware's placement and from effort combination.
MODULES = (
    "patch_embed", "norm1", "qkv", "q", "k", "v", "qk_norm", "qkt", "sv", "proj", "residual1",
    "norm2", "fc1", "gate", "value", "mlp_norm", "fc2", "residual2",
    *(module for row in OPERATIONS.values() for module in row.modules),
    "predictor", "transfer", "head", "entropy",
    "conv", "kv", "rope", "expert", "other",
)  # fmt: skip
TRACE_MODULES = tuple(m for m in MODULES if m not in ("transfer", "entropy"))


# The paper's three groups (Fig. 6a); its attention share (Fig. 1b) is attention_mac and softmax together.
GROUPS = {
    "attention_mac": ("qkv", "q", "k", "v", "qkt", "sv", "proj"),
    "softmax": ("softmax",),
    "mlp": ("fc1", "gate", "value", "fc2"),
}
GROUP_OF = {module: group for group, modules in GROUPS.items() for module in modules}


class Op(NamedTuple):
    """One operation of a trace.

    A GEMM multiplies (m, k) by (k, n), ``repeats`` times (heads). Every other kind works on ``repeats``
    blocks of ``m`` rows of ``n`` elements, with ``k`` = 1. ``encoder`` counts from 1; 0 is outside.

    Tokens are pruned by four kinds: ``score`` reads m rows of n elements and reduces them, ``sort`` orders the n
    elements of each row, ``gather`` moves m tokens of n elements, ``merge`` multiply-accumulates m tokens of n elements
    into others. A ``pool`` reads m windows of n elements and reduces them.

    ``mask_file`` and ``mask_key`` name a mask of the trace, ``density`` is its kept share; a key such as
    ``block=16,seed=0`` draws the mask (``Draw``), with ``density`` as the kept share of its blocks. Of another kind
    than gemm, ``density`` is the share of the elements that are worked on.

    ``layer`` is the user's own name of the layer that the operation belongs to, '' where there is none. It changes no
    number, and no hash.
    """

    encoder: int
    module: str
    kind: str
    m: int
    k: int
    n: int
    repeats: int = 1
    a_bits: int = 8
    w_bits: int = 8
    out_bits: int = 8
    density: float = 1.0
    mask_file: str = ""
    mask_key: str = ""
    layer: str = ""

    def __repr__(self) -> str:
        values = zip(self._fields, self, strict=True)
        return f"Op({', '.join(f'{field}={value!r}' for field, value in values if field != 'layer' or value)})"

    @property
    def unnamed(self) -> "Op":
        """The operation without the name of its layer: what hashes are made of."""
        return self._replace(layer="") if self.layer else self

    @property
    def dense_macs(self) -> int:
        """Multiply-accumulates of the whole matrices; 0 unless a GEMM."""
        return self.m * self.k * self.n * self.repeats if self.kind == "gemm" else 0

    @property
    def elements(self) -> int:
        """Elements over all repeats: of the result, or those that a ``score``, a ``merge`` or a ``pool`` reads."""
        return self.m * self.n * self.repeats


# Of an operation: m, k, n, repeats, bits of inputs, weights and outputs, density, and the names of a mask
GemmRow: TypeAlias = tuple[int, int, int, int, int, int, int, float, str, str]
LEAST_GMACS = 10**8  # below it three decimals of a GMAC tell little


@dataclass(frozen=True)
class Trace(Printable):
    """An ordered, immutable list of operations.

    Examples
    --------
    >>> import pivotsim as ps
    >>> trace = ps.lower(ps.plan("deit_s"))
    >>> round(trace.macs / 1e9, 2)
    4.6
    """

    ops: tuple[Op, ...]
    name: str = "trace"
    masks: Mapping[tuple[str, str], Mask] = field(default_factory=dict, hash=False)  # mask_name(op) -> mask
    model: VitModel | None = field(default=None, compare=False)  # whose operations they are; None where unknown
    notes: tuple[str, ...] = field(default=(), compare=False)  # what was taken for granted when they were read
    places: tuple[str, ...] = field(default=(), compare=False)  # file:line of each operation; none of a lowered plan

    def __len__(self) -> int:
        return len(self.ops)

    def __repr__(self) -> str:
        return f"<Trace: {self.name}, {counted(len(self.ops), 'operation')}>"

    def _tables(self) -> tuple[Table]:
        """Return operations and work by module and kind."""
        found: dict[tuple[str, str], list[int]] = {}
        for op in self.ops:
            row = found.setdefault((op.module, op.kind), [0, 0, 0])
            row[:] = row[0] + 1, row[1] + self.macs_of(op), row[2] + op.elements
        unit, scale = ("GMACs", 1e9) if self.macs >= LEAST_GMACS else ("MMACs", 1e6)
        rows = [(*key, n, f"{macs / scale:.3f}" if macs else "", f"{size:,}") for key, (n, macs, size) in found.items()]
        title = f"{self.name}: {counted(len(self.ops), 'operation')}, {self.macs / scale:.2f} {unit}"
        return (Table(title, ("module", "kind", "operations", unit, "elements"), rows, (2, 3, 4), self.notes),)

    def __iter__(self) -> Iterator[Op]:
        return iter(self.ops)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of all GEMMs that masks leave."""
        return sum(map(self.macs_of, self.ops))

    @property
    def dense_macs(self) -> int:
        """Multiply-accumulates of all GEMMs with whole matrices."""
        return sum(op.dense_macs for op in self.ops)

    def mask_of(self, op: Op) -> Mask | None:
        """Return the mask of an operation, drawn where its key says so; None where it has none."""
        if not (op.mask_file or op.mask_key):
            return None
        found = self.masks.get(mask_name(op))
        return drawn_for(op) if found is None else found

    def macs_of(self, op: Op) -> int:
        """Return the multiply-accumulates of an operation that its mask leaves."""
        mask = self.mask_of(op) if op.kind == "gemm" else None
        return op.dense_macs if mask is None else mask.macs(op.m, op.k, op.n, op.repeats)

    def elements_of(self, op: Op) -> int:
        """Return the elements of an operation's result that are made: a GEMM's mask of kind `out`, else ``density``.

        From the mask where there is one, else rounded to the next integer, which is exact for a density that is
        such a share itself.
        """
        if op.kind != "gemm":
            return op.elements if op.density == 1 else round(op.density * op.elements)
        mask = self.mask_of(op)
        return mask.macs(op.m, 1, op.n, op.repeats) if mask is not None and mask.operand == "out" else op.elements

    def within(self, scope: str) -> "Trace":
        """Return the trace cut to a scope: ``encoders`` drops what is outside them, ``all`` keeps it."""
        if scope == "all":
            return self
        places = tuple([place for op, place in zip(self.ops, self.places, strict=False) if op.encoder > 0])
        return replace(self, ops=tuple([op for op in self.ops if op.encoder > 0]), places=places)

    @cached_property
    def first_ops(self) -> dict[str, Op]:
        """Kind of operation -> the first one of it."""
        found: dict[str, Op] = {}
        for op in self.ops:
            if op.kind not in found:
                found[op.kind] = op
        return found

    @cached_property
    def classes(self) -> int | None:
        """Outputs of the head, from its first GEMM; None where the trace has no head."""
        return next((op.n for op in self.ops if op.module == "head" and op.kind == "gemm"), None)

    @cached_property
    def gemm_rows(self) -> tuple[GemmRow, ...]:
        """What clocks and bytes of each GEMM depend on, in the trace's order."""
        return tuple([op[3:13] for op in self.ops if op.kind == "gemm"])

    @cached_property
    def distinct_gemm_rows(self) -> Mapping[GemmRow, int]:
        """Each of ``gemm_rows`` once -> how many GEMMs have it: blocks of a ViT repeat the same few."""
        return Counter(self.gemm_rows)

    @cached_property
    def gemms(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
        """The GEMMs as an int64 array (count, 4): m, k, n, repeats."""
        return gemm_array(row[:4] for row in self.gemm_rows)

    @cached_property
    def gemms_with_bits(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
        """The GEMMs as an int64 array (count, 7): m, k, n, a_bits, w_bits, out_bits, repeats."""
        return np.concatenate([self.gemms[:, :3], self.gemm_bits, self.gemms[:, 3:]], axis=1)

    @cached_property
    def gemm_bits(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
        """Bits of an element of each GEMM's inputs, weights and outputs, int64 (count, 3)."""
        return np.array([row[4:7] for row in self.gemm_rows], dtype=np.int64).reshape(-1, 3)

    @cached_property
    def gemm_masks(self) -> tuple[Mask | None, ...]:
        """The mask of each GEMM, None where it has none."""
        if not any(mask_file or mask_key for *_, mask_file, mask_key in self.distinct_gemm_rows):
            return (None,) * len(self.gemm_rows)
        return tuple(self.mask_of(op) for op in self.ops if op.kind == "gemm")


def mask_name(op: Op) -> tuple[str, str]:
    """Return the name of an operation's mask among a trace's: (mask_file, mask_key), with the size if it is drawn."""
    if op.mask_file or draw_of(op.mask_key, op.density) is None:
        return op.mask_file, op.mask_key
    return "", f"{op.mask_key},density={op.density!r} of {op.m}x{op.k}x{op.n}"


def drawn_for(op: Op) -> Mask | None:
    """Return the mask that a GEMM's key draws, None where the key names another one."""
    draw = None if op.mask_file or op.kind != "gemm" else draw_of(op.mask_key, op.density)
    if draw is None:
        return None
    if not 1 <= draw.count <= op.repeats:
        raise InputError(f"mask_key: count must lie in 1 to {op.repeats}, the GEMM's repeats {got(draw.count)}")
    height, width = {"a": (op.m, op.k), "b": (op.k, op.n), "out": (op.m, op.n)}[draw.operand]
    return drawn_mask(height, width, **vars(draw))


def gemm_array(
    rows: Iterable[tuple[int, int, int, int]],
) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Return (m, k, n, repeats) rows as an int64 array of shape (count, 4)."""
    try:
        return np.array(list(rows), dtype=np.int64).reshape(-1, 4)
    except OverflowError:
        raise InputError("gemm: sizes too large, the cycles would exceed int64 (got a size beyond int64)") from None
