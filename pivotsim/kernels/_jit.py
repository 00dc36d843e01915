"""The one decorator of all numba kernels: explicit signatures, and a cache that sees every edit.

numba's own file cache looks at the file of the compiled function only, so an edit in a module that the
kernel calls would go unseen. Here the cache folder's name carries a hash of all kernel sources.
"""

import hashlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])
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


def _announce_compilation(folder: Path, module: str) -> None:
    """Log one line per process, at a level that is shown by default, before the first slow compilation."""
    global _announced
    if not _announced and not any(folder.glob(f"*/{module}.*.nbi")):
        _announced = True
        _log.warning("pivotsim: compiling numba kernels, once per installation (seconds; engine memory half a minute)")


def kernel(
    signature: str, *, types: Sequence[type | tuple[type, str]] = (), parallel: bool = False, allocates: bool = False
) -> Callable[[F], F]:
    """Compile a function for one explicit signature, from the cache where it is there.

    Integer division follows C on the non-negative integers that kernels work on (``error_model="numpy"``
    drops the per-division checks); floating-point maths is never reordered. A kernel that makes arrays of its own
    says so: the others need no reference counts. ``types`` are the named tuples that the signature names: a class of
    int64 fields, or (class, type of its fields).
    """

    def compile_now(function: F) -> F:
        users_folder = numba.config.CACHE_DIR
        options = {**_OPTIONS, "parallel": parallel, "_nrt": allocates}
        try:
            folder = cache_folder()
            _announce_compilation(folder, Path(function.__code__.co_filename).stem)
            numba.config.CACHE_DIR = str(folder)
            compiled = numba.njit(_signature(signature, types), cache=True, no_cfunc_wrapper=True, **options)(function)
        except (RuntimeError, OSError):  # no home, or no folder that can be written
            compiled = numba.njit(_signature(signature, types), **options)(function)
        finally:
            numba.config.CACHE_DIR = users_folder
        return cast(F, compiled)

    return compile_now


def _signature(text: str, types: Sequence[type | tuple[type, str]]) -> Any:
    """Return a signature whose text may name classes of named tuples."""
    names = dict(vars(numba.types))
    for item in types:
        cls, field = item if isinstance(item, tuple) else (item, "int64")
        names[cls.__name__] = numba.types.NamedUniTuple(eval(field, names), len(cls._fields), cls)  # type: ignore[attr-defined]
    return eval(text, names)


def inlined(function: F) -> F:
    """Make a function part of the kernels that call it: typed by them, compiled and cached with them."""
    return cast(F, _general(numba.njit(forceinline=True, **_PART_OPTIONS)(function)))


def pasted(function: F) -> F:
    """Make a function be pasted into the kernels that call it, before types are known: for what each calls once."""
    return cast(F, numba.njit(inline="always", **_PART_OPTIONS)(function))


def part(function: F) -> F:
    """Make a function that kernels call: typed by them and cached with them, but compiled once and not into each."""
    return cast(F, _general(numba.njit(**_PART_OPTIONS)(function)))


def _general(dispatcher: Any) -> Any:
    """Make a function be typed by the types of its arguments, and be optimised only in the kernel that it ends up in.

    numba would compile it once for each constant that it is called with, and optimise it in itself and in each function
    around it.
    """
    for_types = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        level = numba.config.OPT
        numba.config.OPT = _PART_LEVEL
        try:
            return for_types(tuple(map(_plain, args)), {name: _plain(kind) for name, kind in kws.items()})
        finally:
            numba.config.OPT = level

    dispatcher.get_call_template = get_call_template
    return dispatcher


def _plain(kind: Any) -> Any:
    """Return a type without the constants in it."""
    if isinstance(kind, numba.types.BaseTuple):
        return numba.types.BaseTuple.from_types([_plain(item) for item in kind], getattr(kind, "instance_class", None))
    return numba.types.unliteral(kind)


# Counting references (_nrt) locks the bus for every array that is handed to an inner function, which costs more than
# a small kernel's own work; only a kernel that allocates needs it. Without the GIL kernels run side by side.
_OPTIONS = {"error_model": "numpy", "fastmath": False, "nogil": True, "_nrt": False}
_PART_LEVEL = 1  # of optimisation: 0 takes longer, since numba makes machine code of what is not made small
_PART_OPTIONS = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_SOURCE_HASH = source_hash()
