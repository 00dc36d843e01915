"""The threaded twin of ``sum_design_cycles``, apart so that only large design vectors load it."""

from pivotsim.kernels._jit import kernel, prange
from pivotsim.kernels.array.closed_form import DESIGNS_SIGNATURE, Array, fill_totals


@kernel(DESIGNS_SIGNATURE, parallel=True)
def sum_design_cycles_parallel(gemms: Array, repeats: Array, designs: tuple[Array, ...], out: Array) -> None:
    """Do what ``sum_design_cycles`` does, the designs shared among numba's threads."""
    for d in prange(out.shape[1]):
        fill_totals(gemms, repeats, designs, d, out)
