"""simulate_gemm(): one matrix multiplication on one array."""

from typing import TYPE_CHECKING, Any

from pivotsim.engines.array.one_gemm import gemm_cycles, gemm_folds, is_closed_form
from pivotsim.errors import InputError, check_choice, check_flag, check_integer, check_real, got
from pivotsim.hardware.array import (  # fmt: skip
    EDGES,
    MAX_ARRAYS,
    MAX_CLOCK_MHZ,
    MAX_COLS,
    MAX_MAC_LATENCY,
    MAX_MAC_PACKING,
    MAX_ROWS,
    MIN_CLOCK_MHZ,
    unpackable,
)
from pivotsim.hardware.dataflows import DATAFLOWS, SPLITS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.simulation.gemm.result import GemmResult
from pivotsim.units import cycles_to_ms

if TYPE_CHECKING:
    from pivotsim.workload.masks.masks import Mask


def simulate_gemm(
    m: int,
    k: int,
    n: int,
    *,
    rows: int = 64,
    cols: int = 36,
    dataflow: str = "is",
    fold_overlap: str = "none",
    edge: str = "padded",
    os_edge_register: bool = True,
    mac_latency: int = 1,
    mac_packing: int = 1,
    count: int = 1,
    split: str = "auto",
    engine: str = "analytic",
    clock_mhz: float | None = None,
    mask: "Mask | None" = None,
    density: float | None = None,
    block: int | None = None,
    seed: int | None = None,
) -> GemmResult:
    """Return cycles, folds and utilisation of one M x K x N GEMM on a stall-free systolic array, or on several.

    Parameters
    ----------
    m, k, n : int
        An (m, k) matrix times a (k, n) matrix; each at least 1.
    rows, cols : int
        The array's processing elements.
    dataflow : {'is', 'ws', 'os'}
        What the array holds: inputs, weights or outputs.
    fold_overlap : {'none', 'preload', 'chained', 'pipelined', 'settled'}
        How far a fold overlaps the next: not at all; its load is hidden (a second stationary register); the
        load wave follows the stream wave (one register); back-to-back streams (second and passing register);
        back-to-back streams whose next load begins when the last has settled in all rows (second register alone).
    edge : {'padded', 'aware'}
        Folds that fill the array only in part cost the full array, or the used rows and columns.
    os_edge_register : bool
        Output stationary: count the shift to a register below the last row.
    mac_latency : int
        Clocks of one multiply-accumulate.
    mac_packing : {1, 2}
        Columns whose multiply-accumulates share a DSP slice (`is` and `ws`).
    count : int
        Arrays alike, 1 to 64, each with even shares of the result; the GEMM ends when the last one ends.
    split : {'auto', 'heads', 'rows', 'cols'}
        Whether they share rows or columns of the result, or what takes fewer clocks: `auto`, and `heads`, of which one
        GEMM has none. The result's ``split`` and ``shares`` say what was taken.
    engine : {'analytic', 'pe', 'memory'}
        Closed form; every PE in every clock on seeded operands; or tile by tile, here with unlimited memories. All
        equal, and proved so.
    clock_mhz : float, optional
        Gives ``delay_ms`` as well.
    mask : Mask, optional
        The blocks of an operand, or of the result, that are kept. A fold streams the indices that it needs; one that
        needs none does not run.
    density : float, optional
        Instead of a mask: the share of the (k, n) operand's blocks that a random mask keeps, 0 to 1.
    block, seed : int, optional
        Of a random mask: blocks of ``block`` x ``block`` elements (16), and which mask it is (0).

    Returns
    -------
    GemmResult
        ``cycles``, ``folds``, ``utilization_frac``, ``macs``, and what a mask or a clock adds.

    Raises
    ------
    InputError
        A size, an option or a bound is not valid, the mask does not fit, or the cycles would exceed int64.

    Examples
    --------
    DeiT-S's fc1 on PIVOT's array: 6 x 6 folds of 2*64 + 36 + 1536 - 2 clocks.

    >>> result = simulate_gemm(197, 384, 1536, rows=64, cols=36)
    >>> result.cycles, result.folds
    (61128, 36)

    Half of its weights in blocks of 32: a row tile of 64 holds two block rows and drops an output column where both
    of its blocks are dropped, about one in four.

    >>> masked = simulate_gemm(197, 384, 1536, rows=64, cols=36, density=0.5, block=32)
    >>> masked.cycles, masked.macs / result.macs, round(masked.expected_cycles / result.cycles, 2)
    (47304, 0.5, 0.77)

    Four arrays of 32x18 have as many PEs: each gets 50 or 49 of the 197 rows.

    >>> four = simulate_gemm(197, 384, 1536, rows=32, cols=18, count=4)
    >>> four.cycles, four.split, four.shares
    (58176, 'rows', ((1, 50), (3, 49)))
    """
    if not is_closed_form(engine):
        from pivotsim.engines.registry import array_engines

        check_choice("engine", engine, array_engines())
    m, k, n = check_sizes(m, k, n)
    chosen = array_options(rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency, mac_packing)
    count = check_integer("count", count, 1, MAX_ARRAYS)
    check_choice("split", split, SPLITS)
    folds = gemm_folds(m, k, n, chosen["rows"], chosen["cols"], chosen["dataflow"])
    found: dict[str, Any] = {"macs": m * k * n, "folds": folds, "executed_folds": folds}
    if count == 1 and is_closed_form(engine) and all(value is None for value in (mask, density, block, seed)):
        found["cycles"] = gemm_cycles(m, k, n, chosen)
    else:
        from pivotsim.simulation.gemm.masked import run_masked  # brings numpy, which the closed form does without

        found |= run_masked(
            m, k, n, chosen, engine, mask, count=count, split=split, density=density, block=block, seed=seed
        )
    if clock_mhz is not None:
        clock_mhz = check_real("clock_mhz", clock_mhz)
        if not MIN_CLOCK_MHZ <= clock_mhz <= MAX_CLOCK_MHZ:
            raise InputError(f"clock_mhz: must lie in {MIN_CLOCK_MHZ} to {MAX_CLOCK_MHZ} {got(clock_mhz)}")
    cycles = found["cycles"]
    return GemmResult(
        utilization_frac=found["macs"] / (cycles * count * chosen["rows"] * chosen["cols"]) if cycles else 0.0,
        delay_ms=None if clock_mhz is None else cycles_to_ms(float(cycles), clock_mhz),
        m=m,
        k=k,
        n=n,
        **chosen,
        count=count,
        engine=engine,
        clock_mhz=clock_mhz,
        **found,
    )


