"""Files of safetensors: 8 bytes that state the header's length, a header in JSON, and the tensors' raw bytes.

The format is that of the library (github.com/huggingface/safetensors, README, section Format): the tensors fill the
rest of the file, without holes and without overlaps. Everything is checked before a tensor is looked at.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got, nearest
from pivotsim.units import INT64_MAX
from pivotsim.workload.masks.masks import Flags

MAX_HEADER_BYTES = 100_000_000  # the library's own
MAX_NDIM = 8
SHOWN = 8  # problems of a file
MAX_NAME_CHARACTERS = 1000
LENGTH_BYTES = 8
KEYS = ("dtype", "shape", "data_offsets")
FLOATS = {"F64": "<u8", "F32": "<u4", "F16": "<u2", "BF16": "<u2", "F8_E4M3": "u1", "F8_E5M2": "u1"}  # read as bits
INTEGERS = {"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "u1"}
TYPES = {**FLOATS, **INTEGERS}
Stored = tuple[tuple[int, ...], Callable[[], Flags]]  # a shape, and what reads where it is zero


class _Place(NamedTuple):
    begin: int
    end: int
    name: str


class _RefusedError(ValueError):
    """What is wrong with a header that is JSON."""


def read_safetensors(path: Path) -> dict[str, Stored]:
    """Return {name: (shape, function that reads where the tensor is zero)}.

    Raises
    ------
    InputError
        The file is truncated or no such file, or a tensor's type, shape or place does not fit.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(LENGTH_BYTES)
            length = int.from_bytes(start, "little")
            if len(start) < LENGTH_BYTES:
                raise InputError(f"{path}: {'is empty' if not start else 'is too short for a file of safetensors'}")
            if length > MAX_HEADER_BYTES:
                raise InputError(f"{path}: header: must be at most {MAX_HEADER_BYTES:,} bytes long {got(length)}")
            if LENGTH_BYTES + length > size:
                raise InputError(f"{path}: ends before its header of {length:,} bytes does; the file is truncated")
            text = file.read(length)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    entries = _header(path, text)
    data_bytes = size - LENGTH_BYTES - length
    problems: list[str] = []
    places: list[_Place] = []
    for name, entry in entries.items():
        try:
            places.append(_place(name, entry))
        except _RefusedError as error:
            problems.append(f"{path}: {_shown(name)}: {error}")
        except RecursionError:  # of the message that would show it
            problems.append(f"{path}: {_shown(name)}: is nested too deeply")
    problems = problems or [f"{path}: {problem}" for problem in _misplaced(places, data_bytes)]
    if problems:
        raise InputError(problems[:SHOWN])
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=0) if data_bytes else np.zeros(size, dtype=np.uint8)
    first = LENGTH_BYTES + length
    return {
        place.name: (
            tuple(entries[place.name]["shape"]),
            _zeros(raw[first + place.begin : first + place.end], entries[place.name]),
        )
        for place in places
    }


def _header(path: Path, text: bytes) -> dict[str, Any]:
    """Return the entries of a header, metadata left out."""
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except _RefusedError as error:
        raise InputError(f"{path}: header: {error}") from None
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError among them
        raise InputError(f"{path}: header: is no JSON, so this is no file of safetensors") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: header: must map names to tensors {got(type(found).__name__)}")
    found.pop("__metadata__", None)
    if not found:
        raise InputError(f"{path}: holds no tensor")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, whose names must differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _RefusedError(f"{_shown(twice)}: stands twice")
    return found


def _no_number(text: str) -> None:
    raise _RefusedError(f"holds what is no number of JSON {got(text)}")


def _place(name: str, entry: Any) -> _Place:
    """Return where a tensor lies, once its entry says so and its size is that of its shape."""
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise _RefusedError(f"must be a name of 1 to {MAX_NAME_CHARACTERS} printable characters")
    if not isinstance(entry, Mapping) or set(entry) != set(KEYS):
        raise _RefusedError(f"must state {', '.join(KEYS)} and nothing else {got(entry)}")
    dtype, shape, offsets = (entry[key] for key in KEYS)
    if not isinstance(dtype, str) or dtype not in TYPES:
        raise _RefusedError(
            f"dtype: must be one of {', '.join(TYPES)} {got(dtype)}{nearest(dtype, TYPES, list_all=False)}"
        )
    if not _are_sizes(shape) or len(shape) > MAX_NDIM:
        raise _RefusedError(f"shape: must be at most {MAX_NDIM} integers from 0 {got(shape)}")
    if not _are_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _RefusedError(f"data_offsets: must be where its bytes begin and end, from 0 {got(offsets)}")
    wanted = math.prod(shape) * np.dtype(TYPES[dtype]).itemsize
    if offsets[1] - offsets[0] != wanted:
        stated = (
            f"{'x'.join(map(str, shape)) or 'one value'} of {dtype} {'is' if not shape else 'are'} {wanted:,} bytes"
        )
        raise _RefusedError(f"data_offsets: {stated} {got(offsets[1] - offsets[0])}")
    return _Place(offsets[0], offsets[1], name)


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= INT64_MAX for value in values)


def _misplaced(places: list[_Place], data_bytes: int) -> Iterator[str]:
    """Yield what is wrong with the places of tensors among each other, and in the file."""
    for place in places:
        if place.end > data_bytes:
            problem = f"data_offsets: end after the {data_bytes:,} bytes of the file's tensors"
            yield f"{place.name}: {problem} {got(place.end)}; the file is truncated"
            return
    end = 0
    for place in sorted(places):
        if place.begin != end:
            problem = "overlap those of the tensor before it" if place.begin < end else "leave a hole before them"
            yield f"{place.name}: data_offsets: {problem} {got([place.begin, place.end])}"
            return
        end = place.end
    if end != data_bytes:
        yield f"goes on after its last tensor, for {data_bytes - end:,} bytes"


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= MAX_NAME_CHARACTERS else ascii(name[:80])


def _zeros(raw: Any, entry: Mapping[str, Any]) -> Callable[[], Flags]:
    """Return a function that reads where a tensor is zero; a float is where all its bits but the sign are."""
    dtype, shape = entry["dtype"], tuple(entry["shape"])

    def read() -> Flags:
        bits = raw.view(TYPES[dtype]).reshape(shape)
        return np.asarray((bits << 1 if dtype in FLOATS else bits) == 0)

    return read
