"""Whether numba's threads can be used: GNU OpenMP ends a forked process that goes on with its parent's."""

import os

_is_started = _is_lost = False


def may_start() -> bool:
    """Tell whether a kernel may run on threads; those asked about count as started.

    In a process that was forked after they had started, as multiprocessing does on Linux before Python 3.14, they are
    gone: kernels run on one thread there.
    """
    global _is_started
    _is_started = _is_started or not _is_lost
    return not _is_lost


def _lose() -> None:
    global _is_lost
    _is_lost = _is_lost or _is_started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lose)
