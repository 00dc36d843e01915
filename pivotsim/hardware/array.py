"""The systolic array as a hardware file states it: its size, clock, dataflow and how folds follow each other."""

from typing import TYPE_CHECKING, Literal

from pivotsim.errors import got
from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS, SPLITS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.io.specs import Spec, quantity

Edge = Literal["padded", "aware"]

EDGES: tuple[str, ...] = ("padded", "aware")
MAX_ROWS = MAX_COLS = 65_536
MAX_MAC_LATENCY = 16
MAX_MAC_PACKING = 2
MAX_ARRAYS = 64
MIN_CLOCK_MHZ, MAX_CLOCK_MHZ = 0.001, 100_000  # of any part; far outside any device, and every result stays finite

if TYPE_CHECKING:
    Dataflow = str
    FoldOverlap = str
    Split = str
else:  # a further row of a table is a further name
    Dataflow = Literal[DATAFLOWS]
    FoldOverlap = Literal[FOLD_OVERLAPS]
    Split = Literal[SPLITS]


def unpackable(mac_packing: int, dataflow: str, cols: int) -> str:
    """Return why an array's columns do not share slices; '' where they may, or do not."""
    if mac_packing == 1:
        return ""
    if DATAFLOW[dataflow].drains:
        return f"mac_packing: sums that stay in the array have a slice each, 2 needs dataflow is or ws {got(dataflow)}"
    return "" if cols > 1 else f"mac_packing: a column alone shares its slices with none, 2 needs cols 2 {got(cols)}"


class ArraySpec(Spec):
    """Systolic arrays of registered multiply-accumulate processing elements (PEs): one, or several alike."""

    rows: int = quantity("PEs", "Rows of the array.", ge=1, le=MAX_ROWS)
    cols: int = quantity("PEs", "Columns of the array.", ge=1, le=MAX_COLS)
    clock_mhz: float = quantity("MHz", "Clock of the programmable logic.", ge=MIN_CLOCK_MHZ, le=MAX_CLOCK_MHZ)
    dataflow: Dataflow = quantity("", "Operand held in the array: is inputs, ws weights, os outputs.")
    fold_overlap: FoldOverlap = quantity("", "How far a fold overlaps the next one of the same GEMM.")
    edge: Edge = quantity("", "Folds at the edge cost the full array (padded) or the used part (aware).")
    os_edge_register: bool = quantity("", "Output stationary only: a register below the last row.")
    mac_latency: int = quantity("clocks", "Clocks of one MAC; 2 is a DSP48 with MREG.", ge=1, le=MAX_MAC_LATENCY)
    mac_packing: int = quantity(
        "", "Columns whose multiply-accumulates share a DSP slice: 2 of int8, is and ws.", ge=1, le=MAX_MAC_PACKING,
        default=1,
    )  # fmt: skip
    operand_bits: int = quantity("bit", "Widest operand that a PE multiplies.", ge=1, le=64)
    count: int = quantity("", "Arrays alike, side by side, each with its own memories.", ge=1, le=MAX_ARRAYS, default=1)
    split: Split = quantity("", "What they share out: heads, or rows or cols of the result.", default="auto")
