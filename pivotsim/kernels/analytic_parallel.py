"""The threaded twin of ``sum_design_cycles``, apart so that only large design vectors load it."""

from numba import prange

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.analytic import DESIGNS_SIGNATURE, Array, gemm_cycles


@kernel(DESIGNS_SIGNATURE, parallel=True)
def sum_design_cycles_parallel(gemms: Array, offsets: Array, designs: tuple[Array, ...], out: Array) -> None:
    """Do what ``sum_design_cycles`` does, the designs shared among numba's threads."""
    rows, cols, dataflow, fold_overlap, edge_aware, os_edge_register, mac_latency = designs
    for d in prange(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0
            for i in range(offsets[j], offsets[j + 1]):
                total += gemms[i, 3] * gemm_cycles(
                    gemms[i, 0], gemms[i, 1], gemms[i, 2], rows[d], cols[d], dataflow[d], fold_overlap[d],
                    edge_aware[d], os_edge_register[d], mac_latency[d],
                )  # fmt: skip
            out[d, j] = total
