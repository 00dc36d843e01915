"""The threaded twin of ``sum_design_cycles``, apart so that only large design vectors load it."""

from pivotsim.kernels._jit import kernel, prange
from pivotsim.kernels.array.many_designs import DESIGNS_SIGNATURE, fill_totals
from pivotsim.kernels.types import Array


@kernel(DESIGNS_SIGNATURE, parallel=True)
def sum_design_cycles_parallel(
    mapped: Array, flows: Array, repeats: Array, times: Array, columns: tuple[Array, ...], out: Array
) -> None:  # fmt: skip
    """Do what ``sum_design_cycles`` does, the designs shared among numba's threads."""
    for d in prange(out.shape[1]):
        fill_totals(mapped, flows, repeats, times, columns, d, out)
