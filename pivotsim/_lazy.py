"""Names of a package that load on first use (PEP 562), so that importing the package costs next to nothing."""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def lazy(
    package: str, homes: Mapping[str, str], namespaces: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's ``__getattr__`` and ``__dir__``.

    Parameters
    ----------
    package : str
        Its name, as ``__name__`` gives it.
    homes : mapping
        Public name -> the module that defines it.
    namespaces : iterable of str
        Modules and packages inside it that load on first use too, and that ``__dir__`` does not list.

    Returns
    -------
    tuple of two functions

    Examples
    --------
    >>> find, names = lazy("pivotsim", {"fit": "pivotsim.hardware.resources.device_fit"})
    >>> find("fit").__name__, "fit" in names()
    ('fit', True)
    """
    inner = frozenset(namespaces)

    def find(name: str) -> Any:
        if name in homes:
            value = getattr(importlib.import_module(homes[name]), name)
        elif name in inner:
            value = importlib.import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        setattr(sys.modules[package], name, value)
        return value

    return find, lambda: sorted(getattr(sys.modules[package], "__all__", homes))