def array_options(
    rows: int, cols: int, dataflow: str, fold_overlap: str, edge: str, os_edge_register: bool, mac_latency: int,
    mac_packing: int,
) -> dict[str, Any]:  # fmt: skip
    """Return an array's options, checked, as engines read them."""
    options = {
        "rows": check_integer("rows", rows, 1, MAX_ROWS),
        "cols": check_integer("cols", cols, 1, MAX_COLS),
        "dataflow": check_choice("dataflow", dataflow, DATAFLOWS),
        "fold_overlap": check_choice("fold_overlap", fold_overlap, FOLD_OVERLAPS),
        "edge": check_choice("edge", edge, EDGES),
        "os_edge_register": check_flag("os_edge_register", os_edge_register),
        "mac_latency": check_integer("mac_latency", mac_latency, 1, MAX_MAC_LATENCY),
        "mac_packing": check_integer("mac_packing", mac_packing, 1, MAX_MAC_PACKING),
    }
    if problem := unpackable(mac_packing, dataflow, cols):
        raise InputError(problem)
    return options


def check_sizes(m: int, k: int, n: int) -> tuple[int, int, int]:
    """Return a GEMM's sizes, each at least 1."""
    return check_integer("m", m, 1), check_integer("k", k, 1), check_integer("n", n, 1)
