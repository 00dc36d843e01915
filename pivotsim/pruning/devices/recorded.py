"""Device `recorded`: latencies that were measured once, from a CSV with what made them.

    # command: ...                 header lines: how, on what machine, with which versions
    # machine: ...
    model,batch,tokens,repeat,latency_ms
    deit_s,1,197,0,35.4

A row holds a model's name, not its sizes: a name of this package means the packaged model, and another model of that
name is refused. A file whose header says ``# not run: REASON`` and that holds no rows stands for a measurement that
was never made.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.csv_files.separators import cells_of, separator_of
from pivotsim.io.documents import available
from pivotsim.io.text_files import read_text
from pivotsim.models.spec import VitModel, load_model
from pivotsim.pruning.table_numbers import MAX_PROBLEMS, count_of, number_of
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.units import FloatArray
from pivotsim.workload.plans import Plan, check_plan

COLUMNS = ("model", "batch", "tokens", "repeat", "latency_ms")
NOT_RUN = "not run"
MAX_BYTES = 64 * 2**20
Key = tuple[str, int, int]  # model, batch, tokens
NO_MACHINE = "[assumed] not stated by the recording"
BY_NAME = "is the model that was recorded; a recording holds its name"
PUT_TOGETHER = (
    "pruned model: [inferred] put together from recorded latencies: each encoder takes its share, half for the "
    "attention and half for the MLP"
)


@dataclass(frozen=True)
class Recorded:
    """Medians of recorded latencies; token counts that were not recorded have none (NaN).

    Parameters
    ----------
    name : str
        What the recording is called.
    repeats_ms : mapping
        (model, batch, tokens) -> latencies in milliseconds, all repeats.
    header : mapping
        The file's header: ``command``, ``machine``, ``versions`` and the like.

    Notes
    -----
    Recordings hold plans with all blocks at n tokens. A plan that prunes is put together from them: each encoder
    takes its share, one over the depth, of the whole latency at its tokens, half of it for the attention and half for
    the MLP where those differ. [inferred]
    """

    name: str
    repeats_ms: Mapping[Key, Sequence[float]]
    header: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """The machine that was recorded, where its header says so."""
        return {"machine": self.header["machine"]} if "machine" in self.header else {}

    @property
    def identity(self) -> object:
        """Every repeat."""
        return sorted(self.repeats_ms.items())

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the median of a whole plan, or the sum of its encoders' shares; NaN where one was not recorded."""
        self._check_known(plan, batch)
        halves = [n for e in plan.encoders for n in (e.attention_tokens, e.mlp_tokens)]
        medians = {n: self._median_ms(plan.model.name, batch, n) for n in set(halves)}
        if len(medians) == 1:
            return medians[halves[0]]
        return math.fsum(medians[n] for n in halves) / len(halves)

    def latencies_ms(self, plan: Plan, tokens: Sequence[int], batch: int = 1) -> FloatArray:
        """Return the median with all blocks at n tokens, for each n; NaN where it was not recorded."""
        return np.array([self.latency_ms(at_tokens(plan, n), batch) for n in tokens], dtype=np.float64)

    def notes(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return what was measured on, and what of a latency was not measured."""
        name, halves = plan.model.name, {n for e in plan.encoders for n in (e.attention_tokens, e.mlp_tokens)}
        own = () if name in available("workloads") else (f"model: [assumed] {name} {BY_NAME}",)
        machine = f"machine: {self.header.get('machine', NO_MACHINE)}"
        return (*own, machine, *([PUT_TOGETHER] if len(halves) > 1 else []))

    def _median_ms(self, model: str, batch: int, tokens: int) -> float:
        repeats = self.repeats_ms.get((model, batch, tokens))
        return median(repeats) if repeats else math.nan

    def _check_known(self, plan: Plan, batch: int) -> None:
        check_plan(plan)
        if plan.effort < len(plan.encoders):
            raise InputError(f"{self.name}: holds whole models; this plan skips attentions {got(plan.effort)}")
        name, models = plan.model.name, {model for model, _, _ in self.repeats_ms}
        if name not in models:
            raise InputError(f"{self.name}: model: was not recorded {got(name)}{nearest(name, models)}")
        if name in available("workloads") and _sizes(plan.model) != _sizes(load_model(name)):
            raise InputError(f"{self.name}: model: is not the packaged {name}, the one that a recording means by it")
        batches = sorted({b for model, b, _ in self.repeats_ms if model == name})
        if batch not in batches:
            known = ", ".join(map(str, batches))
            raise InputError(f"{self.name}: batch: was not recorded for {name}, recorded: {known} {got(batch)}")


def _sizes(model: VitModel) -> dict[str, object]:
    return model.model_dump(exclude={"name", "description", "source"})


def read_recorded(path: str | Path) -> Recorded:
    """Return the device of a recorded CSV; see the module for its form.

    Raises
    ------
    InputError
        The measurement was not run, or the file is not of that form: one line per problem, at most 20 of them.
    """
    name, text = str(path), read_text(Path(path), MAX_BYTES)
    lines = list(enumerate(text.splitlines(), start=1))
    header: dict[str, str] = {}
    for _, line in lines:
        if line.startswith("#"):
            key, _, value = line.lstrip("# ").partition(":")
            header[key.strip()] = value.strip()
    rows = [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    if len(rows) < 2:
        reason = f"{NOT_RUN}: {header[NOT_RUN]}" if NOT_RUN in header else "holds no recorded row"
        raise InputError(f"{name}: {reason}")
    separator = separator_of(rows[0][1], COLUMNS)
    columns = [cell.lower() for cell in cells_of(rows[0][1], separator)]
    missing = [c for c in COLUMNS if c not in columns]
    if missing or len(columns) != len(COLUMNS):
        raise InputError(f"{name}:{rows[0][0]}: columns must be {','.join(COLUMNS)} {got(','.join(columns))}")
    return Recorded(Path(path).stem, _read_rows(name, columns, rows[1:], separator), header)


def _read_rows(
    name: str, columns: list[str], rows: list[tuple[int, str]], separator: str
) -> dict[Key, list[float]]:  # fmt: skip
    repeats: dict[Key, list[float]] = {}
    problems: list[str] = []
    for number, line in rows:
        cells = cells_of(line, separator)
        try:
            if len(cells) != len(columns):
                raise ValueError(f"must have {len(columns)} cells {got(line)}")
            row = dict(zip(columns, cells, strict=True))
            key = (row["model"], _count(row, "batch"), _count(row, "tokens"))
            repeats.setdefault(key, []).append(_latency(row))
        except ValueError as error:
            problems.append(f"{name}:{number}: {error}")
            if len(problems) >= MAX_PROBLEMS:
                break
    if problems:
        raise InputError(problems)
    return repeats


def _count(row: Mapping[str, str], column: str) -> int:
    text = row[column]
    try:
        return count_of(text)
    except ValueError as error:
        raise ValueError(f"{column}: {error} {got(text)}") from None


def _latency(row: Mapping[str, str]) -> float:
    text = row["latency_ms"]
    try:
        value = number_of(text)
    except ValueError:
        raise ValueError(f"latency_ms: must be a number {got(text)}") from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"latency_ms: must be finite and above 0 {got(text)}")
    return value
