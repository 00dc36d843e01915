"""execute_gemm(): two matrices multiplied on the array, clock by clock, with their real values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pivotsim.engines.pe import clock as pe
from pivotsim.errors import InputError, check_flag, got
from pivotsim.simulation.gemm.single import array_options
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask


@dataclass(frozen=True)
class ExecutedGemm:
    """What the array computed, and when; clocks count from 0, where the first operand enters it.

    ``result`` is int32 (m, n). ``load_cycle`` (-1 under os), ``start_cycle`` and ``end_cycle`` are int64 (folds,): a
    fold's first held operand, its first streamed operand, its last registered output. ``activity`` is uint8
    (cycles, rows, cols) where asked for, else it has no clocks: the sum of 1 (multiplies operands), 2 (multiplies
    padding), 4 (takes the operand that it will hold) and 8 (hands over its sum). Under a mask folds that need nothing
    are not there; operands that it drops inside a fold are zeros, work in ``activity`` but not in
    ``utilization_frac``.
    """

    result: np.ndarray[tuple[int, ...], np.dtype[np.int32]]
    cycles: int
    folds: int
    utilization_frac: float
    load_cycle: IntArray
    start_cycle: IntArray
    end_cycle: IntArray
    activity: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    m: int
    k: int
    n: int
    rows: int
    cols: int
    dataflow: str
    fold_overlap: str
    edge: str
    os_edge_register: bool
    mac_latency: int
    mac_packing: int

    @property
    def fold_cycles(self) -> IntArray:
        """Clocks of each fold, from its first operand to its last output, int64 (folds,)."""
        first = np.where(self.load_cycle < 0, self.start_cycle, self.load_cycle)
        clocks: IntArray = self.end_cycle - first + 1
        return clocks


def execute_gemm(
    a: ArrayLike,
    b: ArrayLike,
    *,
    rows: int = 64,
    cols: int = 36,
    dataflow: str = "is",
    fold_overlap: str = "none",
    edge: str = "padded",
    os_edge_register: bool = True,
    mac_latency: int = 1,
    mac_packing: int = 1,
    activity: bool = False,
    mask: Mask | None = None,
) -> ExecutedGemm:
    """Multiply two int8 matrices on the array, PE by PE and clock by clock, as engine `pe` does.

    Every register of every processing element is the one that the Verilog in tests/rtl has, in every clock; sums
    are 32 bits wide and wrap as registers do.

    Parameters
    ----------
    a, b : array_like
        Shapes (m, k) and (k, n); integers in -128 to 127.
    rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing
        As for ``simulate_gemm``.
    activity : bool
        Keep what every PE does in every clock: cycles * rows * cols bytes.
    mask : Mask, optional
        Blocks of an operand that count, the others as zero whatever they hold; or of the result that are wanted, the
        others 0 where no fold computes them. Folds stream what they need, and are not listed where they need nothing.

    Returns
    -------
    ExecutedGemm
        ``result``, int32 (m, n), ``cycles``, and when each fold loads, starts and ends.

    Raises
    ------
    InputError
        An operand is not int8, the shapes do not match, the mask does not fit, an option is not valid, or this
        machine's memory is too small.

    Examples
    --------
    A 2x2 array holds all of ``a``: two clocks to load, then 2 + 2 + 2 - 2 to stream two columns of ``b``.

    >>> run = execute_gemm([[1, 2], [3, 4]], [[5, 6], [7, 8]], rows=2, cols=2)
    >>> run.result.tolist(), run.cycles, run.start_cycle.tolist(), run.end_cycle.tolist()
    ([[19, 22], [43, 50]], 6, [2], [5])

    Without the second column of ``b`` one clock less.

    >>> import pivotsim as ps
    >>> left = ps.workload.Mask("b", 2, 2, 1, np.array([[True, False], [True, False]]))
    >>> run = execute_gemm([[1, 2], [3, 4]], [[5, 6], [7, 8]], rows=2, cols=2, mask=left)
    >>> run.result.tolist(), run.cycles
    ([[19, 0], [43, 0]], 5)
    """
    options = array_options(rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing)
    if isinstance(mask, Mask) and mask.count > 1:
        raise InputError(f"mask: must have one copy for one multiplication {got(mask.count)}")
    run = pe.run(a, b, options, mask=mask, trace=check_flag("activity", activity))
    return ExecutedGemm(
        result=run.result,
        cycles=run.cycles,
        folds=len(run.end_cycle),
        utilization_frac=run.macs / (run.cycles * rows * cols) if run.cycles else 0.0,
        load_cycle=run.load_cycle,
        start_cycle=run.start_cycle,
        end_cycle=run.end_cycle,
        activity=run.activity,
        m=run.result.shape[0],
        k=np.asarray(b).shape[0],
        n=run.result.shape[1],
        **options,
    )
