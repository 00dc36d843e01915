"""Freed memory that a process keeps for what it takes next, by glibc's mallopt(3); elsewhere nothing is done."""

import contextlib
import ctypes
import os
import threading

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 64 * 2**20
MAPPED_FROM_BYTES = 4 * 2**20
TRIM_VARIABLE, MMAP_VARIABLE = "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"
GLIBC_BYTES = 128 * 2**10  # either threshold where nothing is stated


def keep_freed_memory() -> None:
    """Keep what this process frees for the next chunk.

    By default glibc gives freed columns back to the system, which clears their pages and hands them out again: a sixth
    of a chunk's time. It holds for the whole process, so only processes spawned by a sweep ask for it, never the
    caller's own.
    """
    _set_thresholds(KEPT_BYTES, MAPPED_FROM_BYTES)


class FreedMemoryKept:
    """Keeps what a cluster's worker frees while a thread of it is within, and then sets back what its owner asked for.

    Dask starts its workers with a variable that has memory given back at once, and half of a chunk's time goes into
    pages. Where no such variable is set glibc learns by itself and is left alone, as it is where more is kept.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1 and _gives_back():
                keep_freed_memory()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and _gives_back():
                _set_thresholds(_stated_bytes(TRIM_VARIABLE), _stated_bytes(MMAP_VARIABLE))


def _gives_back() -> bool:
    return TRIM_VARIABLE in os.environ and _stated_bytes(TRIM_VARIABLE) < KEPT_BYTES


def _stated_bytes(variable: str) -> int:
    """Return a threshold of the environment, glibc's own where there is none."""
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() else GLIBC_BYTES


def _set_thresholds(trim_bytes: int, mmap_bytes: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_TRIM_THRESHOLD, trim_bytes)
        allocator.mallopt(M_MMAP_THRESHOLD, mmap_bytes)
