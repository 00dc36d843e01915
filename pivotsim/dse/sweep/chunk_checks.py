"""Checks of chunks: that a file, or what a worker sent, is the chunk that a manifest's head announces.

The hash says that bytes are those that were written; the rest, that what was written is this chunk of this sweep.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pivotsim.dse.space.definition import MEAN_PL_CYCLES, PL_CYCLES
from pivotsim.dse.sweep.chunks import Failed, FinishedChunk, arrow
from pivotsim.dse.sweep.manifest_schema import chunk_range
from pivotsim.errors import got, got_instead_of_integer
from pivotsim.hardware.resources.many_designs import DEMANDS

POINT = "point"
INTEGER, REAL, TRUTH, TEXT = "int64", "double", "bool", "string"
TYPES = {
    POINT: INTEGER, **dict.fromkeys(DEMANDS, INTEGER), "fits": TRUTH, "fits_extrapolated": TRUTH, PL_CYCLES: INTEGER,
    MEAN_PL_CYCLES: REAL, "delay_ms": REAL, "energy_j": REAL, "edp_j_ms": REAL,
}  # fmt: skip


def open_chunk(content: Any) -> Any:
    """Return a chunk's bytes as a Parquet file of pyarrow.

    Raises
    ------
    ValueError
        They are none.
    """
    pa, pq = arrow()
    try:
        return pq.ParquetFile(pa.BufferReader(content))
    except (OSError, TypeError, pa.ArrowException) as error:
        raise ValueError(f"is no Parquet file: {' '.join(str(error).split())}") from None


def check_file(file: Any, head: Mapping[str, Any], rows: int) -> None:
    """Raise ValueError unless a Parquet file's footer has the columns, types, rows and sweep of a chunk.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        The chunk.
    head : mapping
        A manifest, or the part of it that does not change.
    rows : int
        How many it should have.
    """
    footer, schema = file.metadata, file.schema_arrow
    if footer.num_rows != rows:
        raise ValueError(f"must have {rows:,} rows {got(footer.num_rows)}")
    wanted = list(head["columns"])
    if schema.names != wanted:
        missing, more = _first(wanted, schema.names), _first(schema.names, wanted)
        what = f"lacks the column {missing}" if missing else f"has the column {more} besides" if more else ""
        raise ValueError(what or "has its columns in another order")
    for name, kind in zip(schema.names, map(str, schema.types), strict=True):
        allowed = _types(name, head)
        if kind not in allowed:
            raise ValueError(f"column {name} must be of type {' or '.join(allowed)} {got(kind)}")
    try:
        about = json.loads((footer.metadata or {})[b"pivotsim"])
    except (KeyError, ValueError, RecursionError):
        raise ValueError("has no words of pivotsim in its footer") from None
    if about != {"units": head["columns"], "space_hash": head["space_hash"]}:
        raise ValueError("is of another space, its footer says")


def read_columns(file: Any, head: Mapping[str, Any], index: int, columns: list[str] | None = None) -> Any:
    """Return an Arrow table of some columns of a chunk, all by default, or raise ValueError.

    It is read by this thread alone: none is left that could end after the interpreter.
    """
    pa, _ = arrow()
    try:
        table = file.read(columns=columns, use_threads=False)
        table.validate(full=True)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"cannot be read: {' '.join(str(error).split())}") from None
    for name in table.column_names:
        if table.column(name).null_count:
            raise ValueError(f"column {name} must have a value in each row {got(None)}")
    if POINT in table.column_names:
        _check_points(integers(table.column(POINT)), chunk_range(head, index))
    return table


def verified(outcome: FinishedChunk | Failed, head: Mapping[str, Any]) -> FinishedChunk | Failed:
    """Return a worker's outcome if it is what the sweep asked for, else ``Failed`` with what is wrong with it.

    Its index is one that was handed out: the pools of workers see to that.
    """
    try:
        if isinstance(outcome, Failed):
            _check_failed(outcome, head)
            return outcome
        _check_finished(outcome, head)
        return replace(outcome, dropped=dict(outcome.dropped), examples=dict(outcome.examples))
    except ValueError as error:
        return Failed(outcome.index, None, f"what its worker sent is refused: {error}")


def _check_failed(failed: Failed, head: Mapping[str, Any]) -> None:
    if not isinstance(failed.problem, str):
        raise ValueError(f"the problem must be text {got(failed.problem)}")
    if failed.point is not None:
        _check_count("the point", failed.point)
        if failed.point not in chunk_range(head, failed.index):
            raise ValueError(f"the point is none of the chunk's {got(failed.point)}")


def _check_finished(made: FinishedChunk, head: Mapping[str, Any]) -> None:
    try:
        digest = hashlib.sha256(made.content).hexdigest()
    except (TypeError, BufferError):
        raise ValueError("it is no bytes") from None
    if digest != made.sha256:
        raise ValueError(f"its SHA-256 is {digest} {got(made.sha256)}")
    _check_count("rows", made.rows)
    size = len(chunk_range(head, made.index))
    if not isinstance(made.dropped, dict) or not isinstance(made.examples, dict):
        raise ValueError("it does not say which points were dropped")
    for reason, count in made.dropped.items():
        _check_count("dropped points", count)
        if not isinstance(reason, str) or not count:
            raise ValueError(f"dropped points must have a reason {got(reason)}")
    if made.rows + sum(made.dropped.values()) != size:
        raise ValueError(f"rows and dropped points must add up to {size:,} {got(made.rows)}")
    if not all(isinstance(part, str) for pair in made.examples.items() for part in pair):
        raise ValueError("examples of dropped points must be text")
    file = open_chunk(made.content)
    check_file(file, head, made.rows)
    read_columns(file, head, made.index, [POINT])


def _check_count(what: str, value: object) -> None:
    if type(value) is not int or value < 0:
        raise ValueError(f"{what} must be a count {got_instead_of_integer(value)}")


def _check_points(points: Any, wanted: range) -> None:
    """Raise ValueError unless points ascend within a chunk's range."""
    if not len(points):
        return
    if points[0] < wanted.start or points[-1] >= wanted.stop:
        raise ValueError(
            f"points must lie in {wanted.start} to {wanted.stop - 1} {got((int(points[0]), int(points[-1])))}"
        )
    if not np.all(points[1:] > points[:-1]):
        raise ValueError("points must ascend")


def integers(column: Any) -> Any:
    """Return a column of integers, none missing, as a vector; Arrow's own way imports pandas for it."""
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return np.frombuffer(whole.buffers()[1], np.int64, len(whole), 8 * whole.offset)


def _types(name: str, head: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the types that a column may have."""
    axes = head["space"]["axes"]
    if name not in axes:
        return (TYPES[name],) if name in TYPES else (INTEGER, REAL, TRUTH, TEXT)
    found = _type_of(axes[name])
    if name not in head["space"]["conditions"]:
        return (found,)
    return (found, *(kind for kind in (REAL, TEXT) if kind != found))  # a default that is no value may be of another


def _type_of(values: list[Any]) -> str:
    kinds = set(map(type, values))  # of JSON, for each chunk: thousands of values may be
    if kinds <= {bool}:
        return TRUTH
    if not kinds <= {int, float}:
        return TEXT
    return INTEGER if kinds == {int} else REAL


def _first(names: list[str], others: list[str]) -> str | None:
    return next((name for name in names if name not in others), None)
