"""Kernels as the Python that they are compiled from: slow, and open to a look inside."""

import types
from typing import Any


def plain(function: Any, replaced: dict[str, Any] | None = None) -> Any:
    """Return a kernel's function, and all that it calls, as Python; ``replaced`` stands in for functions by name."""
    return _plain(function, replaced or {}, {})


def _plain(function: Any, replaced: dict[str, Any], known: dict[Any, Any]) -> Any:
    source = getattr(function, "py_func", function)
    if source not in known:
        names = dict(source.__globals__)
        known[source] = types.FunctionType(source.__code__, names, source.__name__)
        for name in source.__code__.co_names:
            value = names.get(name)
            is_function = hasattr(value, "py_func") or isinstance(value, types.FunctionType)
            if name in replaced:
                names[name] = replaced[name]
            elif is_function and value.__module__.startswith("pivotsim.kernels"):
                names[name] = _plain(value, replaced, known)
    return known[source]
