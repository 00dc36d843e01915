"""Files in and out: bounded reads with one clear message, and writes that are whole or absent."""

import io
import math
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotsim.errors import InputError, got

if TYPE_CHECKING:
    import numpy as np

MAX_LINE_CHARACTERS = 65_536
MAX_NPZ_ARRAYS = 4_096


def read_text(path: Path, max_bytes: int) -> str:
    """Return the text of a UTF-8 file of at most ``max_bytes``.

    Raises
    ------
    InputError
        The path is missing, a directory, unreadable, too large, empty, binary or not UTF-8, or one of its
        lines is longer than ``MAX_LINE_CHARACTERS``.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory, expected a file") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from None
    if len(raw) > max_bytes:
        raise InputError(f"{path}: is larger than {max_bytes // 2**20} MiB, the most that is read")
    if not raw.strip():
        raise InputError(f"{path}: is empty")
    if b"\0" in raw:
        raise InputError(f"{path}: is a binary file, expected UTF-8 text")
    try:
        text = raw.decode("utf-8-sig")  # spreadsheets put a byte order mark first
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: is not UTF-8 text (byte 0x{raw[error.start]:02x})") from None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > MAX_LINE_CHARACTERS:
            raise InputError(f"{path}:{number}: line is longer than {MAX_LINE_CHARACTERS} characters")
    return text


def read_npz(path: Path, max_bytes: int) -> "dict[str, np.ndarray[Any, Any]]":
    """Return the arrays of a NumPy .npz file by name, read-only; nothing in the file is ever executed.

    Parameters
    ----------
    path : Path
    max_bytes : int
        The most that all arrays together may take in memory; the file's own headers are checked against it before
        any array is made.

    Raises
    ------
    InputError
        The path is missing or no .npz file, is damaged or too large, or holds Python objects (pickles) or records.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no regular file, expected a NumPy .npz file")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(path, members, max_bytes)
            names = [m.filename.removesuffix(".npy") for m in members]
            return {n: _array_of(f"{path}: {n}", archive.read(m)) for n, m in zip(names, members, strict=True)}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: is no NumPy .npz file, or a damaged one: {error}") from None
    except (OSError, ValueError, RuntimeError, EOFError, zlib.error) as error:  # RuntimeError: encrypted
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_members(path: Path, members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    """Raise InputError where an archive's own list does not promise a bounded number of bounded arrays."""
    names = [m.filename for m in members]
    if not names:
        raise InputError(f"{path}: holds no array")
    if len(names) > MAX_NPZ_ARRAYS:
        raise InputError(f"{path}: holds more than {MAX_NPZ_ARRAYS} arrays {got(len(names))}")
    if sum(m.file_size for m in members) > max_bytes:  # reading stops at these sizes, whatever the data expand to
        raise InputError(f"{path}: arrays take more than {max_bytes // 2**20} MiB, the most that is read")
    problems = [f"{path}: {name}: is no array, expected names ending in .npy" for name in names if name[-4:] != ".npy"]
    problems += [f"{path}: {name}: stands twice" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        raise InputError(problems[:20])


def _array_of(place: str, raw: bytes) -> "np.ndarray[Any, Any]":
    """Return the array in the bytes of one .npy file, without a copy."""
    import numpy as np
    from numpy.lib import format as npy

    stream = io.BytesIO(raw)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    try:
        version = npy.read_magic(stream)
        shape, fortran_order, dtype = readers[version](stream)
    except KeyError:
        raise InputError(f"{place}: unknown version of the .npy format {got(version)}") from None
    except (ValueError, EOFError) as error:
        raise InputError(f"{place}: is no NumPy array: {' '.join(str(error).split())}") from None
    if dtype.hasobject:
        raise InputError(f"{place}: holds Python objects, which are never loaded; save plain numbers {got(dtype.str)}")
    if dtype.names is not None or dtype.subdtype is not None:
        raise InputError(f"{place}: holds records, expected plain numbers {got(dtype.str)}")
    size_bytes, found = math.prod(shape) * dtype.itemsize, len(raw) - stream.tell()
    if min(shape, default=0) < 0 or size_bytes != found:
        raise InputError(f"{place}: shape {shape} needs {size_bytes} bytes {got(found)}")
    return np.ndarray(shape, dtype, raw, stream.tell(), order="F" if fortran_order else "C")


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a whole file or nothing: to a temporary name in the same folder, synced, then renamed.

    A link is followed; a device or pipe, which cannot be replaced, is written to.
    """
    try:
        data = content.encode() if isinstance(content, str) else content
        path = path.resolve()
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(data)
            return
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    temporary: Path | None = None
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "is a directory")
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes files private; a result is an ordinary file
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def make_folder(path: Path) -> None:
    """Create an output folder and its parents where they are missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = "is not a directory" if isinstance(error, FileExistsError) else getattr(error, "strerror", error)
        raise InputError(f"{path}: cannot be used as a folder: {reason}") from None
