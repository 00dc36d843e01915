"""What synthesis counts of the Verilog that ships, part by part, before place and route: nothing here is fitted.

synthesis.csv holds what yosys counted for UltraScale+ at the sizes that were recorded (`make synth`). Columns of
processing elements in DSP48E2 slices follow at any size, since their counts are whole numbers per element, exact at
every recorded size:

DSP     R * C
FF      9 * R * C: 8 bits of the passing operand and its mark
LUT     2 * ceil(R / 32) * C: two tags that wait R clocks in shift registers of 32

A tool that sees the whole array removes what the last column passes on to nobody, 9 * R flip-flops, and little more.
All else (skew registers, memories, movers, sequencers) is told at recorded sizes only. The elements are those of is and
ws with `settled` and mac_latency 2 (rtl/verilog/pe_dsp48e2.v); what another overlap would take is not counted.
"""

import csv
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pivotsim.hardware.dataflows import DATAFLOW
from pivotsim.hardware.kinds.systolic import SystolicHardware

TABLE = Path(__file__).with_suffix(".csv")
FF_PER_PE = 9
TAG_BITS, SRL_DEPTH = 2, 32
COLUMNS = "columns of elements"
SETTING = "settled, mac_latency 2"


class SynthesisRow(NamedTuple):
    """One recorded run: the part, its module and parameters at an array's size (0 x 0: of any), and its counts.

    Block RAMs are of 36 Kb; one of 18 Kb is a half.
    """

    part: str
    module: str
    rows: int
    cols: int
    parameters: str
    dsp48e2: int
    lut: int
    ff: int
    bram36: float
    carry4: int
    tool: str

    def parameter(self, name: str) -> int | None:
        """Return one parameter of the run, None where it was not set."""
        values = dict(word.split("=") for word in self.parameters.split())
        return int(values[name]) if name in values else None


class SynthesisPart(NamedTuple):
    """A part of a design: how often it is there, and what all of them take; ``source`` says from what."""

    name: str
    times: int
    dsp: int
    lut: int
    ff: int
    bram36: float
    source: str


class Synthesis(NamedTuple):
    """The parts of a design that are counted, those that are not, and the tool."""

    parts: tuple[SynthesisPart, ...]
    missing: tuple[str, ...]
    tool: str

    @property
    def total(self) -> SynthesisPart:
        """All counted parts together."""
        parts = self.parts
        dsp, lut, ff = sum(p.dsp for p in parts), sum(p.lut for p in parts), sum(p.ff for p in parts)
        return SynthesisPart("counted parts", len(parts), dsp, lut, ff, sum(p.bram36 for p in parts), "their sum")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text."""
        return {
            "tool": self.tool, "stage": "before place and route", "elements": SETTING,
            "parts": [part._asdict() for part in self.parts], "total": self.total._asdict(),
            "missing": list(self.missing),
        }  # fmt: skip


@functools.cache
def recorded() -> tuple[SynthesisRow, ...]:
    """Return the rows of synthesis.csv."""
    with TABLE.open(newline="") as file:
        return tuple(
            SynthesisRow(
                row["part"], row["module"], int(row["rows"]), int(row["cols"]), row["parameters"], int(row["dsp48e2"]),
                int(row["lut"]), int(row["ff"]), float(row["bram36"]), int(row["carry4"]), row["tool"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


def columns_of(rows: int, cols: int) -> SynthesisPart:
    """Return what the columns of an array in DSP48E2 slices take.

    >>> columns_of(64, 36)[2:5]
    (2304, 144, 20736)
    """
    lut = TAG_BITS * -(-rows // SRL_DEPTH) * cols
    return SynthesisPart(COLUMNS, cols, rows * cols, lut, FF_PER_PE * rows * cols, 0, "9 FF and 1 DSP an element")


def synthesis_of(hw: SystolicHardware) -> Synthesis | None:
    """Return what synthesis counts of a board's array and what is around it; None where sums stay in place (os)."""
    if DATAFLOW[hw.array.dataflow].drains:
        return None
    parts = [columns_of(hw.array.rows, hw.array.cols)]
    missing = []
    for name, count, sizes in _wanted(hw):
        found = next((row for row in recorded() if _matches(row, name, hw, sizes)), None)
        if found is None:
            missing.append(name)
        else:
            dsp, lut, ff = count * found.dsp48e2, count * found.lut, count * found.ff
            source = f"{found.module}, recorded"
            parts.append(SynthesisPart(name, count, dsp, lut, ff, count * found.bram36, source))
    return Synthesis(tuple(parts), tuple(missing), recorded()[0].tool)


def _wanted(hw: SystolicHardware) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield the other parts: name in the table, how many, and what their parameters must be."""
    memories, rows, cols = hw.memories, hw.array.rows, hw.array.cols
    yield "skew", 1, {}
    if memories.ipmem_bytes == memories.wtmem_bytes:
        yield "ipmem, wtmem: each", 2, {"BYTES": memories.ipmem_bytes, "LANES": memories.gb_port_bytes_per_clock}
    yield "global_buffer", 1, {"BYTES": memories.gb_bytes, "LANES": memories.gb_port_bytes_per_clock}
    depth = memories.opmem_bytes // (4 * cols) if isinstance(memories.opmem_bytes, int) else None
    yield "opmem", 1, {"DEPTH": depth, "HALVES": 1 if memories.opmem_buffers == "single" else 2, "EDGE": rows + 1}
    yield "read_mover", 1, {"LANES": memories.gb_port_bytes_per_clock}
    yield "write_mover", 1, {"LANES": memories.gb_port_bytes_per_clock}
    yield "transfer_sequencer", 2, {}
    yield "pass_sequencer", 1, {}


def _matches(row: SynthesisRow, name: str, hw: SystolicHardware, sizes: dict[str, Any]) -> bool:
    of_size = (row.rows, row.cols) in ((0, 0), (hw.array.rows, hw.array.cols))
    return row.part == name and of_size and all(row.parameter(key) == value for key, value in sizes.items())
