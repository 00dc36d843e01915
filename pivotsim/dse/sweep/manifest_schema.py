"""The schema of a manifest: every key, its type, and what the keys say of each other."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from pivotsim.dse.space.definition import description_hash
from pivotsim.errors import InputError, got, got_instead_of_integer
from pivotsim.io.specs import Spec, validate
from pivotsim.io.yaml_reader import Document

MAX_POINTS = 10**12
MAX_SHOWN = 20  # problems of one file
CANONICAL = re.compile(r"0|[1-9][0-9]{0,11}")  # of ASCII digits, and so that no two texts are one chunk

Count = Annotated[int, Field(ge=0, le=MAX_POINTS)]
Positive = Annotated[int, Field(ge=1, le=MAX_POINTS)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Dropped = dict[str, Positive]


class SpaceRecord(Spec):
    """What a manifest says of its space."""

    name: str
    options: dict[str, Any]
    values: dict[str, Any]
    axes: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
    conditions: dict[str, str]
    constraints: list[str]
    hardware: dict[str, Any]
    models: dict[str, dict[str, Any]]
    dram: dict[str, dict[str, Any]]


class FailureRecord(Spec):
    """What a manifest says of a chunk that could not be made."""

    point: Count | None
    problem: str


class ManifestRecord(Spec):
    """A manifest; lists of JSON stand where the program has tuples."""

    format: int
    pivotsim_version: str
    pyarrow_version: str
    numpy_version: str | None
    scipy_version: str | None
    codec: str
    method: str
    sampling: str | None = None  # of `random`; manifests before it had one have none
    samples: Positive | None
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    points: Positive
    chunk_points: Positive
    chunks_total: Positive
    columns: dict[str, str]
    space_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    space: SpaceRecord
    notes: list[str]
    done: Count
    rows: Count
    dropped: Dropped
    examples: dict[str, Annotated[tuple[Count, str], Field(strict=False)]]
    failed: dict[str, FailureRecord]
    chunks: dict[str, Annotated[tuple[Count, Digest, Dropped], Field(strict=False)]]
    sha256: Digest


def check_manifest(found: Mapping[str, Any], places: Mapping[str, str], name: str) -> None:
    """Raise InputError, one line per problem, unless a manifest's keys, types and numbers are those of a sweep.

    ``places`` holds the file and line of each key, ``name`` is the file.
    """
    try:
        record = validate(ManifestRecord, Document(dict(found), {(k,): place for k, place in places.items()}, name))
        problems = [f"{places.get(key, name)}: {problem}" for key, problem in _contradictions(record, found)]
    except InputError as error:
        problems = list(error.problems)
    if len(problems) > MAX_SHOWN:
        problems = [*problems[:MAX_SHOWN], f"{name}: has {len(problems) - MAX_SHOWN:,} more problems"]
    if problems:
        raise InputError(problems)


def chunk_range(head: Mapping[str, Any], index: int) -> range:
    """Return the points of a chunk.

    >>> chunk_range({"points": 12, "chunk_points": 5}, 2)
    range(10, 12)
    """
    start = index * head["chunk_points"]
    return range(start, min(head["points"], start + head["chunk_points"]))


def _contradictions(record: ManifestRecord, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) where values that are each valid cannot stand side by side."""
    for key in ("format", "samples", "seed", "points", "chunk_points", "chunks_total", "done", "rows"):
        if isinstance(found[key], float):
            yield key, f"{key}: must be an integer {got_instead_of_integer(found[key])}"
    yield from _of_the_space(record, found)
    wanted = -(-record.points // record.chunk_points)
    if record.chunks_total != wanted:
        yield "chunks_total", f"chunks_total: must be {wanted} for these points {got(record.chunks_total)}"
    keys = list(_wrong_keys(record))
    yield from keys
    if keys:
        return
    yield from _of_chunks(record)
    for text, failure in record.failed.items():
        if text in record.chunks:
            yield "failed", f"failed.{text}: the chunk is listed as done"
        elif failure.point is not None and failure.point not in chunk_range(found, int(text)):
            yield "failed", f"failed.{text}.point: is none of the chunk's points {got(failure.point)}"
    for reason, (index, _) in record.examples.items():
        if index >= record.chunks_total:
            yield "examples", f"examples.{reason}: names no chunk {got(index)}"


def _of_the_space(record: ManifestRecord, found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    axes = record.space.axes
    names = list(record.columns)
    if names[: 1 + len(axes)] != ["point", *axes]:
        yield "columns", f"columns: must begin with point and the axes, {', '.join(axes)} {got(', '.join(names))}"
    for name, values in axes.items():
        for value in values:
            if not isinstance(value, (bool, int, float, str, list)):
                yield "space", f"space.axes.{name}: must hold numbers, words, true or false, or lists {got(value)}"
    for name in record.space.conditions:
        if name not in axes:
            yield "space", f"space.conditions: names no axis {got(name)}"
    if description_hash(found["space"]) != record.space_hash:
        yield "space_hash", f"space_hash: is not that of the space {got(record.space_hash)}"
    if record.method == "sobol":
        for key in ("numpy_version", "scipy_version"):
            if found[key] is None:
                yield key, f"{key}: must be stated, a Sobol sequence depends on it {got(None)}"


def _wrong_keys(record: ManifestRecord) -> Iterator[tuple[str, str]]:
    for key in ("chunks", "failed"):
        for text in getattr(record, key):
            if not CANONICAL.fullmatch(text):
                yield key, f"{key}: must be keyed by plain decimal numbers {got(text)}"
            elif int(text) >= record.chunks_total:
                yield key, f"{key}: must be keyed by 0 to {record.chunks_total - 1} {got(text)}"


def _of_chunks(record: ManifestRecord) -> Iterator[tuple[str, str]]:
    sizes = {"points": record.points, "chunk_points": record.chunk_points}
    dropped: dict[str, int] = {}
    for text, (rows, _, reasons) in record.chunks.items():
        size = len(chunk_range(sizes, int(text)))
        if rows + sum(reasons.values()) != size:
            yield "chunks", f"chunks.{text}: rows and dropped points must add up to {size} {got(rows)}"
        for reason, count in reasons.items():
            dropped[reason] = dropped.get(reason, 0) + count
    rows_in_all = sum(rows for rows, _, _ in record.chunks.values())
    if record.done != len(record.chunks):
        yield "done", f"done: must be {len(record.chunks)}, as many as chunks are listed {got(record.done)}"
    if record.rows != rows_in_all:
        yield "rows", f"rows: must be {rows_in_all}, those of the chunks {got(record.rows)}"
    if dropped != record.dropped:
        yield "dropped", f"dropped: must be {dropped}, those of the chunks {got(record.dropped)}"
