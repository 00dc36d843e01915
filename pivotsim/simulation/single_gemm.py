"""simulate_gemm(): one matrix multiplication on one array."""

from dataclasses import asdict, dataclass
from typing import Any

from pivotsim.engines.array import closed_form as analytic
from pivotsim.engines.array.masked_folds import check_mask, fold_table
from pivotsim.engines.array.random_masks import DRAWS, expected_cycles
from pivotsim.engines.registry import array_engines
from pivotsim.errors import InputError, check_choice, check_flag, check_integer, check_real, got
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.spec import EDGES, MAX_CLOCK_MHZ, MAX_COLS, MAX_MAC_LATENCY, MAX_ROWS, MIN_CLOCK_MHZ
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Printable, Table, number, percent
from pivotsim.units import cycles_to_ms
from pivotsim.workload.masks.masks import Mask, drawn_mask
from pivotsim.workload.ops import gemm_array

MAX_EXPECTED_BLOCKS = 2**30  # of all masks behind a mean: about a minute


@dataclass(frozen=True)
class GemmResult(Printable):
    """What one GEMM costs on one array; ``delay_ms`` is None without a clock.

    Under a mask ``macs`` are those that it leaves, ``utilization_frac`` counts them alone, ``executed_folds`` of
    ``folds`` run, and ``dense_cycles`` are those without it. Under a bare density ``expected_cycles`` and
    ``spread_cycles`` are mean and standard deviation over 256 random masks, None where those would have more than 2**30
    blocks. ``density`` is the one asked for, or the mask's kept share of elements; ``kept_frac`` is the share of the
    MACs that is left. None where there is no mask.
    """

    cycles: int
    folds: int
    executed_folds: int
    utilization_frac: float
    macs: int
    delay_ms: float | None
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
    engine: str
    clock_mhz: float | None
    density: float | None = None
    kept_frac: float | None = None
    block: int | None = None
    seed: int | None = None
    dense_cycles: int | None = None
    expected_cycles: float | None = None
    spread_cycles: float | None = None

    def _tables(self) -> tuple[Table]:
        mode = f"{self.rows}x{self.cols} array, {self.dataflow}, fold_overlap {self.fold_overlap}, edge {self.edge}"
        of_all = "" if self.kept_frac is None else f"{percent(self.kept_frac)} of all"
        rows = [
            ("cycles", f"{self.cycles:,}", "clocks"),
            ("folds", f"{self.executed_folds:,}", "" if self.dense_cycles is None else f"of {self.folds:,}"),
            ("utilisation", percent(self.utilization_frac), "of the PEs' MACs"),
            ("MACs", f"{self.macs:,}", of_all),
        ]
        if self.delay_ms is not None:
            rows.insert(1, ("delay", number(self.delay_ms, 6), f"ms at {self.clock_mhz:g} MHz"))
        if self.dense_cycles is not None:
            rows.insert(1, ("dense", f"{self.dense_cycles:,}", "clocks"))
        title = f"{self.m} x {self.k} x {self.n} on a {mode} (engine {self.engine})"
        return (Table(title, ("quantity", "value", "unit"), rows, (1,)),)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain numbers and text, the form that ``--json`` prints."""
        return {**header("gemm", hash_of(asdict(self))), **asdict(self)}


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
    engine: str = "analytic",
    clock_mhz: float | None = None,
    mask: Mask | None = None,
    density: float | None = None,
    block: int | None = None,
    seed: int | None = None,
) -> GemmResult:
    """Return cycles, folds and utilisation of one M x K x N GEMM on a stall-free systolic array.

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
    """
    runners = array_engines()
    check_choice("engine", engine, runners)
    m, k, n = check_sizes(m, k, n)
    chosen = array_options(rows, cols, dataflow, fold_overlap, edge, os_edge_register, mac_latency)
    rows, cols = chosen["rows"], chosen["cols"]
    drawn = _drawn_or_none(k, n, density, block, seed, mask)
    mask = check_mask(mask, m, k, n) if drawn is None else drawn
    if mask is not None and mask.count > 1:
        raise InputError(f"mask: must have one copy for one GEMM {got(mask.count)}")
    gemm = gemm_array([(m, k, n, 1)])
    cycles = int(runners[engine].cycles_per_gemm(gemm, chosen, (mask,))[0])
    if clock_mhz is not None:
        clock_mhz = check_real("clock_mhz", clock_mhz)
        if not MIN_CLOCK_MHZ <= clock_mhz <= MAX_CLOCK_MHZ:
            raise InputError(f"clock_mhz: must lie in {MIN_CLOCK_MHZ} to {MAX_CLOCK_MHZ} {got(clock_mhz)}")
    macs = m * k * n if mask is None else mask.macs(m, k, n)
    folds = analytic.gemm_folds(m, k, n, rows, cols, dataflow)
    masked: dict[str, Any] = {}
    if mask is not None:
        masked = {"density": mask.density, "kept_frac": macs / (m * k * n), "block": mask.block}
        masked["dense_cycles"] = int(analytic.cycles_per_gemm(gemm, chosen)[0])
    if drawn is not None:
        masked |= {"density": check_real("density", density), "seed": seed or 0}
        if DRAWS * drawn.kept.size <= MAX_EXPECTED_BLOCKS:
            mean, deviation, _ = expected_cycles(m, k, n, density=masked["density"], block=drawn.block, array=chosen)
            masked |= {"expected_cycles": mean, "spread_cycles": deviation}
    return GemmResult(
        cycles=cycles,
        folds=folds,
        executed_folds=folds if mask is None else len(fold_table(m, k, n, chosen, mask)[0]),
        utilization_frac=macs / (cycles * rows * cols) if cycles else 0.0,
        macs=macs,
        delay_ms=None if clock_mhz is None else cycles_to_ms(float(cycles), clock_mhz),
        m=m,
        k=k,
        n=n,
        **chosen,
        engine=engine,
        clock_mhz=clock_mhz,
        **masked,
    )


def _drawn_or_none(
    k: int, n: int, density: float | None, block: int | None, seed: int | None, mask: Mask | None
) -> Mask | None:
    """Return the random mask of a bare density, None without one."""
    if density is None:
        alone = [f"{name}: needs density {got(v)}" for name, v in (("block", block), ("seed", seed)) if v is not None]
        if alone:
            raise InputError(alone)
        return None
    if mask is not None:
        raise InputError(f"density: give a mask or a density, not both {got(density)}")
    return drawn_mask(k, n, block=16 if block is None else block, density=density, seed=0 if seed is None else seed)


def array_options(
    rows: int, cols: int, dataflow: str, fold_overlap: str, edge: str, os_edge_register: bool, mac_latency: int
) -> dict[str, Any]:
    """Return an array's options, checked, as engines read them."""
    return {
        "rows": check_integer("rows", rows, 1, MAX_ROWS),
        "cols": check_integer("cols", cols, 1, MAX_COLS),
        "dataflow": check_choice("dataflow", dataflow, DATAFLOWS),
        "fold_overlap": check_choice("fold_overlap", fold_overlap, FOLD_OVERLAPS),
        "edge": check_choice("edge", edge, EDGES),
        "os_edge_register": check_flag("os_edge_register", os_edge_register),
        "mac_latency": check_integer("mac_latency", mac_latency, 1, MAX_MAC_LATENCY),
    }


def check_sizes(m: int, k: int, n: int) -> tuple[int, int, int]:
    """Return a GEMM's sizes, each at least 1."""
    return check_integer("m", m, 1), check_integer("k", k, 1), check_integer("n", n, 1)
