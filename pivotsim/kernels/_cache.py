"""The folder of machine code, which sees every edit, and what is said of a compilation: what, and how long it took.

numba's own file cache looks at the file of the compiled function only, so an edit in a module that the
kernel calls would go unseen. Here the cache folder's name carries a hash of all kernel sources, and numba's version.
"""

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# A folder or module of kernels, and what it is for; one line is logged for each in which something compiles.
GROUPS = {
    "array": "array cycles: vectors of designs, masks",
    "dram": "DRAM channels: commands",
    "memory": "engine memory: schedules, search",
    "mpca": "engine mpca: lanes",
    "pareto": "Pareto fronts",
    "pe": "engine pe: clock by clock",
    "pipeline": "engine pipeline: groups of rows",
    "table_rows": "resources of many designs",
}
_HERE = Path(__file__).parent
_announced: set[str] = set()


@functools.cache
def source_hash() -> str:
    """Return 16 hex digits over the names and the text of every kernel source file, as they were at the first call.

    That is made when the first kernel is loaded: a later edit is not what this process runs.
    """
    import hashlib

    if not _HERE.is_dir():  # one name would stand for the code of all versions
        raise ImportError(f"{_HERE}: kernels are no files, pivotsim does not run from an archive; install it")
    digest = hashlib.sha256()
    for path in sorted(_HERE.rglob("*.py")):
        digest.update(path.relative_to(_HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of compiled kernels: $NUMBA_CACHE_DIR or the user's cache, then hash and version."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        root = Path(os.environ["NUMBA_CACHE_DIR"])
    elif os.environ.get("XDG_CACHE_HOME"):
        root = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        root = Path(os.environ["LOCALAPPDATA"])
    else:
        root = Path.home() / ".cache"
    from numba import __version__  # loaded by then: who asks for the folder compiles

    return root / "pivotsim" / f"kernels-{source_hash()}-numba{__version__}"


@contextmanager
def used_by_numba() -> Iterator[None]:
    """Let numba keep machine code in our folder; it has one setting for all, so that a user's own is put back.

    Raises
    ------
    RuntimeError, OSError
        There is no home, or the folder cannot be written. numba would then turn to folders that see no edit elsewhere.
    """
    from numba import config

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(str(folder))
    users_folder = config.CACHE_DIR
    try:
        config.CACHE_DIR = str(folder)
        yield
    finally:
        config.CACHE_DIR = users_folder


def discard(kernel: str, module: str) -> None:
    """Remove what is stored of a kernel; numba would read a file that a full disk cut short again and again."""
    for path in cache_folder().rglob(f"{module.rpartition('.')[2]}.{kernel}-*.nb[ci]"):
        path.unlink(missing_ok=True)


def group_of(module: str) -> str:
    """Return the group of a kernel's module."""
    return module.removeprefix(f"{__package__}.").partition(".")[0]


def announce(kernel: str, module: str) -> None:
    """Log what compiles, at a level that is shown by default: one line per group and process.

    It states the processor time of this kernel's last compilation, where there was one; a group may have several.
    """
    group = group_of(module)
    if group in _announced:
        return
    _announced.add(group)
    import logging

    before = _times().get(f"{module}.{kernel}")
    took = "" if before is None else f"; {kernel} took {before:.0f} s of a processor last time"
    what = GROUPS.get(group, module)  # a kernel may stand elsewhere
    logging.getLogger("pivotsim").warning("pivotsim: compiling %s (kept for later runs%s)", what, took)


def remember(kernel: str, module: str, seconds: float) -> None:
    """Keep the processor seconds of a compilation, for the next installation or edit."""
    import json

    path = _times_file()
    times = {**_times(), f"{module}.{kernel}": round(seconds, 1)}
    with suppress(OSError):  # only a figure for people
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(times, indent=1, sort_keys=True))
        unfinished.replace(path)


def _times_file() -> Path:
    """Return the file of seconds by kernel; it stands beside the folders of all sources."""
    return cache_folder().parent / "compile_processor_seconds.json"


def _times() -> dict[str, float]:
    import json

    try:
        stored = json.loads(_times_file().read_text())
    except (OSError, ValueError, RuntimeError):  # none yet, cut short, or no home
        return {}
    return {k: v for k, v in stored.items() if isinstance(v, (int, float))} if isinstance(stored, dict) else {}
