"""The dataset of a sweep: one Parquet file per chunk, and a manifest that says what is done.

Every file is written to a temporary name, synced and renamed, the manifest after the chunks that it lists; so a sweep
may be stopped at any moment. A chunk counts as done if the manifest lists it and its file has the listed hash. What
else lies there under a chunk's name is made again.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pivotsim.dse.sweep.chunks import Failed, FinishedChunk, Recipe
from pivotsim.dse.sweep.manifest import MANIFEST, check_same, chunk_name, head_of, manifest_text, read_manifest
from pivotsim.errors import InputError
from pivotsim.io.text_files import make_folder, write_atomic

GOES_ON = "what is done is kept; start the same sweep again to go on"
SHARE_OF_TIME = 0.02  # that writing the manifest may take


class Store:
    """A dataset that is being written; use it in a ``with`` block.

    Raises
    ------
    InputError
        The folder holds another sweep or no sweep at all, cannot be written, or another process is writing there.
    """

    def __init__(self, folder: Path, recipe: Recipe, notes: Sequence[str] = ()) -> None:
        self.folder = folder
        self.notes = list(notes)
        make_folder(folder)
        self._lock = _locked(folder)
        try:
            self.head = head_of(recipe)
            self.chunks: dict[int, list[Any]] = {}
            self.failed: dict[int, Failed] = {}
            self.examples: dict[str, tuple[int, str]] = {}
            self.redone: list[int] = []  # listed chunks whose file is not what was written
            self._open()
        except BaseException:
            self.close()
            raise
        self._next_write = 0.0

    def _open(self) -> None:
        path = self.folder / MANIFEST
        if not path.exists():
            if any(self.folder.glob("*.parquet")):
                raise InputError(f"{self.folder}: holds Parquet files but no {MANIFEST}; use another folder")
            return
        found = read_manifest(self.folder)
        check_same(found, self.head, path)
        for leftover in (*self.folder.glob(".chunk-*.parquet.*"), *self.folder.glob(f".{MANIFEST}.*")):
            with contextlib.suppress(OSError):
                leftover.unlink()
        self.examples = {reason: (chunk, text) for reason, (chunk, text) in found["examples"].items()}
        for text, entry in found["chunks"].items():
            if file_hash(self.path_of(int(text))) == entry[1]:
                self.chunks[int(text)] = entry
            else:
                self.redone.append(int(text))

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def rows(self) -> int:
        """Rows that are stored."""
        return sum(entry[0] for entry in self.chunks.values())

    @property
    def dropped(self) -> dict[str, int]:
        """Points that are not stored, by reason."""
        totals: dict[str, int] = {}
        for index in sorted(self.chunks):
            for reason, count in self.chunks[index][2].items():
                totals[reason] = totals.get(reason, 0) + count
        return totals

    def path_of(self, index: int) -> Path:
        """Return the file of a chunk."""
        return self.folder / chunk_name(index)

    def add(self, made: FinishedChunk) -> None:
        """Write a chunk, and the manifest where the last time is long enough ago."""
        try:
            write_atomic(self.path_of(made.index), made.content)
            sync_folder(self.folder)
        except InputError as error:
            raise InputError(f"{problem}; {GOES_ON}" for problem in error.problems) from None
        self.chunks[made.index] = [made.rows, made.sha256, made.dropped]
        self.failed.pop(made.index, None)
        for reason, text in made.examples.items():
            if made.index <= self.examples.get(reason, (made.index, ""))[0]:
                self.examples[reason] = (made.index, text)
        if time.monotonic() >= self._next_write:
            self._keep()

    def fail(self, failed: Failed) -> None:
        """Note a chunk that cannot be made."""
        self.failed[failed.index] = failed
        self._keep()

    def _keep(self) -> None:
        start = time.monotonic()
        try:
            self.write_manifest()
        except InputError as error:
            raise InputError(f"{problem}; {GOES_ON}" for problem in error.problems) from None
        now = time.monotonic()
        self._next_write = now + (now - start) / SHARE_OF_TIME

    def keep_what_is_done(self) -> None:
        """Write the manifest if that is possible."""
        with contextlib.suppress(InputError):  # a full disk may have room for the manifest, or not
            self.write_manifest()

    def write_manifest(self) -> None:
        """Write the manifest: the recipe, progress, and each chunk's rows, hash and dropped points, by number."""
        failed = {str(i): {"point": f.point, "problem": f.problem} for i, f in sorted(self.failed.items())}
        entries = {
            **self.head,
            "notes": self.notes,
            "done": len(self.chunks),
            "rows": self.rows,
            "dropped": self.dropped,
            "examples": {reason: list(self.examples[reason]) for reason in sorted(self.examples)},
            "failed": failed,
            "chunks": {str(i): self.chunks[i] for i in sorted(self.chunks)},
        }
        write_atomic(self.folder / MANIFEST, manifest_text(entries))
        sync_folder(self.folder)


def file_hash(path: Path) -> str | None:
    """Return a file's SHA-256 in hexadecimal, None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """Return a descriptor that keeps other sweeps out of a folder until it is closed, None where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"{folder}: cannot be opened: {error.strerror or error}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InputError(f"{folder}: another sweep is writing there") from None
    except OSError:  # a file system without locks
        pass
    return descriptor
