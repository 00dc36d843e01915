"""Work that leaves files behind, shared among the processes of a test run: each piece is done by one of them."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows, where each process does all
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(path: Path, *, waits: bool = True) -> Iterator[bool]:
    """Hold a lock file while the block runs, and tell whether it is held: without waiting, it may be another's.

    The lock ends with its process, however that ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def taken_once(names: Iterable[str], do: Callable[[str], object], locks: Path) -> None:
    """Do each piece of work under a lock of its name: first what nobody is at, then, at little cost, the others'."""
    left = []
    for name in names:
        with locked(locks / name, waits=False) as is_ours:
            if is_ours:
                do(name)
            else:
                left.append(name)
    for name in left:
        with locked(locks / name):
            do(name)
