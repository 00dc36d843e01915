"""The decorators of compiled functions: explicit signatures, and numba only once a kernel is called.

A module of kernels is ordinary Python until then. The first call of a kernel takes its machine code from the cache;
where it is not there, numba compiles the kernel and is told which of the functions that it calls are compiled, too.
"""

import functools
import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any, TypeVar, cast

from pivotsim.kernels import _cache
from pivotsim.kernels._indices import count_from_the_start

F = TypeVar("F", bound=Callable[..., object])

# Integer division follows C on the non-negative integers that kernels work on (error_model "numpy" drops the checks of
# each division); floating-point maths is never reordered. Without the GIL kernels run side by side. Counting references
# locks the bus for every array that is handed to an inner function, which costs more than a small kernel's own work;
# numba has no public option to leave it out, so that this is the one place with a private one.
_OPTIONS = {"error_model": "numpy", "fastmath": False, "nogil": True, "_nrt": False}
_PART_OPTIONS = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # kernels alone call them
# Optimisation of what a kernel calls, before it is optimised within the kernel: less compiles sooner, 0 does not, since
# numba makes machine code of what is not made small.
_PART_LEVEL = 1

_lock = threading.RLock()  # kernels are called from threads, and may call kernels
_parts: dict[FunctionType, dict[str, Any]] = {}  # functions that kernels call -> options
_part_dispatchers: dict[FunctionType, Any] = {}
KERNELS: list["Kernel"] = []  # of all modules that are loaded
_by_dispatcher: dict[Any, "Kernel"] = {}  # kernels whose code is being loaded or compiled, the outermost first


class Kernel:
    """A function with one signature, loaded or compiled on its first call.

    Attributes
    ----------
    py_func : function
        The function itself.
    was_compiled : bool
        This process compiled it, instead of loading it from the cache.
    is_stored : bool
        Its machine code stands in the cache.
    """

    def __init__(
        self, function: FunctionType, signature: str, types: Sequence[object], options: dict[str, Any]
    ) -> None:
        self.py_func = function
        self.signature = signature
        self.__doc__, self.__name__, self.__module__ = function.__doc__, function.__name__, function.__module__
        self.__qualname__ = function.__qualname__
        self._types, self._options = types, options
        self._run: Any = self._compile_and_run
        self._dispatcher: Any = None
        self.was_compiled = self.is_stored = False

    def __call__(self, *arguments: Any) -> Any:
        """Run the machine code."""
        return self._run(*arguments)

    def __reduce__(self) -> str:
        """Pickle as a name, as functions do."""
        return self.__qualname__

    def _compile_and_run(self, *arguments: Any) -> Any:
        return self.compiled()(*arguments)

    def compiled(self) -> Any:
        """Return numba's dispatcher with the machine code of the signature."""
        with _lock:
            if self._dispatcher is None:
                self._run = self._dispatcher = self._compiled_now()
        return self._dispatcher

    def _compiled_now(self) -> Any:
        import numba

        count_from_the_start()
        _watch_numba()
        names: dict[str, Any] = {**numba.types.__dict__}
        for item in self._types:
            cls, element = item if isinstance(item, tuple) else (item, "int64")
            # the text is the kernel's own, never a user's
            names[cls.__name__] = numba.types.NamedUniTuple(eval(element, dict(names)), len(cls._fields), cls)
        signature = eval(self.signature, names)
        try:
            with _cache.used_by_numba():
                try:
                    dispatcher = self._dispatcher_for(signature, cache=True)
                except Exception:  # whatever unpickling a damaged file leads to
                    _cache.discard(self.__name__, self.__module__)
                    dispatcher = self._dispatcher_for(signature, cache=True)
            self.is_stored = True
            return dispatcher
        except (RuntimeError, OSError):  # no home, or no folder that can be written
            return self._dispatcher_for(signature)

    def _dispatcher_for(self, signature: Any, **cache: bool) -> Any:
        import numba

        dispatcher = numba.njit(**self._options, **cache)(_copy_of(self.py_func))
        is_outermost = not _by_dispatcher
        _by_dispatcher[dispatcher] = self
        began_s = time.thread_time()  # what else the machine does is no part of it
        try:
            with _without_collection():
                dispatcher.compile(signature)
        finally:
            del _by_dispatcher[dispatcher]
        dispatcher.disable_compile()
        if self.was_compiled and is_outermost:
            _cache.remember(self.__name__, self.__module__, time.thread_time() - began_s)
        return dispatcher


