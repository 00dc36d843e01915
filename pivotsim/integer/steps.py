"""Steps of integer inference: a list in the order of the trace's operations, each with what its bits depend on.

A tensor is two-dimensional, (rows, columns), rows being tokens. What heads have of their own stands side by side: of
H heads and N tokens the scores are (N, H * N), copy h in columns h * N to h * N + N - 1. Operands of a GEMM are int8,
the residual stream is int16, sums and logits are int32. A step reads tensors by name and makes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from pivotsim.workload.lowering.weight_gemms import masked
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Op

PATCHES = "patches"  # int8 (patches, channels * height * width of a patch), channels outermost: what a run starts from
LOGITS = "head"

Array: TypeAlias = np.ndarray[Any, Any]
Tensors: TypeAlias = Mapping[str, Array]  # by name, (..., rows, columns); axes in front are images


class View(NamedTuple):
    """An operand out of a tensor: copy c has the ``size`` columns from ``first + c * size``, transposed or not."""

    tensor: str
    first: int
    size: int
    transposed: bool = False

    def of(self, tensors: Tensors, copies: int) -> Array:
        """Return the operand of every copy, (..., copies, rows, size), or (..., copies, size, rows) transposed."""
        chosen = tensors[self.tensor][..., self.first : self.first + copies * self.size]
        split = np.moveaxis(chosen.reshape(*chosen.shape[:-1], copies, self.size), -2, -3)
        return np.swapaxes(split, -1, -2) if self.transposed else split


@dataclass(frozen=True, eq=False)
class Gemm:
    """``copies`` products of int8 (m, k) and (k, n), results side by side: (m, copies * n).

    Attributes
    ----------
    encoder, module : int, str
        As in the trace.
    m, k, n, copies : int
        Sizes for one image.
    a : View
        The first m rows of a tensor.
    b : View or array of int8, (k, n)
        A tensor's columns, or weights, 0 where the mask leaves them out.
    bias : array of int32, (n,), optional
        In the scale of the sums.
    scale : Scale, optional
        Multiplier and shift to int8; None where the int32 sums leave as they are.
    mask : Mask, optional
        Of the weights.
    """

    encoder: int
    module: str
    m: int
    k: int
    n: int
    copies: int
    a: View
    b: View | Array
    output: str
    bias: Array | None = None
    scale: Any = None
    mask: Mask | None = None

    kind = "gemm"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the tensors that are read."""
        return (self.a.tensor, self.b.tensor) if isinstance(self.b, View) else (self.a.tensor,)

    @property
    def out_bits(self) -> int:
        """8 where the sums are requantised, else 32."""
        return 32 if self.scale is None else 8

    @property
    def ops(self) -> tuple[Op, ...]:
        """The rows of the trace: the product and, where there is one, its requantisation."""
        op = Op(self.encoder, self.module, "gemm", self.m, self.k, self.n, self.copies, out_bits=self.out_bits)
        op = masked(op, self.mask, {})
        requant = Op(self.encoder, "requant", "requant", self.m, 1, self.n, self.copies)
        return (op,) if self.scale is None else (op, requant)

    def operands(self, tensors: Tensors) -> tuple[Array, Array]:
        """Return int8 (..., copies, m, k) and (..., copies, k, n), the second (1, k, n) of weights."""
        a = self.a.of(tensors, self.copies)[..., : self.m, :]
        return a, self.b.of(tensors, self.copies) if isinstance(self.b, View) else self.b[None]


@dataclass(frozen=True, eq=False)
class Operation:
    """Anything but a product: a unit of the hardware, or a stop at which the host computes.

    ======= ============================= ================================= ==========================
    kind    inputs                        output                            constants
    ======= ============================= ================================= ==========================
    add     residual int16, branch int8   int16                             Scale
    add     patches' products int8        int16, all tokens                 (positions int16, Scale)
    norm    residual int16                int8                              of ``layer_norm``
    softmax scores int8, ``copies`` heads int8                              table
    gelu    int8                          int8                              table
    score   softmax int8                  int32 (1, patches)                (heads, prefix tokens)
    sort    scores int32                  int64 (1, kept), best first       kept patches
    gather  residual int16, order         int16                             prefix tokens
    ======= ============================= ================================= ==========================

    ``m``, ``n`` and ``copies`` are the sizes of the trace's row.
    """

    encoder: int
    module: str
    kind: str
    m: int
    n: int
    copies: int
    inputs: tuple[str, ...]
    output: str
    constants: Any = field(default=None, repr=False)

    @property
    def ops(self) -> tuple[Op, ...]:
        """The row of the trace."""
        return (Op(self.encoder, self.module, self.kind, self.m, 1, self.n, self.copies),)


Step: TypeAlias = Gemm | Operation
