"""The manifest of a dataset: what was swept, with which versions, and how far; and whether two are of one sweep."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pivotsim._version import __version__
from pivotsim.dse.sweep.chunks import CODEC, CODEC_LEVEL, Recipe, arrow
from pivotsim.errors import InputError, got

MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that start with _
FORMAT = 1
MAX_MANIFEST_BYTES = 2**30


def chunk_name(index: int) -> str:
    """Return the file name of a chunk.

    >>> chunk_name(12)
    'chunk-00000012.parquet'
    """
    return f"chunk-{index:08d}.parquet"


def head_of(recipe: Recipe) -> dict[str, Any]:
    """Return the part of the manifest that does not change, in the form that JSON gives back."""
    pa, _ = arrow()
    count = recipe.points().count
    head = {
        "format": FORMAT,
        "pivotsim_version": __version__,
        "pyarrow_version": pa.__version__,
        "codec": f"{CODEC} level {CODEC_LEVEL}",
        "method": recipe.method,
        "samples": recipe.samples,
        "seed": recipe.seed,
        "points": count,
        "chunk_points": recipe.chunk_points,
        "chunks_total": -(-count // recipe.chunk_points),
        "columns": recipe.space.columns,
        "space_hash": recipe.space.input_hash,
        "space": recipe.space.describe(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(head))
    return plain


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a dataset.

    Raises
    ------
    InputError
        There is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        raise InputError(f"{folder}: is no sweep's folder, it has no {MANIFEST}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise InputError(f"{path}: is damaged; delete the folder and sweep again") from None
    wanted = {"format", "pivotsim_version", "columns", "chunks_total", "done", "chunks", "examples", "space"}
    if not isinstance(found, dict) or not wanted <= set(found):
        raise InputError(f"{path}: is no sweep's manifest")
    if found["format"] != FORMAT:
        raise InputError(f"{path}: format must be {FORMAT} {got(found['format'])}")
    return found


def check_same(found: dict[str, Any], head: dict[str, Any], path: Path) -> None:
    """Raise InputError where a manifest is of another sweep; each difference is named."""
    problems = [
        f"{path}: {key} is {found.get(key)!r} there and {head[key]!r} here; use another folder"
        for key in head
        if key not in ("space", "space_hash", "columns") and found.get(key) != head[key]
    ]
    changes = list(_differences(found["space"], head["space"]))
    if changes:
        shown = ", ".join(changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
        problems.insert(0, f"{path}: is of another space, {shown} differ; use another folder")
    if not problems and found["columns"] != head["columns"]:
        problems = [f"{path}: has other columns, of an earlier version; use another folder"]
    if problems:
        raise InputError(problems)


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted paths at which two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            below = f"{path}.{key}" if path else key
            if key not in one or key not in other:
                yield below
            else:
                yield from _differences(one[key], other[key], below)
    elif one != other:
        yield path
