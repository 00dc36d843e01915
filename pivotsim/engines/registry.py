"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable

from pivotsim.engines import analytic
from pivotsim.hardware.spec import ArraySpec
from pivotsim.units import IntArray

# (G, 4) rows of m, k, n, repeats and the array -> clocks of each GEMM with its repeats, int64 (G,)
Engine = Callable[[IntArray, ArraySpec], IntArray]
ENGINES: dict[str, Engine] = {"analytic": analytic.cycles_per_gemm}
