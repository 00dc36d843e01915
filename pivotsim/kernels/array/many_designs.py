"""Clock cycles of traces under vectors of designs, in closed form (API twin: engines/array/many_designs.py)."""

import numpy as np

from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.array.closed_form import gemm_cycles
from pivotsim.kernels.types import Array, DesignColumns


@inlined
def _tiles(size: int, extent: int) -> int:
    """Return ceil(size / extent), unsigned because a signed division by Python's rule is slower."""
    return int((np.uint64(size) + np.uint64(extent) - np.uint64(1)) // np.uint64(extent))


@inlined
def fill_totals(
    mapped: Array, drains: Array, repeats: Array, columns: tuple[Array, ...], d: int, out: Array
) -> None:  # fmt: skip
    """Write the clocks of each trace under design d; arrays as in the kernel below."""
    designs = DesignColumns(*columns)
    r, c, flow = designs.rows[d], designs.cols[d], designs.dataflow[d]
    for w in range(out.shape[0]):
        out[w, d] = 0
    for i in range(mapped.shape[1]):
        rows, cols, t = mapped[flow, i, 0], mapped[flow, i, 1], mapped[flow, i, 2]
        cycles = gemm_cycles(
            rows, cols, t, _tiles(rows, r), _tiles(cols, c), r, c, drains[flow],
            designs.fold_overlap[d], designs.edge_aware[d], designs.os_edge_register[d], designs.mac_latency[d],
        )  # fmt: skip
        for w in range(out.shape[0]):
            out[w, d] += repeats[i, w] * cycles


DESIGNS_SIGNATURE = "void(int64[:, :, ::1], int64[::1], int64[:, ::1], UniTuple(int64[:], 7), int64[:, ::1])"


@kernel(DESIGNS_SIGNATURE)
def sum_design_cycles(
    mapped: Array, drains: Array, repeats: Array, columns: tuple[Array, ...], out: Array
) -> None:  # fmt: skip
    """Write the clocks of W traces under each of D designs to ``out`` (W, D).

    ``mapped`` (F, G, 3) holds, for each of F dataflows, how much of a GEMM rows hold, columns hold, and how much
    streams, for the GEMMs of all traces, each size once; ``drains`` (F,) is 1 where sums stay in the array.
    ``repeats`` (G, W) says how often each trace runs a GEMM. ``columns`` are the vectors of ``DesignColumns``, in a
    plain tuple because a constant one may have stride 0, and numba converts strides in plain tuples only.
    """
    for d in range(out.shape[1]):
        fill_totals(mapped, drains, repeats, columns, d, out)
