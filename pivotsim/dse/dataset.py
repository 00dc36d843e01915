"""Datasets of sweeps, read back chunk by chunk, so that memory does not grow with it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pivotsim.dse.space.expressions import Expression, parse_expression
from pivotsim.dse.sweep.chunk_checks import check_file, open_chunk, read_columns
from pivotsim.dse.sweep.chunks import arrow
from pivotsim.dse.sweep.manifest import chunk_name, read_manifest
from pivotsim.errors import InputError, got, nearest
from pivotsim.io.text_files import output_file

Columns = dict[str, Any]
MAX_CHUNK_BYTES = 2**30
REPAIR = "start the sweep again to repair it"


@dataclass(frozen=True)
class Dataset:
    """A sweep's folder: its manifest, and the tables of the chunks that are done."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def units(self) -> dict[str, str]:
        """Column -> unit."""
        return dict(self.manifest["columns"])

    @property
    def axes(self) -> list[str]:
        """Columns that are axes."""
        return list(self.manifest["space"]["axes"])

    @property
    def is_complete(self) -> bool:
        """Whether every chunk is done."""
        return bool(self.manifest["done"] == self.manifest["chunks_total"])

    def check_columns(self, label: str, names: Sequence[str]) -> None:
        """Raise InputError where a name is no column."""
        unknown = [name for name in names if name not in self.units]
        if unknown:
            raise InputError(f"{label}: no column {got(name)}{nearest(name, self.units)}" for name in unknown)

    def filters(self, texts: Sequence[str]) -> list[Expression]:
        """Return checked expressions over the columns."""
        filters = [parse_expression("where", text) for text in texts]
        for each in filters:
            self.check_columns("where", sorted(each.names))
        return filters

    def arrow_tables(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Yield one Arrow table per chunk, whose file is the one that the manifest lists.

        Raises
        ------
        InputError
            A file is missing, has another SHA-256, or does not hold the chunk; the message names it.
        """
        schema = None
        for text, (rows, digest, _) in self.manifest["chunks"].items():
            index = int(text)
            path = self.folder / chunk_name(index)
            content = _content(path)
            if hashlib.sha256(content).hexdigest() != digest:
                raise InputError(f"{path}: has changed since the sweep wrote it, its SHA-256 is another; {REPAIR}")
            try:
                file = open_chunk(content)
                check_file(file, self.manifest, rows)
                if schema is not None and file.schema_arrow.types != schema.types:
                    raise ValueError("has columns of other types than the chunks before it")
                schema = file.schema_arrow
                table = read_columns(file, self.manifest, index, None if columns is None else list(columns))
            except ValueError as error:
                raise InputError(f"{path}: {error}; {REPAIR}") from None
            yield table

    def tables(self, columns: Sequence[str] | None = None, where: Sequence[Expression] = ()) -> Iterator[Columns]:
        """Yield one table per chunk, column -> numpy vector, of the rows that meet all of ``where``."""
        wanted = (
            None if columns is None else list(dict.fromkeys([*columns, *(n for each in where for n in each.names)]))
        )
        for whole in self.arrow_tables(wanted):
            table = {name: _vector(whole.column(name)) for name in whole.column_names}
            kept = np.ones(whole.num_rows, dtype=np.bool_)
            for each in where:
                kept &= each.holds(table, whole.num_rows)
            yield {name: column[kept] for name, column in table.items()}


def _content(path: Path) -> bytes:
    """Return the bytes of a chunk's file, which are hashed and read: a change between the two goes nowhere."""
    if path.exists() and not path.is_file():  # a pipe, say, that nobody writes to
        raise InputError(f"{path}: is no file; {REPAIR}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CHUNK_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}; {REPAIR}") from None
    if len(content) > MAX_CHUNK_BYTES:
        raise InputError(f"{path}: is larger than {MAX_CHUNK_BYTES // 2**20} MiB, the most of a chunk; {REPAIR}")
    return content


def _vector(column: Any) -> Any:
    values = column.to_numpy()
    return values.astype(np.str_) if values.dtype == object else values


def open_dataset(folder: str | Path) -> Dataset:
    """Return a sweep's dataset.

    Raises
    ------
    InputError
        The folder is no sweep's.
    """
    return Dataset(Path(folder), read_manifest(Path(folder)))


def export_csv(dataset: Dataset, path: Path) -> int:
    """Write all rows as one CSV file, whole or not at all, or to ``-``, a pipe or a device; return how many."""
    arrow()
    from pyarrow import csv

    rows, writer = 0, None
    with output_file(path) as file:
        for table in dataset.arrow_tables():
            table = table.replace_schema_metadata(None)
            writer = writer or csv.CSVWriter(file, table.schema)
            writer.write_table(table)
            rows += table.num_rows
        if writer is not None:
            writer.close()
    return rows
