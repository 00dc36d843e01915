"""All kernels at once: compiled, or found in the cache, before anything waits for them."""

import importlib
import pkgutil
import time
from collections.abc import Iterator
from typing import NamedTuple

import pivotsim.kernels
from pivotsim.kernels._cache import GROUPS, cache_folder, group_of
from pivotsim.kernels._jit import KERNELS, Kernel


class Group(NamedTuple):
    """What was done for one group of kernels; ``not_stored`` is the folder that could not be written, if one was."""

    name: str
    purpose: str
    kernels: int
    compiled: int
    seconds: float
    not_stored: str


def compile_all() -> Iterator[Group]:
    """Compile every kernel that is not in the cache, and yield each group when it is done.

    Yields
    ------
    Group
    """
    for name in GROUPS:
        yield compile_group(name)


def compile_group(name: str) -> Group:
    """Compile the kernels of one group that are not in the cache.

    Parameters
    ----------
    name
        A name of ``GROUPS``.

    Returns
    -------
    Group
    """
    kernels = [kernel for kernel in all_kernels() if group_of(kernel.__module__) == name]
    began_s = time.perf_counter()
    before = sum(kernel.was_compiled for kernel in kernels)
    for kernel in kernels:
        kernel.compiled()
    compiled = sum(kernel.was_compiled for kernel in kernels) - before
    unstored = "" if all(kernel.is_stored for kernel in kernels) else str(cache_folder())
    return Group(name, GROUPS[name], len(kernels), compiled, time.perf_counter() - began_s, unstored)


def all_kernels() -> list[Kernel]:
    """Load every module of kernels and return their kernels, of which none need be compiled.

    Returns
    -------
    list of Kernel
    """
    for module in pkgutil.walk_packages(pivotsim.kernels.__path__, "pivotsim.kernels."):
        importlib.import_module(module.name)
    return KERNELS
