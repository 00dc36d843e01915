"""Structures of the Verilog that ships, and what each takes of an FPGA: for one design, or for vectors of designs.

What is a whole number an element follows at any size, exact at every recorded one: columns, skew registers, sums of a
column, rotators. Movers and the top lie on curves between recorded sizes (``Structure.how`` says which).

Sums pass down columns of DSP48E2 slices (is, ws) where the fold overlap is `none` or `settled`: one slice and 9
flip-flops an element, two tags a column. `rtl` writes them for `settled` and mac_latency 2; `none` waits longer and
needs no other registers, but for it `rtl` writes elements of logic (``Synthesis.as_written`` counts them). Other
overlaps begin a load before the last has settled, and os drains its sums: those take elements of LUTs around a slice
(rtl/verilog/array/pe_generic.v).

Where two columns share slices (``mac_packing``) those of `none` and `settled` are counted by pairs; for other overlaps
no Verilog packs, and LUTs and flip-flops are those of an element each.

A memory has a bank for each byte lane, 2**ceil(log2(widest port)) of them, each of half block RAMs or, where that
would be nearly empty, of LUTs, or of UltraRAM where the board builds memories of its size so; rotators turn bytes to
and from their banks and grow with banks times log2(banks).
The memory of biases is counted for one word a column; the biases of a whole GEMM lie in it, n words.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from pivotsim.hardware.resources.block_rams import ULTRA_BIT
from pivotsim.hardware.resources.recorded import SynthesisRow
from pivotsim.hardware.resources.structures.byte_memories import banks_of, byte_memory
from pivotsim.hardware.resources.structures.columns import column_skew, element_column, number_of_columns, row_skew
from pivotsim.hardware.resources.structures.movers import SUM_BYTES, sequencers, write_mover
from pivotsim.hardware.resources.structures.sizes import Sizes, Structure, Term, on_curve
from pivotsim.hardware.resources.structures.sums import address_bit, address_bits, sum_banks
from pivotsim.hardware.resources.structures.totals import COUNTS


def all_structures(sizes: Sizes) -> Iterator[Structure]:
    """Yield the structures of designs, each the sum of its terms."""
    found: dict[str, Structure] = {}
    for term in TERMS.values():
        one = counted(term, sizes)
        before = found.get(term.structure)
        found[term.structure] = one if before is None else _sum(before, one)
    yield from found.values()


def counted(term: Term, sizes: Sizes) -> Structure:
    """Return what a term takes, as many times as designs have it."""
    found, times = term.counts(sizes), term.times(sizes)
    amounts = {name: getattr(found, name) * times.number for name in COUNTS}
    return found._replace(**amounts, how=np.maximum(found.how, times.how))


def _sum(one: Structure, other: Structure) -> Structure:
    amounts = {name: getattr(one, name) + getattr(other, name) for name in COUNTS}
    return one._replace(**amounts, how=np.maximum(one.how, other.how))


def _operands(name: str, sizes: Sizes) -> Structure:
    """Count IPMEM or WTMEM, which the array reads a side at a time."""
    width = np.maximum(sizes.rows, sizes.cols)
    in_ultra = np.asarray(sizes.ultra) & ULTRA_BIT[name] > 0
    return byte_memory(name, getattr(sizes, f"{name}_bytes"), _banks(sizes), sizes.lanes, width, in_ultra)


def _global_buffer(sizes: Sizes) -> Structure:
    in_ultra = np.asarray(sizes.ultra) & ULTRA_BIT["gb"] > 0
    found = byte_memory("gb", sizes.gb_bytes, _banks(sizes), sizes.lanes, sizes.lanes, in_ultra)
    return found._replace(shared=True)


def _biases(sizes: Sizes) -> Structure:
    of_word = np.asarray(sizes.bias_lanes)
    stored = np.where(of_word > 0, SUM_BYTES * np.asarray(sizes.cols), 0)
    return byte_memory("biases", stored, banks_of(np.maximum(sizes.lanes, of_word)), sizes.lanes, of_word)


def _banks(sizes: Sizes) -> Any:
    return banks_of(np.maximum(sizes.lanes, np.maximum(sizes.rows, sizes.cols)))


def _lanes(row: SynthesisRow) -> float:
    return row.parameters["LANES"]


def _sides(row: SynthesisRow) -> float:
    return row.rows + row.cols


TERMS: Mapping[str, Term] = {
    "columns": Term("columns", element_column, number_of_columns),
    "row skew": Term("skew registers", row_skew),
    "column skew": Term("skew registers", column_skew),
    "ipmem": Term("ipmem", partial(_operands, "ipmem")),
    "wtmem": Term("wtmem", partial(_operands, "wtmem")),
    "gb": Term("gb", _global_buffer),
    "biases": Term("biases", _biases),
    "sum banks": Term("opmem", sum_banks),
    "sum addresses": Term("opmem", address_bit, address_bits),
    "read mover": Term("read mover", lambda sizes: on_curve("read mover", sizes.lanes, "read mover", _lanes)),
    "write mover": Term("write mover", write_mover),
    "sequencers": Term("sequencers", sequencers),
    "masks, counters": Term(
        "masks, counters",
        lambda sizes: on_curve("masks, counters", np.asarray(sizes.rows) + sizes.cols, "top", _sides),
    ),
}
