"""The manifest of a dataset: what was swept, with which versions, and how far; and whether two are of one sweep."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pivotsim.dse.space.permutation import SAMPLING
from pivotsim.dse.sweep.chunks import CODEC, Recipe, versions_of
from pivotsim.dse.sweep.manifest_schema import check_manifest
from pivotsim.errors import InputError, got

MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that start with _
FORMAT = 2
MAX_MANIFEST_BYTES = 2**30
SEAL = "sha256"
REMEDY = "delete the folder and sweep again"
_KEY = re.compile(rb'"([a-z0-9_]+)":')


def chunk_name(index: int) -> str:
    """Return the file name of a chunk.

    >>> chunk_name(12)
    'chunk-00000012.parquet'
    """
    return f"chunk-{index:08d}.parquet"


def head_of(recipe: Recipe) -> dict[str, Any]:
    """Return the part of the manifest that does not change, in the form that JSON gives back.

    Versions of numpy and scipy are None where no point depends on them.
    """
    count, versions = recipe.points().count, versions_of(recipe.method)
    head = {
        "format": FORMAT,
        "pivotsim_version": versions["pivotsim"],
        "pyarrow_version": versions["pyarrow"],
        "numpy_version": versions.get("numpy"),
        "scipy_version": versions.get("scipy"),
        "codec": CODEC,
        "method": recipe.method,
        "sampling": SAMPLING if recipe.method == "random" else None,
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


def manifest_text(entries: Mapping[str, Any]) -> str:
    """Return a manifest's text: a line per key, and last the SHA-256 of all lines before it.

    >>> print(manifest_text({"done": 1}).splitlines()[1])
    "done": 1,
    """
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    body = f"{{\n{lines}"
    return f'{body},\n"{SEAL}": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}\n'


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a dataset, its chunks by number.

    Raises
    ------
    InputError
        There is none, it cannot be read, or it is not as a sweep wrote it.
    """
    path = folder / MANIFEST
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give the folder that `pivotsim sweep SPACE --out DIR` writes")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is no file")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        remedy = f"`pivotsim sweep SPACE --out {folder}` writes one"
        raise InputError(f"{folder}: is no sweep's folder, it has no {MANIFEST}; {remedy}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > MAX_MANIFEST_BYTES:
        raise InputError(f"{path}: is larger than {MAX_MANIFEST_BYTES // 2**20} MiB, the most that is read")
    try:
        found = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: is damaged; {REMEDY}") from None
    if not isinstance(found, dict) or "format" not in found:
        raise InputError(f"{path}: is no sweep's manifest")
    if found["format"] != FORMAT or isinstance(found["format"], bool):
        raise InputError(f"{path}: format must be {FORMAT} {got(found['format'])}; use another folder")
    check_manifest(found, _places(path, raw), str(path))
    end = raw.rpartition(b",\n")
    if raw != end[0] + f',\n"{SEAL}": "{hashlib.sha256(end[0]).hexdigest()}"\n}}\n'.encode():
        raise InputError(f"{path}: is not as the sweep wrote it, its SHA-256 is another; {REMEDY}")
    found["chunks"] = {text: found["chunks"][text] for text in sorted(found["chunks"], key=int)}
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON whose keys differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _places(path: Path, raw: bytes) -> dict[str, str]:
    """Return key -> file and line of the keys that begin a line, as they do where a sweep wrote the file."""
    lines = enumerate(raw.split(b"\n"), start=1)
    starts = ((number, _KEY.match(line)) for number, line in lines)
    return {start[1].decode(): f"{path}:{number}" for number, start in starts if start}


def check_same(found: dict[str, Any], head: dict[str, Any], path: Path) -> None:
    """Raise InputError where a manifest is of another sweep; each difference is named."""
    if found.get("method") == "random" and found.get("sampling") != SAMPLING:
        raise InputError(f"{path}: another version of pivotsim drew its points, in another way; use another folder")
    follows = (
        ("sampling", "samples", "seed", "points", "chunks_total") if found.get("method") != head.get("method") else ()
    )
    problems = [
        f"{path}: {key} is {_shown(found.get(key))} there and {_shown(head[key])} here; use another folder"
        for key in head
        if key not in ("space", "space_hash", "columns", *follows) and found.get(key) != head[key]
    ]
    changes = list(_differences(found["space"], head["space"]))
    if changes:
        shown = ", ".join(changes[:5]) + (f" and {len(changes) - 5} more" if len(changes) > 5 else "")
        problems.insert(0, f"{path}: is of another space, {shown} differ; use another folder")
    if not problems and found["columns"] != head["columns"]:
        problems = [f"{path}: has other columns, of an earlier version; use another folder"]
    if problems:
        raise InputError(problems)


def _shown(value: object) -> str:
    return "not stated" if value is None else str(value)


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
