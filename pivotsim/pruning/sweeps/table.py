"""A sweep of schedules: a row per setting, with the unit of every column."""

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.io.text_files import write_atomic
from pivotsim.simulation.design_table import DesignTable
from pivotsim.simulation.results import hash_of, header
from pivotsim.tables import Table, number, percent

UNITS = {
    "tokens": "tokens", "removed": "tokens", "recommended": "tokens", "tokens_left": "tokens", "macs": "MAC",
    "accuracy_pct": "%", "baseline_ms": "ms", "pruned_ms": "ms", "own_ms": "ms", "latency_ms": "ms",
}  # fmt: skip
MEANING = {
    "alpha": "Weight of latency.",
    "batch": "Images at a time.",
    "encoder": "The encoder that prunes, from 1.",
    "method": "One layer that prunes, or many.",
    "setting": "The method's hyperparameter.",
    "workload": "B * N * D of the whole model (Eq. 1), or B * N^2 * D.",
    "tokens": "n*, the tokens that are kept.",
    "tokens_left": "Tokens behind the last encoder.",
    "removed": "R, what the utilities choose.",
    "recommended": "R, or 0 where the pruning takes as much as it saves.",
    "accuracy_pct": "The accuracy table's value at n*, a proxy.",
    "baseline_ms": "Latency of the whole model.",
    "pruned_ms": "Latency of the pruned model, its own cost apart.",
    "own_ms": "Cost of the pruning itself.",
    "latency_ms": "Latency of the pruned model with its own cost.",
    "macs": "Multiply-accumulates of one image.",
    "change_frac": "Latency with its own cost against the whole model.",
}


class SweepTable(DesignTable):
    """Schedules or plans along one axis: a column per number, a row per setting.

    It is a table of designs (``columns``, ``units``, ``take``, ``to_frame``, ``to_dict``) with a title, and all of its
    rows are printed.

    Parameters
    ----------
    title : str
        What was swept on what.
    rows : sequence of mapping
        Name -> value, the same names in every row; at least one row.
    notes, remarks : sequence of str
        Marks behind the numbers, and what must be said beside them.

    Examples
    --------
    >>> SweepTable("alpha on a device", [{"alpha": 0.5, "pruned_ms": 1.25}])["pruned_ms"].tolist()
    [1.25]
    """

    def __init__(
        self,
        title: str,
        rows: Sequence[Mapping[str, Any]],
        notes: Sequence[str] = (),
        remarks: Sequence[str] = (),
    ) -> None:
        columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        super().__init__(columns, UNITS, MEANING, notes)
        self.title, self.remarks = title, tuple(remarks)

    def __repr__(self) -> str:
        return f"<SweepTable: {self.title}, {len(self)} rows>"

    def to_csv(self, path: str | Path) -> None:
        """Write the table as CSV: names in the first line, an empty cell where nothing is known."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if _is_hole(value) else value for value in row] for row in self.rows())
        write_atomic(Path(path), text.getvalue().encode())

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as plain values."""
        return list(zip(*(np.asarray(values).tolist() for _, values in self.items()), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the sweep as plain numbers and text, the form that ``--json`` prints; null where nothing is known."""
        body = {
            "title": self.title, "units": self.units,
            "rows": [
                {name: None if _is_hole(value) else value for name, value in zip(self.columns, row, strict=True)}
                for row in self.rows()
            ],
            "remarks": list(self.remarks), "notes": list(self.notes),
        }  # fmt: skip
        return {**header("schedule sweep", hash_of(body)), **body}

    def shown(self) -> Table:
        """Return all rows as they are printed: shares in percent, times with their unit in the head."""
        heads = [_head(name, unit) for name, unit in self.units.items()]
        body = [[_shown(name, value) for name, value in zip(self.columns, row, strict=True)] for row in self.rows()]
        right = [i for i, (_, values) in enumerate(self.items()) if np.asarray(values).dtype.kind in "iuf"]
        return Table(self.title, heads, body, right, (*self.remarks, *self.notes))

    def _tables(self) -> tuple[Table]:
        return (self.shown(),)


def _is_hole(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _head(name: str, unit: str) -> str:
    if name == "pruned_ms":
        return "pruned, own apart, ms"
    word, _, last = name.rpartition("_")
    if last in ("ms", "pct", "frac"):
        return f"{word.replace('_', ' ')}, {'ms' if last == 'ms' else '%'}"
    says = unit.lower().rstrip("s") in name
    return name.replace("_", " ") + ("" if says else f", {unit}")


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else value
    if _is_hole(value):
        return "-"
    if name.endswith("_frac"):
        return percent(value, sign=True).removesuffix(" %")
    return f"{value:g}" if name == "alpha" else number(value, 3 if name.endswith("_ms") else 2)
