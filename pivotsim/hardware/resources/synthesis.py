"""What synthesis counts of one design's structures, part by part, before place and route: nothing here is fitted.

It stands behind the demands of ``fit`` and beside them where constants count (``fpga.use.counted_by: fitted``). Levels
of logic are those of the recorded run that is nearest in size, the larger one of two; a way through several parts
passes the levels of each.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.counted import number, of_all_arrays, sizes_of
from pivotsim.hardware.resources.parts import NOT_COUNTED, units_in_logic
from pivotsim.hardware.resources.recorded import EXTRAPOLATED, HOW, SynthesisRow, recorded, row_of, rows_of
from pivotsim.hardware.resources.structures.byte_memories import HALVES, banks_of
from pivotsim.hardware.resources.structures.designs import all_structures
from pivotsim.hardware.resources.structures.sizes import OVERLAP, Sizes, in_slices
from pivotsim.hardware.resources.written_units import unit_counts, unit_levels
from pivotsim.io.spec_values import value_at

STAGE = "before place and route"
SETTING, PACKED_SETTING = "settled, mac_latency 2", "settled, mac_latency 3"
SLICED_LATENCY = 2  # of an element in a slice of its own; `rtl` raises what is less


class SynthesisPart(NamedTuple):
    """A part of a design, what all of it takes, its levels of logic, and how the counts are known."""

    name: str
    dsp: int
    lut: int
    ff: int
    bram36: float
    levels: int
    how: str
    uram: int = 0


class Synthesis(NamedTuple):
    """The parts of a design, and the tool; ``as_written`` is the total where `rtl` writes other elements, None else."""

    parts: tuple[SynthesisPart, ...]
    tool: str
    elements: str
    as_written: SynthesisPart | None = None

    @property
    def total(self) -> SynthesisPart:
        """All counted parts together; levels are the most of one part."""
        return _total(self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text."""
        return {
            "tool": self.tool, "stage": STAGE, "elements": self.elements,
            "parts": [part._asdict() for part in self.parts], "total": self.total._asdict(),
            "missing": list(NOT_COUNTED),
            "as_written": None if self.as_written is None else self.as_written._asdict(),
        }  # fmt: skip


def _total(parts: Iterable[SynthesisPart]) -> SynthesisPart:
    parts = tuple(parts)
    dsp, lut, ff = sum(p.dsp for p in parts), sum(p.lut for p in parts), sum(p.ff for p in parts)
    deepest, worst = max(p.levels for p in parts), max(HOW.index(p.how) for p in parts)
    brams, urams = (sum(getattr(part, name) for part in parts) for name in ("bram36", "uram"))
    return SynthesisPart("all parts", dsp, lut, ff, brams, deepest, HOW[worst], urams)


def synthesis_of(hw: SystolicHardware) -> Synthesis:
    """Return what synthesis counts of a board's array, what is around it, and the units that are placed."""
    sizes, as_written = sizes_of(_numbers_of(hw)), None
    units = tuple(
        SynthesisPart(
            f"{one.unit} unit", one.dsp, one.lut, one.ff, one.bram36, unit_levels(one.unit, one.lanes), one.how
        )
        for one in unit_counts(hw, units_in_logic(hw))
    )
    parts = (*_of_arrays(hw, sizes), *units)
    if bool(in_slices(sizes)):
        shared, setting = ("two columns in each", PACKED_SETTING) if hw.array.mac_packing > 1 else ("", SETTING)
        elements = f"elements in DSP48E2 slices{', ' * bool(shared)}{shared}, as `rtl` writes them for {setting}"
        if hw.array.mac_packing == 1 and hw.array.fold_overlap == "none":
            as_written = _total((*_of_arrays(hw, _generic(sizes)), *units))
            how = f" [{as_written.how}]" if as_written.how == HOW[EXTRAPOLATED] else ""
            other = f"elements of logic (pe_generic): {as_written.lut:,} LUT, {as_written.ff:,} FF{how} in all parts"
            elements += f"; for none it writes {other}"
        elif hw.array.mac_packing == 1 and hw.array.mac_latency > SLICED_LATENCY:
            other = "elements of logic (pe_generic), which are not counted here"
            elements += f"; for mac_latency {hw.array.mac_latency} it writes {other}"
    else:
        why = f"{hw.array.fold_overlap} under {hw.array.dataflow}" if not DATAFLOW[hw.array.dataflow].drains else "os"
        elements = f"elements of logic around a DSP48E2 each, which {why} needs"
        if hw.array.mac_packing > 1:
            elements += "; DSPs are those of two columns in each, though no Verilog packs under this overlap"
    return Synthesis(parts, recorded()[0].tool, elements, as_written)


