"""The batch of Table 4's A100 rows, which the paper does not state: inferred from the latencies that they print.

Every batch up to the paper's largest is tried. A batch meets a cell where the wave model lies no farther from it than
the model's own largest error on the same device, of the whole model or of the paper's method, at the batches stated.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pivotsim.published.base.claims import Interval, printed
from pivotsim.published.base.hits import implied_interval
from pivotsim.published.base.inference import Cell, Inference, infer
from pivotsim.published.tokens.claims import BASELINE, OURS, Table, TokenClaim
from pivotsim.tables import Table as PrintedTable
from pivotsim.tables import percent

DEVICE = "A100"
BATCHES = range(1, 17)  # section 8.2 has the largest, 16
WHOLE = "whole model"


def implied_baseline(latency: TokenClaim, change: TokenClaim) -> Interval:
    """Return the baseline in ms that a row's latency and its printed change in percent imply."""
    return implied_interval(lambda own, pct: own / (1 + pct / 100), printed(latency.text), printed(change.text))


def rows_without_batch(table: Table) -> list[TokenClaim]:
    """Return the latencies of the paper's own method on the A100 whose batch is not stated."""
    return list(table.of("latency", device=DEVICE, method=OURS, batch=None))


def infer_batch(table: Table, predicted: Callable[[TokenClaim], float | None]) -> Inference:
    """Return the batches tried, those first that meet every row's latency and the baseline which the rows imply."""
    rows = rows_without_batch(table)
    whole = replace(rows[0], method=BASELINE, parameter="", encoder=None)
    of_whole, own = (_largest_error(table, predicted, method) for method in (BASELINE, OURS))
    cells, of_cells = [], []
    for row in rows:
        change = table.one("change", where=row.where, setting=row.setting)
        assert change is not None  # every row of Table 4 has both
        baseline = implied_baseline(row, change)
        cells += [
            Cell(whole_name(row), baseline, of_whole * baseline.value),
            Cell(latency_name(row), printed(row.text), own * (row.number or 0.0)),
        ]
        of_cells += [whole, row]
    values = {
        cell.quantity: np.array([predicted(replace(claim, batch=batch)) or np.nan for batch in BATCHES])
        for cell, claim in zip(cells, of_cells, strict=True)
    }
    return infer(cells, [{"batch": batch} for batch in BATCHES], values)


def batch_table(found: Inference, rows: int = 6) -> PrintedTable:
    """Return the first batches with what they give, and how far from a cell a batch may lie."""
    table = found.table("Batch of Table 4's A100 rows, not stated: every batch tried", rows)
    whole, own = (percent(cell.known / cell.interval.value) for cell in found.cells[:2])
    why = f"A cell is met within the wave model's largest error on this device: whole {whole}, pruned {own}."
    return table._replace(closing=(*table.closing, why), right=(1, *table.right))


def latency_name(row: TokenClaim) -> str:
    """Return what the inference calls a row's latency."""
    return f"{row.parameter}, ms"


def whole_name(row: TokenClaim) -> str:
    """Return what the inference calls the whole model's latency that a row implies."""
    return f"{WHOLE} by {row.parameter}, ms"


def _largest_error(table: Table, predicted: Callable[[TokenClaim], float | None], method: str) -> float:
    """Return the wave model's largest error on the device's rows of a method, as a share of the printed latency."""
    return max(_errors(table, predicted, method), default=0.0)


def _errors(table: Table, predicted: Callable[[TokenClaim], float | None], method: str) -> Iterator[float]:
    for claim in table.of("latency", device=DEVICE, method=method):
        value = predicted(claim)
        if value is not None and claim.number:
            yield abs(value / claim.number - 1)
