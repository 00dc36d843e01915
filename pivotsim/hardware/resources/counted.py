"""What designs take by the structures of the Verilog that ships: from a board's values, or vectors of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOW, DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.memory import BUFFERS, UNLIMITED
from pivotsim.hardware.resources.block_rams import FILLED, MEMORIES, SUM_BYTES, ULTRA_BIT
from pivotsim.hardware.resources.structures.axes import Joined
from pivotsim.hardware.resources.structures.designs import all_structures
from pivotsim.hardware.resources.structures.shared_tables import Depends
from pivotsim.hardware.resources.structures.sizes import Sizes, Structure
from pivotsim.hardware.resources.structures.totals import COUNTS, Totals, added
from pivotsim.hardware.resources.written_units import PLACES, unit_structures
from pivotsim.units import INT64_MAX

METHODS = ("fitted", "synthesis")
MOST_BYTES = 2**50  # of a memory; larger ones are not told apart, and fit no device
CODES: dict[str, Sequence[Any]] = {  # words that stand for their place
    "array.dataflow": DATAFLOWS,
    "array.fold_overlap": FOLD_OVERLAPS,
    "memories.opmem_buffers": BUFFERS,
    "fpga.use.counted_by": METHODS,
    **PLACES,
}
SIDES = ("array.rows", "array.cols", "array.dataflow", "array.fold_overlap", "array.mac_latency", "array.mac_packing",
         "array.count")  # fmt: skip
PORTS = tuple(f"memories.{name}_port_bytes_per_clock" for name in FILLED)
AXI = ("memories.axi_ports", "memories.axi_port_bytes_per_clock")
SIZE_PATHS = (
    *SIDES, *(f"memories.{name}_bytes" for name in MEMORIES), *PORTS, *AXI, "memories.opmem_buffers",
    "memories.bias", "fpga.use.uram_from_bytes",
)  # fmt: skip
URAM_FROM, COUNTED_BY = "fpga.use.uram_from_bytes", "fpga.use.counted_by"
ROWS, COLS, FLOW, OVERLAP = SIDES[:4]
OF_LANES = (*PORTS, *AXI)
OF_SUMS = ("memories.opmem_bytes", "memories.opmem_buffers")
OF_SLICES = (FLOW, OVERLAP, *SIDES[4:6])
WIDER_SIDE, SIDE_SUM = "the wider side", "the sum of both sides"
JOINED: Mapping[str, Joined] = {  # no array has a side below 1
    WIDER_SIDE: Joined((ROWS, COLS), np.maximum, lambda side: (side, side)),
    SIDE_SUM: Joined((ROWS, COLS), np.add, lambda both: (both - 1, np.ones_like(both))),
}
DEPENDS: Mapping[str, Depends] = {  # term of a structure -> what its counts depend on, and how many there are
    "columns": Depends((ROWS, *OF_SLICES), (COLS, *OF_SLICES)),
    "row skew": Depends((ROWS, *OF_SLICES)),
    "column skew": Depends((COLS, *OF_SLICES)),
    **{
        name: Depends((WIDER_SIDE, f"memories.{name}_bytes", URAM_FROM, *OF_LANES)) for name in ("ipmem", "wtmem", "gb")
    },
    "biases": Depends((COLS, FLOW, "memories.bias", *OF_LANES)),
    "sum banks": Depends((COLS, *OF_SUMS)),
    "sum addresses": Depends((ROWS, *OF_SLICES), (COLS, *OF_SUMS)),
    "read mover": Depends(OF_LANES),
    "write mover": Depends((COLS, *OF_LANES)),
    "sequencers": Depends((FLOW, OVERLAP)),
    "masks, counters": Depends((SIDE_SUM,)),
}
BY_COLUMN = np.array([int(DATAFLOW[name].cols == "n") for name in DATAFLOWS])  # a bias a column, not one an entry
DRAINS = np.array([int(DATAFLOW[name].drains) for name in DATAFLOWS])


def number(path: str, value: Any) -> Any:
    """Return a value as a number: a word by its place, `unlimited` as the largest int64."""
    if path in CODES:
        return CODES[path].index(value)
    return INT64_MAX if value == UNLIMITED else value


def sizes_of(of: Callable[[str], Any]) -> Sizes:
    """Return the sizes of designs from their numbers by dotted path, each one number or a vector of them.

    What is unlimited cannot be built: it counts as a memory that is not there, or as a byte a clock. No array has a
    side of 0, though vectors of what designs may have begin there.
    """
    ipmem, wtmem, gb = (np.asarray(of(path)) for path in PORTS)
    ports, axi_port = (np.asarray(of(path)) for path in AXI)
    axi = np.where(axi_port == INT64_MAX, INT64_MAX, ports * np.minimum(axi_port, INT64_MAX // 64))
    lanes = np.minimum(gb, np.maximum(np.maximum(ipmem, wtmem), axi))
    size = {name: np.asarray(of(f"memories.{name}_bytes")) for name in MEMORIES}
    built = {name: np.where(size[name] == INT64_MAX, 0, np.minimum(size[name], MOST_BYTES)) for name in MEMORIES}
    halves = np.asarray(of("memories.opmem_buffers")) + 1
    rows, cols = (np.maximum(of(path), 1) for path in (ROWS, COLS))
    biases = SUM_BYTES * np.where(BY_COLUMN[of("array.dataflow")], cols, 1) * np.asarray(of("memories.bias"))
    large = np.asarray(of(URAM_FROM))
    ultra = sum(bit * ((large > 0) & (size[name] >= large)) for name, bit in ULTRA_BIT.items())
    return Sizes(
        rows, cols, DRAINS[of("array.dataflow")], of("array.fold_overlap"),
        of("array.mac_latency"), of("array.mac_packing"), np.where(lanes == INT64_MAX, 1, lanes), built["ipmem"],
        built["wtmem"], built["gb"], np.maximum(1, built["opmem"] // (SUM_BYTES * cols * halves)), halves, biases,
        ultra,
    )  # fmt: skip


def by_synthesis(of: Callable[[str], Any]) -> Any:
    """Return whether synthesis counts designs, not constants."""
    return np.asarray(of(COUNTED_BY)) == METHODS.index("synthesis")


def unlimited(of: Callable[[str], Any]) -> Any:
    """Return whether a memory has no size, or none of the ways to it a width, so that no block RAMs suffice."""
    paths = (*(f"memories.{name}_bytes" for name in MEMORIES), *PORTS)
    found = np.zeros((), dtype=np.bool_)
    for path in paths:
        found = found | (np.asarray(of(path)) == INT64_MAX)
    return found


def of_all_arrays(found: Structure, count: Any) -> Structure:
    """Return what a structure takes in all arrays."""
    if found.shared:
        return found
    return found._replace(**{name: getattr(found, name) * count for name in COUNTS})


def demands(of: Callable[[str], Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return lut, ff, bram36, uram and dsp of designs, int64 each, and of them what is not extrapolated.

    DSPs are those of units beside the array.
    """
    of_arrays = (of_all_arrays(one, of("array.count")) for one in all_structures(sizes_of(of)))
    return rounded(added(unit_structures(of), added(of_arrays)), unlimited(of))


def rounded(totals: Totals, is_unlimited: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return sums as demands, all and known, one dict where all is known: half block RAMs are rounded up together."""
    both = []
    for place in (0, 1):
        lut, ff, halves, urams, dsp = (totals[name][place] for name in COUNTS)
        brams = np.where(is_unlimited, INT64_MAX, (halves + 1) // 2)
        both.append({"bram36": brams, "lut": lut, "ff": ff, "uram": urams, "dsp": dsp})
        if all(total is known for total, known in totals.values()):
            break
    return both[0], both[-1]
