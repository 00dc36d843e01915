"""What a sweep loads in its first moments: once in the server, not in every process that it forks."""

import contextlib
import importlib

from pivotsim.kernels.array.many_designs import sum_design_cycles
from tests.unit.dse import children

__all__ = ["children"]

sum_design_cycles.compiled()
with contextlib.suppress(ImportError):  # an extra
    importlib.import_module("distributed.nanny")
