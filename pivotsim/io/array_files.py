"""Arrays in .npz and .npy files: sizes and types are checked in the headers, before anything is allocated.

Nothing is unpickled: an array of Python objects is refused by its header.
"""

import ast
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from pivotsim.errors import InputError, got
from pivotsim.io.text_files import write_atomic
from pivotsim.units import size_text

MAX_ARRAY_BYTES = 2**28  # of a file, and of all its arrays together, as they will lie in memory
MAX_ENTRIES = 65_536
MAX_HEADER_BYTES = 10_000
MAX_NDIM = 8
_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {b"\1": 2, b"\2": 4, b"\3": 4}  # of the header, by version
_DESCR = re.compile(r"[|<>=][biufcSUVO][0-9]{0,9}")
_WHEN = (1980, 1, 1, 0, 0, 0)  # equal arrays make equal files


class _Header(NamedTuple):
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @property
    def size_bytes(self) -> int:
        size = self.dtype.itemsize
        for length in self.shape:
            size *= length
        return size


Kinds = str | Callable[[str], str]


def read_arrays(path: str | Path, kinds: Kinds, max_bytes: int = MAX_ARRAY_BYTES) -> dict[str, Any]:
    """Return {name: array} of an .npz file; an .npy file's one array has the name ``""``.

    Parameters
    ----------
    path : str or Path
    kinds : str or callable
        Kinds of numpy types that may stand there, such as ``"b"``, or what returns them for a name; ``"O"`` never may.
    max_bytes : int
        The most that the file, and all its arrays together in memory, may take.

    Raises
    ------
    InputError
        The file is missing, no such file, damaged, too large, or holds other types.
    """
    name = str(path)
    try:
        with open(name, "rb") as file:  # noqa: PTH123 - Path refuses some names with ValueError only here
            if os.fstat(file.fileno()).st_size > max_bytes:
                raise InputError(f"{name}: is larger than {size_text(max_bytes)}, the most that is read")
            start = file.read(8)
            file.seek(0)
            if start.startswith(_MAGIC):
                return {"": _array(name, file, kinds if isinstance(kinds, str) else kinds(""), max_bytes)}
            if start.startswith(b"PK"):
                return _members(name, file, kinds, max_bytes)
    except InputError:
        raise
    except IsADirectoryError:
        raise InputError(f"{name}: is a directory, expected a file") from None
    except FileNotFoundError:
        raise InputError(f"{name}: no such file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    what = "is empty" if not start else "is no .npz or .npy file"
    raise InputError(f"{name}: {what}")


def _members(name: str, file: IO[bytes], kinds: Kinds, max_bytes: int) -> dict[str, Any]:
    """Return the arrays of a zip file; every one that is wrong is told."""
    arrays: dict[str, Any] = {}
    problems: list[str] = []
    left = max_bytes
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MAX_ENTRIES:
                raise InputError(f"{name}: holds more than {MAX_ENTRIES:,} arrays {got(len(members))}")
            for member in members:
                key = member.filename.removesuffix(".npy")
                place = f"{name}: {key}"
                if not key.isprintable():
                    problems.append(f"{name}: {key!r}: is no name of one printable line")
                    continue
                if key in arrays:
                    problems.append(f"{place}: stands twice")
                    continue
                try:
                    arrays[key] = _member(place, archive, member, kinds if isinstance(kinds, str) else kinds(key), left)
                    left -= arrays[key].nbytes
                except InputError as error:
                    problems += error.problems
    except (zipfile.BadZipFile, NotImplementedError, UnicodeError, RuntimeError):
        raise InputError(f"{name}: is no whole .npz file") from None
    if problems:
        raise InputError(problems)
    if not arrays:
        raise InputError(f"{name}: holds no array")
    return arrays


def _member(place: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, kinds: str, left: int) -> Any:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise InputError(f"{place}: is encrypted, or compressed in a way that numpy does not use")
    if member.file_size > left + MAX_HEADER_BYTES:
        raise InputError(_too_large(place, member.file_size, left))
    try:
        with archive.open(member) as stream:
            return _array(place, stream, kinds, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise InputError(f"{place}: is damaged") from None


def _array(place: str, stream: IO[bytes], kinds: str, left: int) -> Any:
    """Return one array whose header has been checked; no more than it announces is read."""
    header = _header(place, stream)
    kind = header.dtype.kind
    if kind not in kinds or kind == "O" or header.dtype.hasobject:
        wanted = "must hold true and false" if kinds == "b" else "holds a type that does not belong there"
        raise InputError(f"{place}: {wanted} {got(str(header.dtype))}")
    if header.size_bytes > left:
        raise InputError(_too_large(place, header.size_bytes, left))
    raw = bytearray(stream.read(header.size_bytes))
    if len(raw) < header.size_bytes:
        raise InputError(f"{place}: ends after {len(raw)} of the {header.size_bytes} bytes that its header announces")
    if stream.read(1):
        raise InputError(f"{place}: goes on after the {header.size_bytes} bytes that its header announces")
    if kind == "b" and raw and np.frombuffer(raw, dtype=np.uint8).max() > 1:
        raise InputError(f"{place}: must hold true and false, as bytes 1 and 0")
    if kind == "U" and not _is_text(np.frombuffer(raw, dtype=f"{header.dtype.byteorder}u4")):
        raise InputError(f"{place}: is text with what is no character of Unicode")
    flat = np.frombuffer(raw, dtype=header.dtype)
    return flat.reshape(header.shape[::-1]).T if header.is_fortran else flat.reshape(header.shape)


def _is_text(points: Any) -> bool:
    """Whether Python can make text of code points, and print it: none beyond Unicode's last, no half of a pair."""
    return not ((points > 0x10FFFF) | (points >> 11 == 0xD800 >> 11)).any()


def _header(place: str, stream: IO[bytes]) -> _Header:
    """Return a checked header: a dict of literals (numpy's format, NEP 1), of which nothing is run."""
    start = stream.read(8)
    length_bytes = _LENGTH_BYTES.get(start[6:7]) if start[:6] == _MAGIC and len(start) == 8 else None
    length = int.from_bytes(stream.read(length_bytes or 0), "little")
    try:
        if length_bytes is None or length > MAX_HEADER_BYTES:
            raise ValueError
        text = stream.read(length).decode("utf-8")
        fields = ast.literal_eval(text) if "\\" not in text else {}  # odd escapes would warn
        descr, shape, is_fortran = fields["descr"], fields["shape"], fields["fortran_order"]
        if not (isinstance(descr, str) and _DESCR.fullmatch(descr) and isinstance(is_fortran, bool)):
            raise ValueError
        if not (isinstance(shape, tuple) and all(type(v) is int and v >= 0 for v in shape)) or len(shape) > MAX_NDIM:
            raise ValueError
        return _Header(shape, is_fortran, np.dtype(descr))
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError):
        raise InputError(f"{place}: is no array in numpy's format") from None


def _too_large(place: str, size_bytes: int, left: int) -> str:
    return f"{place}: would take more than the {size_text(left)} that are left to be read {got(size_bytes)}"


def write_arrays(path: str | Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays as a compressed .npz file, whole or not at all; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", _WHEN)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content.getvalue())
    write_atomic(Path(path), buffer.getvalue())