def _of_arrays(hw: SystolicHardware, sizes: Sizes) -> tuple[SynthesisPart, ...]:
    """Return the parts of all arrays of these sizes, and what is around them."""
    levels, dsp = levels_of(sizes), hw.array.count * hw.array.rows * hw.slices_across
    return tuple(
        SynthesisPart(
            one.name, dsp if one.name == "columns" else 0, int(one.lut), int(one.ff), int(one.half_brams) / HALVES,
            levels[one.name], HOW[int(one.how)], int(one.urams),
        )
        for one in (of_all_arrays(each, hw.array.count) for each in all_structures(sizes))
    )  # fmt: skip


def _generic(sizes: Sizes) -> Sizes:
    """Return sizes whose structures are those that `rtl` writes for `none`.

    No slice holds an element; `chained` has the same ones and differs in the clocks of its descriptors alone.
    """
    latency = np.maximum(sizes.mac_latency, SLICED_LATENCY)
    return sizes._replace(overlap=np.int64(OVERLAP["chained"]), mac_latency=latency)


def levels_of(sizes: Sizes) -> dict[str, int]:
    """Return the levels of logic of each structure of one design."""
    lanes, rows, cols = (int(size) for size in (sizes.lanes, sizes.rows, sizes.cols))
    width = max(rows, cols)
    banks, biases = int(banks_of(max(lanes, width))), int(sizes.bias_lanes)
    double = int(OVERLAP["settled"] == int(sizes.overlap) or int(sizes.overlap) in _DOUBLED)
    settled, os = int(int(sizes.overlap) == OVERLAP["settled"]), int(sizes.os)
    columns = {"DOUBLE": double, "CHAIN": settled, "MREG": min(1, int(sizes.mac_latency) - 1), "os": os}
    element = "column" if bool(in_slices(sizes)) else "generic column"
    if element == "column" and int(sizes.mac_packing) > 1:
        element = "packed column"
    halves = {"C": 8, "HALVES": int(sizes.opmem_halves)}
    writes = _nearest(rows_of("write mover"), lambda row: row.rows + 2 * row.cols, lanes + 2 * cols)
    return {
        "columns": _nearest(
            rows_of(element, **(columns if element == "generic column" else {})), lambda row: row.rows, rows
        ),
        "skew registers": _nearest(rows_of("skew"), lambda row: row.rows + row.cols, rows + cols),
        "ipmem": _turned(banks),
        "wtmem": _turned(banks),
        "gb": _turned(banks),
        "biases": _turned(int(banks_of(max(lanes, biases)))) if biases else 0,
        "opmem": _nearest(rows_of("sums", **halves), lambda row: row.parameters["DEPTH"], int(sizes.opmem_words)),
        "read mover": _nearest(rows_of("read mover"), lambda row: row.rows, lanes),
        "write mover": writes + row_of("requantise").levels,
        "sequencers": max(row_of("pass sequencer", os=os, SETTLED=settled).levels, row_of("transfer sequencer").levels),
        "masks, counters": _nearest(rows_of("top"), lambda row: row.rows + row.cols, rows + cols),
    }


_DOUBLED = (OVERLAP["preload"], OVERLAP["pipelined"])


def _turned(banks: int) -> int:
    return _nearest(rows_of("memory"), lambda row: 2.0 ** row.parameters["BANK_BITS"], banks)


def _nearest(rows: Iterable[SynthesisRow], of: Callable[[SynthesisRow], float], size: float) -> int:
    """Return the levels of the smallest run that is at least as large, else of the largest."""
    runs = sorted(rows, key=of)
    return next((row.levels for row in runs if of(row) >= size), runs[-1].levels)


def _numbers_of(hw: SystolicHardware) -> Callable[[str], Any]:
    return lambda path: np.int64(number(path, value_at(hw, path)))
