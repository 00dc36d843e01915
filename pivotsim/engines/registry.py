"""The engines by name; a further one is a further row, and inherits the conformance tests."""

from collections.abc import Callable, Mapping
from typing import Any

from pivotsim.engines import analytic, pe
from pivotsim.hardware.spec import ArraySpec
from pivotsim.units import IntArray

# (G, 4) rows of m, k, n, repeats and the array -> clocks of each GEMM with its repeats, int64 (G,)
Engine = Callable[[IntArray, ArraySpec | Mapping[str, Any]], IntArray]
ENGINES: dict[str, Engine] = {"analytic": analytic.cycles_per_gemm, "pe": pe.cycles_per_gemm}
