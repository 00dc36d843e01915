"""Files in and out: bounded reads with one clear message, and writes that are whole or absent."""

import contextlib
import io
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pivotsim.errors import InputError

MAX_LINE_CHARACTERS = 65_536
MAX_NPZ_ARRAYS = 4_096
MAX_LINKS = 40  # as Linux follows
STDOUT = 1


def read_text(path: Path, max_bytes: int) -> str:
    """Return the text of a UTF-8 file, or of standard input (``-``), of at most ``max_bytes``.

    Raises
    ------
    InputError
        The path is missing, a directory, unreadable, too large, empty, binary or not UTF-8, or one of its
        lines is longer than ``MAX_LINE_CHARACTERS``.
    """
    try:
        with _bytes_of(path) as file:
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


def is_stdin(path: Path) -> bool:
    """Whether an input of this name is standard input."""
    return str(path) == "-"


def _bytes_of(path: Path) -> contextlib.AbstractContextManager[IO[bytes]]:
    """Return what an input of this name is read from; standard input stays open."""
    if not is_stdin(path):
        return path.open("rb")
    if sys.stdin is None:
        raise OSError(None, "standard input is closed")
    return contextlib.nullcontext(sys.stdin.buffer)


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write a whole file or nothing, through ``output_file``."""
    with output_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def output_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield what takes an output of this name; every output of the package goes through here.

    An ordinary file, or one that is not there yet, is replaced once the new one is whole; a link is followed. What
    cannot be replaced is written to as it stands: ``-`` and ``/dev/stdout`` (the present ``sys.stdout``), another
    descriptor of this process (``/dev/fd/63``), a named pipe, a device.

    Raises
    ------
    InputError
        It cannot be written.
    """
    try:
        goes_on, target = is_stream(path), path.resolve()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise InputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    if not goes_on:
        with replacing(target) as file:
            yield file
        return
    try:
        with _stream(path) as file:
            yield file
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def is_stream(path: Path) -> bool:
    """Whether an output of this name is written to as it stands, and cannot be replaced."""
    return descriptor_of(path) is not None or (path.exists() and not path.is_file() and not path.is_dir())


def descriptor_of(path: Path) -> int | None:
    """Return the number of the open file of this process that a name stands for, None where it is another file.

    Such names must not be resolved: behind ``/dev/stdout`` of a shell's ``> all.csv`` lies ``all.csv``, and a new file
    in its place is not what the shell has open.

    >>> descriptor_of(Path("-")), descriptor_of(Path("/dev/stdout")), descriptor_of(Path("all.csv"))
    (1, 1, None)
    """
    if str(path) == "-":
        return STDOUT
    own = {Path("/dev/fd"), Path(f"/proc/{os.getpid()}/fd")}
    for _ in range(MAX_LINKS):
        folder = path.parent.resolve()
        if folder in own and path.name.isdecimal():
            return int(path.name)
        here = folder / path.name
        if not here.is_symlink():
            return None
        path = folder / here.readlink()
    return None


def is_stdout(path: Path | None) -> bool:
    """Whether an output of this name goes to standard output."""
    try:
        return path is not None and descriptor_of(path) == STDOUT
    except (OSError, ValueError, RuntimeError):
        return False  # writing there says why


@contextlib.contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    """Yield what is written to: standard output as it is now takes it behind what was printed before."""
    descriptor, stream = descriptor_of(path), sys.stdout
    if descriptor != STDOUT:
        with path.open("wb") if descriptor is None else os.fdopen(os.dup(descriptor), "wb") as file:
            yield file
        return
    if stream is None:
        raise OSError(None, "standard output is closed")
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is not None:
        yield binary
        binary.flush()
        return
    whole = io.BytesIO()  # for a stream of text alone, as a notebook's
    yield whole
    stream.write(whole.getvalue().decode())


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
