"""GemmResult: what one matrix multiplication costs on one array, or on several."""

from dataclasses import asdict, dataclass
from typing import Any

from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Printable, Table, number, percent

SEVERAL = ("count", "split", "shares")  # of several arrays; the hash of one array's result is without them


@dataclass(frozen=True)
class GemmResult(Printable):
    """What one GEMM costs on one array, or on ``count`` of them; ``delay_ms`` is None without a clock.

    Of several arrays ``split`` is the split that was taken, ``shares`` lists (arrays, rows or columns that each gets),
    and folds are those of all arrays together; None of one.

    Under a mask ``macs`` are those that it leaves, ``utilization_frac`` counts them alone, ``executed_folds`` of
    ``folds`` run, and ``dense_cycles`` are those without it. Under a bare density ``expected_cycles`` and
    ``spread_cycles`` are mean and standard deviation over 256 random masks, None of several arrays, and where those
    would have more than 2**30 blocks. ``density`` is the one asked for, or the mask's kept share of elements;
    ``kept_frac`` is the share of the MACs that is left. None where there is no mask.
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
    mac_packing: int
    engine: str
    clock_mhz: float | None
    density: float | None = None
    kept_frac: float | None = None
    block: int | None = None
    seed: int | None = None
    dense_cycles: int | None = None
    expected_cycles: float | None = None
    spread_cycles: float | None = None
    count: int = 1
    split: str | None = None
    shares: tuple[tuple[int, int], ...] | None = None

    def _tables(self) -> tuple[Table]:
        arrays = "array" if self.count == 1 else f"arrays, {self.count} of them, split {self.split}"
        mode = f"{self.rows}x{self.cols} {arrays}, {self.dataflow}, fold_overlap {self.fold_overlap}, edge {self.edge}"
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
        entries = asdict(self)
        unused = {*(SEVERAL if self.count == 1 else ()), *(("mac_packing",) if self.mac_packing == 1 else ())}
        hashed = {name: value for name, value in entries.items() if name not in unused}
        return {**header("gemm", hash_of(hashed)), **entries}
