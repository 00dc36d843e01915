"""Engine `pe`: every processing element in every clock."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pivotsim.engines.array.engine import ArrayEngine
from pivotsim.engines.base import GemmMasks
from pivotsim.hardware.array import ArraySpec
from pivotsim.units import IntArray


class Pe(ArrayEngine):
    """Clocks counted PE by PE."""

    name: ClassVar[str] = "pe"

    def cycles_per_gemm(
        self, gemms: IntArray, array: ArraySpec | Mapping[str, Any], masks: GemmMasks = ()
    ) -> IntArray:  # fmt: skip
        """Return the clocks of each GEMM."""
        from pivotsim.engines.pe import clock

        return clock.cycles_per_gemm(gemms, array, masks)
