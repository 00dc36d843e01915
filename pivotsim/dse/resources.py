"""Resources that many arrays at once take of the FPGA, each as ``hardware.resources.fit`` counts it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.resources import MEMORIES, bram36_blocks, port_bytes, side_of
from pivotsim.hardware.systolic import SystolicHardware

RESOURCES = {"dsp": "DSP48E2", "bram36": "BRAM36", "lut": "LUTs", "ff": "FFs", "fits": ""}
# what they depend on, beside memories.* and fpga.*
ARRAY_AXES = ("array.rows", "array.cols", "array.dataflow")


def depends_on(name: str) -> bool:
    """Tell whether an axis changes a resource."""
    return name in ARRAY_AXES or name.startswith(("memories.", "fpga."))


def resource_columns(hw: SystolicHardware, columns: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Return resource -> demand, int64 (count,), and whether all of them fit.

    ``columns`` holds the design fields rows, cols and dataflow (as a code) that vary; the rest is the hardware's.

    Raises
    ------
    InputError
        A memory is unlimited.
    """
    own = {"rows": hw.array.rows, "cols": hw.array.cols, "dataflow": DATAFLOWS.index(hw.array.dataflow)}
    shapes = np.stack([np.broadcast_to(columns.get(field, own[field]), (count,)) for field in own])
    rows, cols = shapes[0].astype(np.int64), shapes[1].astype(np.int64)
    pes, use = rows * cols, hw.fpga.use
    found: dict[str, Any] = {
        "dsp": (pes + 1) // 2 if use.int8_packing else pes,
        "bram36": _bram36(hw, shapes),
        "lut": np.ceil(use.lut_per_pe * pes).astype(np.int64),
        "ff": np.ceil(use.ff_per_pe * pes).astype(np.int64) + use.ff_fixed,
    }
    fits = [demand <= getattr(hw.fpga, name) for name, demand in found.items()]
    return {**found, "fits": np.logical_and.reduce(fits)}


def _bram36(hw: SystolicHardware, shapes: Any) -> Any:
    """Return block RAMs of each (rows, cols, dataflow), counted once for every row and column that occurs."""
    total = np.full(shapes.shape[1], hw.fpga.use.bram36_fixed, dtype=np.int64)
    for code in np.unique(shapes[2]).tolist():
        chosen = shapes[2] == code
        for name in MEMORIES:
            side = side_of(name, DATAFLOWS[code])
            if side is None:
                total[chosen] += _blocks(hw, name, 1, DATAFLOWS[code])
                continue
            lengths, inverse = np.unique(shapes[side][chosen], return_inverse=True)
            blocks = [_blocks(hw, name, length, DATAFLOWS[code]) for length in lengths.tolist()]
            total[chosen] += np.array(blocks, dtype=np.int64)[inverse]
    return total


def _blocks(hw: SystolicHardware, name: str, length: int, dataflow: str) -> int:
    port = port_bytes(hw, name, length, length, dataflow)
    return bram36_blocks(8 * port, math.ceil(getattr(hw.memories, f"{name}_bytes") / port))
