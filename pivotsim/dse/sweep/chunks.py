"""Chunks: a range of a sweep's points, evaluated and turned into the bytes of one Parquet file.

The bytes follow from the recipe and the chunk's number alone (and pyarrow's version): one row group, no time stamps.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from pivotsim._version import __version__
from pivotsim.dse.evaluation.evaluator import Coded, Evaluator, Table
from pivotsim.dse.evaluation.strategies import CHUNK_POINTS, strategy_of
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.sampling import ListedPoints, Points, points_of
from pivotsim.errors import InputError, MissingExtraError

BLOCK_POINTS = 131_072  # evaluated at once: what blocks share is asked for anew in each
# Of differences of integers, and of the bytes of floats apart, the first of which repeat, the fastest codec makes files
# half as large as zstd does of plain values
CODEC = "lz4"
ENCODINGS = {"int64": "DELTA_BINARY_PACKED", "double": "BYTE_STREAM_SPLIT"}
MAX_REPEATED = 256  # values of an axis of numbers that has a dictionary: its codes are bytes


@dataclass(frozen=True)
class Recipe:
    """Everything that the chunks of a sweep depend on; it travels to workers."""

    space: Space
    method: str
    samples: int | None = None
    seed: int = 0
    chunk_points: int = CHUNK_POINTS
    listed: tuple[tuple[int, ...], ...] = ()  # of method optuna
    draws: int | None = None  # of method random

    def points(self) -> Points:
        """Return the sweep's points."""
        if self.method == "optuna":
            return ListedPoints(self.listed)
        return points_of(self.space, self.method, self.samples, self.seed, self.draws)


@dataclass(frozen=True)
class FinishedChunk:
    """A finished chunk: its file's bytes, and what the manifest says of it."""

    index: int
    content: Any = field(repr=False)  # a buffer, which Dask moves without copying it
    rows: int
    sha256: str
    dropped: dict[str, int]
    examples: dict[str, str]


@dataclass(frozen=True)
class Failed:
    """A chunk that could not be made: the first point that fails, where one was found."""

    index: int
    point: int | None
    problem: str


class ChunkMaker:
    """Makes the chunks of one recipe; workers hold one each."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.points = recipe.points()
        self.evaluator = Evaluator(recipe.space)
        self.repeating = [
            axis.name for axis in recipe.space.axes if axis.words is not None or len(axis) <= MAX_REPEATED
        ]
        about = {"units": recipe.space.columns, "space_hash": recipe.space.input_hash}
        self.about = json.dumps(about, sort_keys=True)

    def __call__(self, index: int) -> FinishedChunk | Failed:
        """Return a chunk, or what went wrong."""
        start = index * self.recipe.chunk_points
        stop = min(self.points.count, start + self.recipe.chunk_points)
        try:
            tables = [self.evaluator.run(self.points, i, min(stop, i + BLOCK_POINTS))
                      for i in range(start, stop, BLOCK_POINTS)]  # fmt: skip
            content = parquet_bytes(tables, self.repeating, self.about)
        except MissingExtraError:
            raise
        except Exception as error:  # whatever it is, the other chunks go on
            point = first_failing(lambda i, j: self.evaluator.run(self.points, i, j), start, stop)
            return Failed(index, point, f"{type(error).__name__}: {' '.join(str(error).split())}")
        rows, digest = sum(len(table.columns["point"]) for table in tables), hashlib.sha256(content).hexdigest()
        return FinishedChunk(index, content, rows, digest, *left_out(tables))


def first_failing(run: Callable[[int, int], object], start: int, stop: int) -> int | None:
    """Return the first of the points ``start`` up to ``stop`` that fails, by halving; None where each half succeeds."""

    def fails(i: int, j: int) -> bool:
        try:
            run(i, j)
        except Exception:
            return True
        return False

    while stop - start > 1:
        middle = (start + stop) // 2
        if fails(start, middle):
            stop = middle
        else:
            start = middle
    return start if stop > start and fails(start, stop) else None


def joined(tables: list[Table]) -> Table:
    """Return tables of one space as one, in their order."""
    if len(tables) == 1:
        return tables[0]
    columns: dict[str, Any] = {}
    for name, first in tables[0].columns.items():
        parts = [table.columns[name] for table in tables]
        if isinstance(first, Coded):
            columns[name] = Coded(first.words, np.concatenate([part.codes for part in parts]))
        else:
            columns[name] = np.concatenate(parts)
    return Table(columns, *left_out(tables))


def left_out(tables: list[Table]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the points that tables have dropped, by reason, and the first example of each."""
    dropped: dict[str, int] = {}
    examples: dict[str, str] = {}
    for table in tables:
        for reason, count in table.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        examples = {**table.examples, **examples}
    return dropped, examples


