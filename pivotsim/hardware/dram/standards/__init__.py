"""The DRAM standards, a file each: its ``STANDARD`` is found by the file's name, which is the ``kind`` of a channel."""

import importlib
import pkgutil

from pivotsim.hardware.dram.standard import Standard

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def standard_of(kind: str) -> Standard:
    """Return a standard by its kind, one of ``KINDS``.

    >>> standard_of("lpddr4").title, len(standard_of("ddr4").constraints)
    ('LPDDR4', 28)
    """
    found: Standard = importlib.import_module(f"{__name__}.{kind}").STANDARD
    return found
