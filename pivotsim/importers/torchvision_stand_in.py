"""A stand-in for torchvision while timm is imported, where torchvision is missing or was built for another torch.

timm imports it for the transforms of images and builds no model with it. Names of it become empty classes; the
stand-in is gone once timm is loaded.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

NAME = "torchvision"


class _Empty(type):
    """A class whose every attribute is a further empty class, each its own."""

    def __getattr__(cls, name: str) -> "_Empty":
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Empty(name, (), {})
        setattr(cls, name, made)
        return made


class _Module(ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> _Empty:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Empty(name, (), {})
        setattr(self, name, made)
        return made


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != NAME:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def without_torchvision() -> Iterator[None]:
    """Stand in for torchvision where it cannot be imported; else do nothing."""
    try:
        importlib.import_module(NAME)
    except Exception:  # a build for another torch raises RuntimeError, and more
        _forget()
    else:
        yield
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]
