"""What a process that makes chunks asks of its memory allocator."""

import contextlib
import ctypes

# glibc's mallopt(3)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 64 * 2**20
MAPPED_FROM_BYTES = 4 * 2**20


def keep_freed_memory() -> None:
    """Keep what is freed for the next chunk; without glibc, do nothing.

    By default glibc gives freed columns back to the system, which clears their pages and hands them out again: a sixth
    of a chunk's time, a third where a thread makes it, as on a Dask worker.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        allocator.mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
