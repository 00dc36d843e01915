"""Arrays in .npz and .npy files: sizes and types are checked in the headers, before anything is allocated.

Nothing is unpickled: an array of Python objects is refused by its header.
"""

import io
import math
import os
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from pivotsim.errors import InputError, got, got_elements
from pivotsim.io.text_files import write_atomic
from pivotsim.units import size_text

MAX_ARRAY_BYTES = 2**28  # of a file, and of all its arrays together, as they will lie in memory
MAX_ENTRIES = 65_536
MAX_HEADER_BYTES = 10_000
MAX_NDIM = 8
# what numpy's reader raises on bytes that are no header
_NO_HEADER = (
    ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError,
    Warning,
)  # fmt: skip
_WHEN = (1980, 1, 1, 0, 0, 0)  # equal arrays make equal files


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
            if start.startswith(npy.MAGIC_PREFIX):
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
    shape, is_fortran, dtype = _header(place, stream)
    if dtype.kind not in kinds or dtype.hasobject:
        flags = {"b": "true and false", "biu": "true and false, or the integers 1 and 0"}.get(kinds)
        wanted = f"must hold {flags}" if flags else "holds a type that does not belong there"
        cast = "; .astype(bool) turns 0.0 and 1.0 into them" if flags and dtype.kind == "f" else ""
        raise InputError(f"{place}: {wanted} {got_elements(dtype)}{cast}")
    size_bytes = math.prod(shape) * dtype.itemsize
    if size_bytes > left:
        raise InputError(_too_large(place, size_bytes, left))
    raw = bytearray(stream.read(size_bytes))
    if len(raw) < size_bytes:
        raise InputError(f"{place}: ends after {len(raw)} of the {size_bytes} bytes that its header announces")
    if stream.read(1):
        raise InputError(f"{place}: goes on after the {size_bytes} bytes that its header announces")
    if dtype.kind == "b" and raw and np.frombuffer(raw, dtype=np.uint8).max() > 1:
        raise InputError(f"{place}: must hold true and false, as bytes 1 and 0")
    if dtype.kind == "U" and not _is_text(np.frombuffer(raw, dtype=f"{dtype.byteorder}u4")):
        raise InputError(f"{place}: is text with what is no character of Unicode")
    flat = np.frombuffer(raw, dtype=dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _is_text(points: Any) -> bool:
    """Whether Python can make text of code points, and print it: none beyond Unicode's last, no half of a pair."""
    return not ((points > 0x10FFFF) | (points >> 11 == 0xD800 >> 11)).any()


def _header(place: str, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return (shape, whether columns come first, type) of a header: a dict of literals (NEP 1), of which nothing runs.

    Format 1.0 alone, whose header is at most 64 KiB: numpy writes 2.0 for longer ones only, and 3.0 for field names.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what numpy reads with a warning, such as files of Python 2, is refused
            if npy.read_magic(stream) != (1, 0):
                raise ValueError
            shape, is_fortran, dtype = npy.read_array_header_1_0(stream, max_header_size=MAX_HEADER_BYTES)
        if not all(type(v) is int and v >= 0 for v in shape) or len(shape) > MAX_NDIM:
            raise ValueError
    except _NO_HEADER:
        raise InputError(f"{place}: is no array in numpy's format 1.0") from None
    return shape, is_fortran, dtype


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