@contextmanager
def _without_collection() -> Iterator[None]:
    """Leave garbage for later: looking for it among all that numba holds takes a tenth of a compilation."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def kernel(
    signature: str,
    types: Sequence[object] = (),
    *,
    parallel: bool = False,
    allocates: bool = False,
) -> Callable[[F], F]:
    """Make a function a kernel, machine code for one explicit signature.

    Parameters
    ----------
    signature
        In numba's words, such as ``"int64(int64[::1], Design)"``.
    types
        Classes of named tuples that the signature calls by their names: of int64, or a pair of the class and what its
        elements are, such as ``(Columns, "int64[:]")``.
    parallel
        Loops over ``prange`` are shared among numba's threads.
    allocates
        The kernel makes arrays of its own; the others need no reference counts.

    Returns
    -------
    Callable
        A decorator; what it makes is called like the function, with arguments by place.
    """
    _cache.source_hash()  # before anyone edits a file
    options = {**_OPTIONS, "parallel": parallel, "_nrt": allocates, "no_cfunc_wrapper": True}

    def made(function: F) -> F:
        result = Kernel(cast(FunctionType, function), signature, types, options)
        KERNELS.append(result)
        return cast(F, result)

    return made


def inlined(function: F) -> F:
    """Make a function part of the kernels that call it: typed by them, compiled and cached with them."""
    _parts[cast(FunctionType, function)] = {"forceinline": True}
    return function


def pasted(function: F) -> F:
    """Make a function be pasted into the kernels that call it, before types are known: for what each calls once."""
    _parts[cast(FunctionType, function)] = {"inline": "always"}
    return function


def part(function: F) -> F:
    """Make a function that kernels call: typed by them and cached with them, but compiled once and not into each."""
    _parts[cast(FunctionType, function)] = {"forceinline": False}  # unstated, it would be that of the first caller
    return function


def prange(stop: int) -> range:
    """Loop as ``range`` does; numba's threads share the turns where the kernel is parallel."""
    return range(stop)


def _copy_of(function: FunctionType) -> FunctionType:
    """Return a function with global names of its own, so that they may stand for what numba compiled."""
    names = dict(function.__globals__)
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__qualname__ = function.__qualname__
    return copy


def _tell_numba(copy: FunctionType) -> None:
    """Let the global names of a copy stand for dispatchers where they stood for functions of ours."""
    names = copy.__globals__
    for name in set(_names_in(copy.__code__)) & names.keys():
        value = names[name]
        if isinstance(value, Kernel):
            names[name] = value.compiled()
        elif value is prange:
            import numba

            names[name] = numba.prange
        elif isinstance(value, FunctionType) and value in _parts:
            names[name] = _dispatcher_of_part(value)


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the names that a function's code, and the code of functions within it, looks up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _dispatcher_of_part(function: FunctionType) -> Any:
    import numba

    if function not in _part_dispatchers:
        copy = _copy_of(function)
        _tell_numba(copy)
        dispatcher = numba.njit(**_PART_OPTIONS, **_parts[function])(copy)
        _part_dispatchers[function] = dispatcher if "inline" in _parts[function] else _general(dispatcher)
    return _part_dispatchers[function]


def _general(dispatcher: Any) -> Any:
    """Make a function be typed by the types of its arguments, and be optimised only in the kernel that it ends up in.

    numba would compile it once for each constant that it is called with, and optimise it in itself and in each function
    around it. The hook is numba's own way to type a call; no public option says either.
    """
    import numba

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
    import numba

    if isinstance(kind, numba.types.BaseTuple):
        return numba.types.BaseTuple.from_types([_plain(item) for item in kind], getattr(kind, "instance_class", None))
    return numba.types.unliteral(kind)


@functools.cache
def _watch_numba() -> None:
    """Have numba report each compilation before it starts: what comes from the cache needs no functions made known."""
    from numba.core import event

    class Watch(event.Listener):  # type: ignore[misc]
        def on_start(self, reported: Any) -> None:
            found = _by_dispatcher.get(reported.data["dispatcher"])
            if found is not None:
                found.was_compiled = True
                first = next(iter(_by_dispatcher.values()))  # what it calls is compiled with it
                _cache.announce(first.__name__, first.__module__)
                _tell_numba(reported.data["dispatcher"].py_func)

        def on_end(self, reported: Any) -> None: ...

    event.register("numba:compile", Watch())