def parquet_bytes(tables: list[Table], repeating: list[str], about: str) -> Any:
    """Return tables as the buffer of a Parquet file of one row group; columns that repeat values have a dictionary.

    They are not copied into one, and the bytes are those of one. No value is missing, and columns say so, or Arrow
    would write of each row that it is there. ``about`` goes into the file's metadata under ``pivotsim``.
    """
    pa, pq = arrow()
    names = list(tables[0].columns)
    arrays = [pa.chunked_array([array_over(pa, table.columns[name]) for table in tables]) for name in names]
    fields = [pa.field(name, array.type, nullable=False) for name, array in zip(names, arrays, strict=True)]
    whole = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    encodings = {each.name: ENCODINGS[str(each.type)] for each in fields
                 if each.name not in repeating and str(each.type) in ENCODINGS}  # fmt: skip
    # else later releases begin a page every 20,000 rows, not by its bytes alone (1 MiB), with which a grid's file is up
    # to twice as large; a reader could skip such pages by an index of them alone, which no file has
    pages = {"max_rows_per_page": max(1, whole.num_rows)} if takes(pq.ParquetWriter, "max_rows_per_page") else {}
    buffer = pa.BufferOutputStream()
    with pq.ParquetWriter(
        buffer, whole.schema, compression=CODEC, use_dictionary=repeating, store_schema=False,
        column_encoding=encodings, **pages,
    ) as writer:  # fmt: skip
        writer.write_table(whole, row_group_size=max(1, whole.num_rows))
        writer.add_key_value_metadata({"pivotsim": about})
    return buffer.getvalue()


@cache
def takes(function: Callable[..., object], option: str) -> bool:
    """Return whether a function knows an option."""
    return option in signature(function).parameters


def array_over(pa: Any, column: Any) -> Any:
    """Return a column as an Arrow array over its memory: ``pa.array`` imports pandas to ask for its types."""
    if isinstance(column, Coded):
        words = [word.encode() for word in column.words.tolist()]
        ends = np.cumsum([0, *map(len, words)], dtype=np.int32)
        text = _over(pa, pa.string(), len(words), ends, b"".join(words))
        return pa.DictionaryArray.from_arrays(array_over(pa, column.codes), text)
    bits = np.packbits(column, bitorder="little") if column.dtype == np.bool_ else np.ascontiguousarray(column)
    return _over(pa, pa.from_numpy_dtype(column.dtype), len(column), bits)


def _over(pa: Any, kind: Any, length: int, *buffers: Any) -> Any:
    """Return an array without missing values over buffers."""
    return pa.Array.from_buffers(kind, length, [None, *map(pa.py_buffer, buffers)], 0)


def arrow() -> tuple[Any, Any]:
    """Return (pyarrow, pyarrow.parquet), or raise MissingExtraError."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "dse", "a sweep's dataset") from None
    return pyarrow, pyarrow.parquet


def versions_of(method: str) -> dict[str, str]:
    """Return package -> version of what a chunk's bytes depend on: its writer, and what draws its points.

    A grid counts and `random` permutes in integers; a Sobol sequence is scipy's, scrambled by numpy's generator; a
    search keeps its points in its journal.

    Raises
    ------
    MissingExtraError
        A package that is needed is not installed.
    """
    found = {"pivotsim": __version__, "pyarrow": str(arrow()[0].__version__)}
    if method != "sobol":
        return found
    try:
        import scipy
    except ImportError:
        raise MissingExtraError("scipy", "dse", "method sobol") from None
    return {**found, "numpy": np.__version__, "scipy": str(scipy.__version__)}


def chunk_points_for(space: Space) -> int:
    """Return how many points of a space make a chunk."""
    return strategy_of(space).chunk_points


def check_recipe(recipe: Recipe) -> None:
    """Raise InputError where a recipe has no chunk to make."""
    if not recipe.points().count:
        raise InputError("space: holds no point")
