"""What kernels are handed: tuples of integers whose places have names.

numba compiles a named tuple of one type like a plain tuple, so a name costs nothing. Signatures call them by their
class names.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class Gemm(NamedTuple):
    """An (m, k) matrix times a (k, n) matrix."""

    m: int
    k: int
    n: int


class Mapping(NamedTuple):
    """A dataflow: places in ``Gemm`` of the dimensions that rows hold, columns hold, and that streams.

    ``drains`` is 1 where sums stay in the array and are shifted out after a fold, 0 where operands are loaded before
    it; ``holds_weights`` is 1 where the first of a pass's two operands is the weights.
    """

    rows_dim: int
    cols_dim: int
    stream_dim: int
    drains: int
    holds_weights: int


class DesignColumns(NamedTuple):
    """Many arrays, a vector (D,) per field; ``dataflow`` holds codes."""

    rows: Array
    cols: Array
    dataflow: Array
    fold_overlap: Array
    edge_aware: Array
    os_edge_register: Array
    mac_latency: Array


class Design(NamedTuple):
    """An array: its PEs, its dataflow (as in ``Mapping``), and how folds follow each other."""

    rows: int
    cols: int
    rows_dim: int
    cols_dim: int
    stream_dim: int
    drains: int
    holds_weights: int
    fold_overlap: int
    edge_aware: int
    os_edge_register: int
    mac_latency: int
