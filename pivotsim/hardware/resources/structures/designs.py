"""Structures of the Verilog that ships, and what each takes of an FPGA: for one design, or for vectors of designs.

What is a whole number an element follows at any size, exact at every recorded one: columns, skew registers, sums of a
column, rotators. Movers and the top lie on curves between recorded sizes (``Structure.how`` says which).

Sums pass down columns of DSP48E2 slices (is, ws) where the fold overlap is `none` or `settled`: one slice and 9
flip-flops an element, two tags a column. `rtl` writes them for `settled` and mac_latency 2; `none` waits longer and
needs no other registers. Other overlaps begin a load before the last has settled, and os drains its sums: those take
elements of LUTs around a slice (rtl/verilog/array/pe_generic.v).

Where two columns share slices (``mac_packing``) those of `none` and `settled` are counted by pairs; for other overlaps
no Verilog packs, and LUTs and flip-flops are those of an element each.

A memory has a bank for each byte lane, 2**ceil(log2(widest port)) of them, each of half block RAMs or, where that
would be nearly empty, of LUTs, or of UltraRAM where the board builds memories of its size so; rotators turn bytes to
and from their banks and grow with banks times log2(banks).
The memory of biases is counted for one word a column; the biases of a whole GEMM lie in it, n words.
"""

from collections.abc import Iterator

import numpy as np

from pivotsim.hardware.resources.block_rams import ULTRA_BIT
from pivotsim.hardware.resources.recorded import SynthesisRow
from pivotsim.hardware.resources.structures.byte_memories import banks_of, byte_memory
from pivotsim.hardware.resources.structures.columns import element_columns, skew_registers
from pivotsim.hardware.resources.structures.movers import SUM_BYTES, sequencers, write_mover
from pivotsim.hardware.resources.structures.sizes import Sizes, Structure, on_curve
from pivotsim.hardware.resources.structures.sums import opmem


def all_structures(sizes: Sizes) -> Iterator[Structure]:
    """Yield the structures of designs."""
    yield element_columns(sizes)
    yield skew_registers(sizes)
    banks = banks_of(np.maximum(sizes.lanes, np.maximum(sizes.rows, sizes.cols)))
    width = np.maximum(sizes.rows, sizes.cols)
    ultra = {name: np.asarray(sizes.ultra) & bit > 0 for name, bit in ULTRA_BIT.items()}
    yield byte_memory("ipmem", sizes.ipmem_bytes, banks, sizes.lanes, width, ultra["ipmem"])
    yield byte_memory("wtmem", sizes.wtmem_bytes, banks, sizes.lanes, width, ultra["wtmem"])
    yield byte_memory("gb", sizes.gb_bytes, banks, sizes.lanes, sizes.lanes, ultra["gb"])._replace(shared=True)
    of_word = np.asarray(sizes.bias_lanes)
    stored = np.where(of_word > 0, SUM_BYTES * np.asarray(sizes.cols), 0)
    yield byte_memory("biases", stored, banks_of(np.maximum(sizes.lanes, of_word)), sizes.lanes, of_word)
    yield opmem(sizes)
    yield on_curve("read mover", sizes.lanes, "read mover", _lanes)
    yield write_mover(sizes)
    yield sequencers(sizes)
    yield on_curve("masks, counters", np.asarray(sizes.rows) + sizes.cols, "top", _sides)


def _lanes(row: SynthesisRow) -> float:
    return row.parameters["LANES"]


def _sides(row: SynthesisRow) -> float:
    return row.rows + row.cols
