"""Indices of kernels count from an array's start: none is negative, and machine code does not ask whether one is.

numba compares each index with 0 and adds the length to one that is less, a quarter of a scattered DRAM burst's time. It
leaves that out for types without a sign alone, which make a float with the signed numbers of all else.
"""

import functools
from typing import Any

OURS = "pivotsim.kernels."


@functools.cache
def count_from_the_start() -> None:
    """Have numba take indices of our functions as they are; those of others, and its own, are compiled as ever.

    No public option leaves the question out. Under a numba without this function kernels are slower, results the same.
    """
    from numba.core import types
    from numba.np import arrayobj

    of_all = getattr(arrayobj, "fix_integer_index", None)
    if of_all is None:
        return

    def of_ours(context: Any, builder: Any, kind: Any, index: Any, length: Any) -> Any:
        if context.fndesc is None or not context.fndesc.modname.startswith(OURS):
            return of_all(context, builder, kind, index, length)
        return context.cast(builder, index, kind, types.intp)

    arrayobj.fix_integer_index = of_ours
