"""Files in and out: bounded reads with one clear message, and writes that are whole or absent."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pivotsim.errors import InputError

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
    with replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file in the same folder that is synced and takes the place of ``path``; after any error, none does.

    The system makes it with the permissions that it gives to every new file: the process' umask is neither read nor
    set, which other threads would see.
    """
    temporary: Path | None = None
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "is a directory")
        unused = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
        descriptor = os.open(unused, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        temporary = unused
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
        raise


def make_folder(path: Path) -> None:
    """Create an output folder and its parents where they are missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = "is not a directory" if isinstance(error, FileExistsError) else getattr(error, "strerror", error)
        raise InputError(f"{path}: cannot be used as a folder: {reason}") from None
