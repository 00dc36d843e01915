"""Resources of many designs at once, each as ``fit`` counts it.

What a memory takes depends on few values: its size, its port, and a side of the array. It is worked out once for every
combination of those that occur and looked up for each design; where there are too many combinations, for each design.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOWS, OPERAND_MEMORY
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.block_rams import (
    BRAM36_SHAPES,
    FILLED,
    MEMORIES,
    PRIVATE,
    SUM_BYTES,
    URAM_SHAPE,
    side_of,
)
from pivotsim.hardware.resources.counted import (
    CODES,
    COUNTED_BY,
    DEPENDS,
    JOINED,
    METHODS,
    SIZE_PATHS,
    by_synthesis,
    number,
    rounded,
    sizes_of,
    unlimited,
)
from pivotsim.hardware.resources.structures.tables import StructureTables
from pivotsim.hardware.resources.structures.totals import added
from pivotsim.hardware.resources.vivado import DESIGN_PATHS, built
from pivotsim.hardware.resources.written_units import LANES, PARTS, PLACE, UNIT_PATHS, unit_structures
from pivotsim.io.spec_values import value_at
from pivotsim.operations import PL
from pivotsim.units import INT64_MAX

MAX_TABLE = 2**18  # combinations that are worked out beforehand: some 50 ms
ENDLESS = 2**60  # block RAMs of an unlimited memory while they are added up; no other memory comes near
ROWS, COLS, DATAFLOW, COUNT = "array.rows", "array.cols", "array.dataflow", "array.count"
URAM, URAM_FROM = "fpga.uram", "fpga.use.uram_from_bytes"
PACKING, LUT_PER_PE = "array.mac_packing", "fpga.use.lut_per_pe"
VIVADO = "vivado"
FF_PER_PE, FF_FIXED, BRAM36_FIXED = "fpga.use.ff_per_pe", "fpga.use.ff_fixed", "fpga.use.bram36_fixed"


class Resource(NamedTuple):
    """A column: its unit, what it says, and the values of a hardware that it depends on.

    ``paths`` are those under `fitted`, ``counted`` those under `synthesis`; a report of Vivado is of one design.
    """

    unit: str
    description: str
    paths: tuple[str, ...]
    counted: tuple[str, ...]

    def paths_under(self, methods: Collection[str]) -> tuple[str, ...]:
        """Return the values that the column depends on where resources are counted by some methods."""
        own = (
            *(self.paths if "fitted" in methods else ()), *(self.counted if "synthesis" in methods else ()),
            *(DESIGN_PATHS if VIVADO in methods else ()),
        )  # fmt: skip
        return tuple(dict.fromkeys(own))


BRAM36_PATHS = (
    ROWS, COLS, DATAFLOW, COUNT, *(f"memories.{name}_bytes" for name in MEMORIES),
    *(f"memories.{name}_port_bytes_per_clock" for name in FILLED), BRAM36_FIXED,
    URAM_FROM, COUNTED_BY,
)  # fmt: skip
COUNTED_PATHS = tuple(dict.fromkeys((*SIZE_PATHS, COUNTED_BY, *UNIT_PATHS)))
DSP_PATHS = (ROWS, COLS, COUNT, PACKING)
DEMANDS = {
    "dsp": Resource("DSP48E2", "DSPs that the design takes.", DSP_PATHS, (*DSP_PATHS, COUNTED_BY, *UNIT_PATHS)),
    "bram36": Resource(
        "BRAM36", "Block RAMs that its memories take; 2**63 - 1 of an unlimited one.", BRAM36_PATHS, COUNTED_PATHS
    ),
    "lut": Resource(
        "LUTs", "Look-up tables that it takes; under `fitted` its PEs alone.",
        (ROWS, COLS, COUNT, LUT_PER_PE, COUNTED_BY), COUNTED_PATHS,
    ),
    "ff": Resource(
        "FFs", "Flip-flops that it takes.", (ROWS, COLS, COUNT, FF_PER_PE, FF_FIXED, COUNTED_BY), COUNTED_PATHS
    ),
}  # fmt: skip
OF_ALL = tuple(
    tuple(dict.fromkeys((*(p for name, row in DEMANDS.items() for p in (*of(row), f"fpga.{name}")), URAM)))
    for of in (attrgetter("paths"), attrgetter("counted"))
)
RESOURCES = {
    **DEMANDS,
    "fits": Resource("", "Whether the device has all of them.", *OF_ALL),
    "fits_extrapolated": Resource("", "Whether counts larger than any recorded one decide that.", *OF_ALL),
}
PATHS = RESOURCES["fits"].paths_under((*METHODS, VIVADO))


def fit_paths(hw: SystolicHardware) -> tuple[str, ...]:
    """Return the values of a hardware that its fit depends on; of units it reads the widths of those alone it has."""
    report = (VIVADO,) if hw.fpga.vivado is not None else ()
    idle = {LANES.format(unit) for unit in PARTS if value_at(hw, PLACE.format(unit)) != PL}
    return tuple(path for path in RESOURCES["fits"].paths_under((hw.fpga.use.counted_by, *report)) if path not in idle)


class ResourceModel:
    """Resources of the designs of one hardware that differ in some of its values.

    Parameters
    ----------
    hw : SystolicHardware
        Gives what does not vary.
    values : mapping
        Dotted path -> the values that designs take; a path that no resource depends on is passed over.
    """

    def __init__(self, hw: SystolicHardware, values: Mapping[str, Sequence[Any]]) -> None:
        self._report = hw.fpga.vivado
        self.values = {path: _numbers(path, values[path]) for path in values if path in PATHS}
        self.constants = {path: _numbers(path, [value_at(hw, path)])[0] for path in PATHS if path not in values}
        self._structures = StructureTables(self.values, self.constants, DEPENDS, JOINED, sizes_of)
        # (whether each array has its own, axes) -> block RAMs of all memories that depend on those axes alone
        self._tables: dict[tuple[bool, tuple[str, ...]], Any] = {}
        self._others: list[tuple[str, int | None, tuple[str, ...]]] = []  # of more combinations than a table holds
        self._is_limited = True
        for name, side in ((memory, side) for memory in MEMORIES for side in self._sides(memory)):
            paths = tuple(path for path in self._paths_of(name, side) if path in self.values)
            if math.prod(len(self.values[path]) for path in paths) > MAX_TABLE:
                self._others.append((name, side, paths))
                self._is_limited = False
                continue
            grids = np.meshgrid(*(self.values[path] for path in paths), indexing="ij")
            found = self._blocks(name, side, dict(zip(paths, grids, strict=True)))
            key = (name in PRIVATE, paths)
            self._tables[key] = self._tables.get(key, 0) + np.asarray(found).reshape(-1)
            self._is_limited &= bool(np.max(found) < ENDLESS)

    def columns(self, places: Mapping[str, Any], count: int) -> dict[str, Any]:
        """Return resource -> demand, int64 (count,), and under ``fits`` whether all of them suffice, bool (count,).

        ``fits_extrapolated`` is true where counts larger than any recorded one decide that.
        ``places`` holds, for each path that varies, each design's place among its values.
        """

        @cache
        def of(path: str) -> Any:
            return self.values[path][places[path]] if path in self.values else self.constants[path]

        pes = of(ROWS) * of(COLS) * of(COUNT)
        packed = of(PACKING)
        found = {"dsp": of(ROWS) * -(-of(COLS) // packed) * of(COUNT) if np.any(packed > 1) else pes}
        is_counted = by_synthesis(of)
        if not np.all(is_counted) or not count:
            found |= {
                "bram36": self._bram36(places, of),
                "lut": _per_pe(of(LUT_PER_PE), pes),
                "ff": _sum(_per_pe(of(FF_PER_PE), pes), of(FF_FIXED)),
            }
        known: dict[str, Any] = {}  # demands without what is extrapolated
        uram = self._uram(of) if np.any(of(URAM_FROM)) and not np.all(is_counted) else np.int64(0)
        if np.any(is_counted) and count:
            # where no array fits it does not matter what of the rest is extrapolated
            may_fit = bool(np.any(found["dsp"] <= of("fpga.dsp")))
            totals = self._structures.totals(places, of, count, is_known_asked=may_fit)
            totals = added(unit_structures(of), totals)
            counts, known = rounded(totals, unlimited(of))
            for each in [counts] if known is counts else [counts, known]:
                each["dsp"] = each["dsp"] + found["dsp"]
            if np.all(is_counted):
                found |= {name: counts[name] for name in DEMANDS}
                uram = counts["uram"]
            else:
                uram = np.where(is_counted, counts["uram"], uram)
                found |= {name: np.where(is_counted, counts[name], found.get(name, 0)) for name in DEMANDS}
        if self._report is not None:
            is_built = built(of, self._report)
            is_counted = is_counted & ~is_built
            for name in found:
                found[name] = np.where(is_built, math.ceil(getattr(self._report, name)), found[name])
            uram = np.where(is_built, self._report.uram, uram)
        fits, fits_known = np.ones(count, dtype=np.bool_), np.ones(count, dtype=np.bool_)
        is_extrapolated: Any = np.zeros(count, dtype=np.bool_)
        for name, demand in found.items():
            bound = np.minimum(of(f"fpga.{name}"), INT64_MAX - 1)  # no device has room for what is unlimited
            suffices = demand <= bound
            fits &= suffices
            if known.get(name, demand) is demand:
                fits_known &= suffices
            else:
                fits_known &= known[name] <= bound
                is_extrapolated = is_extrapolated | (known[name] < demand)
        if np.any(uram):
            bound, of_known = np.minimum(of(URAM), ENDLESS - 1), known.get("uram", uram)
            fits &= uram <= bound
            fits_known &= np.where(is_counted, of_known, uram) <= bound
            is_extrapolated = is_extrapolated | (of_known < uram)
        decides = is_counted & is_extrapolated & fits_known
        return {**{name: _filled(demand, count) for name, demand in found.items()}, "fits": fits,
                "fits_extrapolated": decides}  # fmt: skip

    def _bram36(self, places: Mapping[str, Any], of: Any) -> Any:
        total: Any = np.int64(0)
        for (is_private, paths), table in self._tables.items():
            index: Any = places[paths[0]] if paths else 0
            for path in paths[1:]:
                index = index * len(self.values[path]) + places[path]
            total = total + _of_arrays(table[index], of(COUNT) if is_private else 1)
        for name, side, paths in self._others:
            found = self._blocks(name, side, {path: of(path) for path in paths})
            total = total + _of_arrays(found, of(COUNT) if name in PRIVATE else 1)
        fixed = of(BRAM36_FIXED)
        if self._is_limited:
            return _sum(total, fixed)
        return np.where(total >= ENDLESS, INT64_MAX, _sum(np.minimum(total, ENDLESS), fixed))

    def _uram(self, of: Any) -> Any:
        """Return the UltraRAM of all memories that are built of it; at least ``ENDLESS`` of an unlimited one."""
        pairs = ((name, side) for name in MEMORIES for side in self._sides(name))
        total: Any = np.int64(0)
        for name, side in pairs:
            varied = {path: of(path) for path in self._paths_of(name, side) if path in self.values}
            found = self._blocks(name, side, varied, in_uram=True)
            total = total + _of_arrays(found, of(COUNT) if name in PRIVATE else 1)
        return total

    def _sides(self, name: str) -> list[int | None]:
        """Return the sides of the array that set a memory's width, under the dataflows that occur."""
        codes = self.values[DATAFLOW].tolist() if DATAFLOW in self.values else [self.constants[DATAFLOW]]
        return list(dict.fromkeys(side_of(name, DATAFLOWS[code]) for code in codes))

    def _paths_of(self, name: str, side: int | None) -> list[str]:
        """Return the values that a memory's block RAMs depend on where a side sets its width."""
        own = [f"memories.{name}_bytes", *([f"memories.{name}_port_bytes_per_clock"] if name in FILLED else [])]
        array = [] if side is None else [(ROWS, COLS)[side]]
        return [*([DATAFLOW] if len(self._sides(name)) > 1 else []), *own, *array, URAM_FROM]

    def _blocks(self, name: str, side: int | None, varied: Mapping[str, Any], *, in_uram: bool = False) -> Any:
        """Return a memory's block RAMs, or its UltraRAM, for vectors of the values that vary.

        They are ``ENDLESS`` where it is unlimited, and 0 where another side sets its width, or it is of the other kind.
        """
        size, own, rows, cols = (
            varied.get(path, self.constants.get(path, 0))
            for path in (f"memories.{name}_bytes", f"memories.{name}_port_bytes_per_clock", ROWS, COLS)
        )
        scale = SUM_BYTES if name == OPERAND_MEMORY["out"] else 1
        port = np.int64(0) if side is None else scale * (rows, cols)[side]
        if name in FILLED:
            port = np.maximum(port, own)
        is_endless = (size == INT64_MAX) | (port == INT64_MAX)
        port = np.where(is_endless | (port < 1), 1, port)  # no array has a side of 0, though a table may start there
        width, depth = 8 * port, -(-size // port)
        fewest: Any = np.int64(INT64_MAX)
        for bits, words in [URAM_SHAPE] if in_uram else BRAM36_SHAPES:
            fewest = np.minimum(fewest, -(-width // bits) * -(-depth // words))
        large = varied.get(URAM_FROM, self.constants.get(URAM_FROM, 0))
        found = np.where(((large > 0) & (size >= large)) == in_uram, np.where(is_endless, ENDLESS, fewest), 0)
        if DATAFLOW not in varied:
            return found
        is_own = np.array([side_of(name, dataflow) == side for dataflow in DATAFLOWS])
        return np.where(is_own[varied[DATAFLOW]], found, 0)


def _numbers(path: str, values: Sequence[Any]) -> Any:
    """Return values as integers, or as floats where one is: words by their code, unlimited as the largest int64."""
    if isinstance(values, np.ndarray) and path not in CODES:
        return values
    numbers = [number(path, value) for value in values]
    return np.array(numbers, dtype=np.float64 if path in (LUT_PER_PE, FF_PER_PE) else np.int64)


def _of_arrays(blocks: Any, count: Any) -> Any:
    """Return the block RAMs of so many arrays; those of an unlimited memory stay as they are."""
    if np.ndim(count) == 0 and count == 1:
        return blocks
    return np.where(blocks >= ENDLESS, blocks, blocks * count)


def _per_pe(per_pe: Any, pes: Any) -> Any:
    if np.ndim(per_pe) == 0 and float(per_pe).is_integer():  # below 2**53 either way, and faster
        return pes * np.int64(per_pe)
    return np.ceil(per_pe * pes).astype(np.int64)


def _sum(amount: Any, fixed: Any) -> Any:
    """Return a sum that ends at the largest int64; amounts are far below it."""
    if np.ndim(fixed) == 0 and fixed < 2**61:
        return amount + fixed
    return np.minimum(amount, INT64_MAX - fixed) + fixed


def _filled(demand: Any, count: int) -> Any:
    return demand if np.ndim(demand) else np.full(count, demand, dtype=np.int64)
