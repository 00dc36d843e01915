"""The folder of machine code, which sees every edit, and the announcement of what is compiled.

numba's own file cache looks at the file of the compiled function only, so an edit in a module that the
kernel calls would go unseen. Here the cache folder's name carries a hash of all kernel sources.
"""

import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HERE = Path(__file__).parent
_log = logging.getLogger("pivotsim")
_announced = False


def source_hash() -> str:
    """Return 16 hex digits over the names and the text of every kernel source file."""
    digest = hashlib.sha256()
    for path in sorted(_HERE.rglob("*.py")):
        digest.update(path.relative_to(_HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of compiled kernels: $NUMBA_CACHE_DIR or the user's cache, then the source hash."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        root = Path(os.environ["NUMBA_CACHE_DIR"])
    elif os.environ.get("XDG_CACHE_HOME"):
        root = Path(os.environ["XDG_CACHE_HOME"])
    elif sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        root = Path(os.environ["LOCALAPPDATA"])
    else:
        root = Path.home() / ".cache"
    return root / "pivotsim" / f"kernels-{_SOURCE_HASH}"


@contextmanager
def used_by_numba() -> Iterator[None]:
    """Let numba keep machine code in our folder; it has one setting for all, so that a user's own is put back."""
    from numba import config

    users_folder = config.CACHE_DIR
    try:
        config.CACHE_DIR = str(cache_folder())
        yield
    finally:
        config.CACHE_DIR = users_folder


def announce(module: str) -> None:
    """Log one line per process, at a level that is shown by default, before the first slow compilation."""
    global _announced
    if not _announced:
        _announced = True
        _log.warning("pivotsim: compiling numba kernels, once per installation (seconds; engine memory half a minute)")


_SOURCE_HASH = source_hash()
