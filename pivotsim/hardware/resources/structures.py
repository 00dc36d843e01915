"""Structures of the Verilog that ships, and what each takes of an FPGA: for one design, or for vectors of designs.

What is a whole number an element follows at any size, exact at every recorded one: columns, skew registers, sums of a
column. Rotators, movers and the top lie on curves between recorded sizes (``Structure.how`` says which).

Sums pass down columns of DSP48E2 slices (is, ws) where the fold overlap is `none` or `settled`: one slice and 9
flip-flops an element, two tags a column. `rtl` writes them for `settled` and mac_latency 2; `none` waits longer and
needs no other registers. Other overlaps begin a load before the last has settled, and os drains its sums: those take
elements of LUTs around a slice (rtl/verilog/pe_generic.v).

A memory has a bank for each byte lane, 2**ceil(log2(widest port)) of them, each of half block RAMs or, where that
would be nearly empty, of LUTs; rotators turn bytes to and from their banks and grow with banks times lanes.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.recorded import (
    EXACT,
    EXTRAPOLATED,
    RECORDED,
    Curve,
    SynthesisRow,
    curve,
    curve_of,
    row_of,
    rows_of,
)
from pivotsim.hardware.resources.shift_registers import chain_ffs, chain_luts, stairs

OVERLAP = {name: code for code, name in enumerate(FOLD_OVERLAPS)}
OPERAND_FFS = 9  # of an element in a slice: the operand that passes, and the mark of a fold's first
TAGS = 2  # of a column: a sum leaves, the last one
BIAS_BYTES = 4  # of a column
MOST = float(2**50)  # a count beyond it is not told apart
HALVES = 2  # of a block RAM
BLOCK_WORDS = 1024  # of a bank that is a block RAM
SUM_COLS = 8  # of the recorded OPMEMs
SHARED_WORDS = (64, 512)  # of those that were recorded with twice as many columns: in LUTs, in block RAMs
WORD_BITS = 4  # of the least OPMEM recorded
PE_ROWS = (4, 8)  # recorded columns from which those of any height follow


class Sizes(NamedTuple):
    """What the structures of a design depend on: integers, or int64 arrays of one shape.

    ``os`` is 1 where sums stay in place, ``overlap`` the place of the fold overlap in ``FOLD_OVERLAPS``. ``lanes`` are
    the bytes that move in a clock, ``opmem_words`` the sums of a column in a half. A memory of 0 bytes is not there.
    ``in_uram`` holds 1 for each of ``MEMORIES`` that is built of UltraRAM: it takes no block RAM and no LUT to store.
    """

    rows: Any
    cols: Any
    os: Any
    overlap: Any
    mac_latency: Any
    lanes: Any
    ipmem_bytes: Any
    wtmem_bytes: Any
    gb_bytes: Any
    opmem_words: Any
    opmem_halves: Any
    in_uram: dict[str, Any]


class Structure(NamedTuple):
    """A structure: its LUTs, flip-flops and half block RAMs, int64 each, and how they are known (``recorded.HOW``).

    There is one of it for all arrays where ``shared``, else one for each.
    """

    name: str
    lut: Any
    ff: Any
    half_brams: Any
    how: Any
    shared: bool = False


def structures(sizes: Sizes) -> Iterator[Structure]:
    """Yield the structures of designs."""
    yield _columns(sizes)
    yield _skew(sizes)
    banks = banks_of(np.maximum(sizes.lanes, np.maximum(sizes.rows, sizes.cols)))
    width = np.maximum(sizes.rows, sizes.cols)
    in_uram = sizes.in_uram
    yield _memory("ipmem", sizes.ipmem_bytes, banks, sizes.lanes, width, in_uram["ipmem"])
    yield _memory("wtmem", sizes.wtmem_bytes, banks, sizes.lanes, width, in_uram["wtmem"])
    yield _memory("gb", sizes.gb_bytes, banks, sizes.lanes, sizes.lanes, in_uram["gb"])._replace(shared=True)
    biases = BIAS_BYTES * np.asarray(sizes.cols)
    yield _memory("biases", biases, banks_of(np.maximum(sizes.lanes, biases)), sizes.lanes, biases, 0)
    yield _sums(sizes)
    yield _on_curve("read mover", sizes.lanes, "read mover", _lanes)
    yield _write_mover(sizes)
    yield _sequencers(sizes)
    yield _on_curve("masks, counters", np.asarray(sizes.rows) + sizes.cols, "top", _sides)


def in_slices(sizes: Sizes) -> Any:
    """Return whether all of an element but a passing operand lies in a DSP48E2 slice."""
    overlap = np.asarray(sizes.overlap)
    return (np.asarray(sizes.os) == 0) & ((overlap == OVERLAP["none"]) | (overlap == OVERLAP["settled"]))


def banks_of(lanes: Any) -> Any:
    """Return the banks of a memory: a power of two, at least its widest port in bytes, and two.

    >>> banks_of([1, 8, 9]).tolist()
    [2, 8, 16]
    """
    return 2 ** _bits(lanes)


def _bits(count: Any) -> Any:
    """Return the bits that tell so many things apart, at least one; exact below 2**53."""
    _, exponent = np.frexp(np.maximum(np.asarray(count, dtype=np.float64) - 1.0, 1.0))
    return exponent.astype(np.int64)


def _whole(amount: Any) -> Any:
    """Return an amount rounded up to a whole number, int64."""
    return np.ceil(np.minimum(amount, MOST) - 1e-6).astype(np.int64)


def _columns(sizes: Sizes) -> Structure:
    rows, cols = np.asarray(sizes.rows), np.asarray(sizes.cols)
    slices = in_slices(sizes)
    lut, ff = TAGS * chain_luts(rows), OPERAND_FFS * rows + TAGS * chain_ffs(rows)
    generic_lut, generic_ff = _generic_column(sizes)
    how = np.where(slices | (np.asarray(sizes.mac_latency) <= 2), EXACT, EXTRAPOLATED)
    return Structure(
        "columns", cols * np.where(slices, lut, generic_lut), cols * np.where(slices, ff, generic_ff), 0 * cols, how
    )


def _generic_column(sizes: Sizes) -> tuple[Any, Any]:
    """Return LUTs and flip-flops of a column of generic elements: the first one, and the same for each below it."""
    first, each = _generic_elements()
    codes = (np.asarray(sizes.os), np.asarray(sizes.overlap))
    later = np.asarray(sizes.mac_latency)[..., None] - 1
    rows = np.asarray(sizes.rows)[..., None]
    start = first[codes][..., 0, :] + later * (first[codes][..., 1, :] - first[codes][..., 0, :])
    step = each[codes][..., 0, :] + later * (each[codes][..., 1, :] - each[codes][..., 0, :])
    found = start + (rows - 1) * step
    return found[..., 0], found[..., 1]


@cache
def _generic_elements() -> tuple[Any, Any]:
    """Return what the first element of a column takes, and each other: int64 (os, overlap, registers, LUT and FF)."""
    first = np.zeros((2, len(FOLD_OVERLAPS), 2, 2), dtype=np.int64)
    each = np.zeros_like(first)
    few, many = PE_ROWS
    for overlap, code in OVERLAP.items():
        double, chain = int(overlap in ("preload", "pipelined", "settled")), int(overlap == "settled")
        for os in (0, 1):
            for registers in (0, 1):
                kind = {"DOUBLE": double, "CHAIN": chain, "MREG": registers, "os": os}
                low, high = (row_of("generic column", R=rows, **kind) for rows in PE_ROWS)
                low_counts, high_counts = (np.array([row.lut, row.ff]) for row in (low, high))
                step = (high_counts - low_counts) // (many - few)
                each[os, code, registers] = step
                first[os, code, registers] = low_counts - (few - 1) * step
    return first, each


def _skew(sizes: Sizes) -> Structure:
    """Count the registers that skew what enters rows and columns.

    Row r waits r clocks, column c c clocks. A bit that is the same for all columns is one chain with a tap for each, of
    flip-flops; all else is a chain without taps. Tags of sums wait for the product's registers, too.
    """
    rows, cols, os = np.asarray(sizes.rows), np.asarray(sizes.cols), np.asarray(sizes.os)
    slices, settled = in_slices(sizes), np.asarray(sizes.overlap) == OVERLAP["settled"]
    registers = np.where(slices, 1, np.asarray(sizes.mac_latency) - 1)
    row_lut, row_ff = stairs(rows)
    col_lut, col_ff = stairs(cols)
    tag_lut, tag_ff = stairs(cols, registers)
    row_bits = np.where(slices, OPERAND_FFS, OPERAND_FFS + 1)
    chained = slices | settled  # held operands move down a chain, and no token goes with them
    # chains with taps: the last of a pass, and what moves or places operands or sums
    taps = cols - 1 + registers + np.where(os == 1, cols - 1 + registers, np.where(chained, cols - 1, 2 * (cols - 1)))
    lut = row_bits * row_lut + 8 * col_lut + tag_lut + np.where((os == 1) | slices, 1, 0)
    ff = row_bits * row_ff + 8 * col_ff + tag_ff + taps
    return Structure("skew registers", lut, ff, 0 * lut, np.where(registers <= 1, EXACT, EXTRAPOLATED))


def _memory(name: str, size: Any, banks: Any, lanes: Any, width: Any, in_uram: Any) -> Structure:
    """Count a memory of bytes: rotators for ``lanes`` that are written and ``width`` that are read, and its banks."""
    crossings = np.asarray(banks, dtype=np.float64) * (np.asarray(lanes) + np.asarray(width))
    words = np.where(in_uram, BLOCK_WORDS, 2 ** _bits(-(-np.asarray(size) // banks)))
    rotators = {count: _rotators(count) for count in ("lut", "ff")}
    found = {count: curve.at(crossings) + banks * _bank(count).at(words) for count, curve in rotators.items()}
    halves = np.where(in_uram, 0, banks * np.ceil(_bank("bram36").at(words) * HALVES))
    how = np.maximum(rotators["lut"].how(crossings), _bank("lut").how(words))
    there = np.asarray(size) > 0
    lut, ff, halves = (np.where(there, _whole(amount), 0) for amount in (found["lut"], found["ff"], halves))
    return Structure(name, lut, ff, halves, np.where(there, how, EXACT))


@cache
def _rotators(count: str) -> Curve:
    """Return a memory's count without that of its banks, over banks times the bytes of both ports."""

    def alone(row: SynthesisRow) -> tuple[float, float]:
        banks = 2 ** row.parameters["BANK_BITS"]
        crossings = banks * (row.parameters["LANES"] + row.parameters["READ_LANES"])
        return crossings, getattr(row, count) - banks * _bank(count).at(row.parameters["BYTES"] // banks)

    return curve(alone(row) for row in rows_of("rotators"))


@cache
def _bank(count: str) -> Curve:
    """Return a bank's count over its words: half of what two take.

    What moves a byte to either of the two is in it, at any number of words, and falls out of what is added for other
    words than those of the recorded rotators.
    """
    return curve((row.parameters["BYTES"] // 2, getattr(row, count) / 2) for row in rows_of("two banks"))


def _sums(sizes: Sizes) -> Structure:
    """Count OPMEM: a bank of sums of each column and half, and the address that waits for them to come down."""
    rows, cols = np.asarray(sizes.rows), np.asarray(sizes.cols)
    bits, double = np.maximum(_bits(sizes.opmem_words), WORD_BITS), np.asarray(sizes.opmem_halves) == 2
    in_uram = sizes.in_uram["opmem"]
    words = np.where(in_uram, BLOCK_WORDS, 2**bits)
    width = bits + np.where(double, 2, 1)  # an address, whether it is added to, which half
    edge = rows + np.where(in_slices(sizes), 1, np.asarray(sizes.mac_latency) - 1)
    lut, ff, halves = (
        np.where(double, _of_columns(count, 2, words, cols), _of_columns(count, 1, words, cols))
        for count in ("lut", "ff", "bram36")
    )
    how = np.where(double, _eight_columns("lut", 2).how(words), _eight_columns("lut", 1).how(words))
    return Structure(
        "opmem", _whole(lut) + width * chain_luts(edge), _whole(ff) + width * chain_ffs(edge),
        np.where(in_uram, 0, _whole(HALVES * halves)), how,
    )  # fmt: skip


def _of_columns(count: str, halves: int, words: Any, cols: Any) -> Any:
    """Return a count of OPMEM without the address that waits: what all columns share, and each column's own.

    What is shared is known where 16 columns were recorded beside 8, at the first words of either kind of bank.
    """
    in_luts, in_blocks = (_shared(count, halves, words) for words in SHARED_WORDS)
    shared = np.where(words <= SHARED_WORDS[0], in_luts, in_blocks)
    return shared + cols * (_eight_columns(count, halves).at(words) - shared) / SUM_COLS


@cache
def _shared(count: str, halves: int, words: int) -> float:
    """Return what the columns of an OPMEM share: twice 8 columns, less 16."""
    few, many = (row_of("sums", C=cols, HALVES=halves, DEPTH=words) for cols in (SUM_COLS, 2 * SUM_COLS))
    return 2 * _without_address(few, count) - _without_address(many, count)


@cache
def _eight_columns(count: str, halves: int) -> Curve:
    """Return a count of OPMEM of 8 columns over its words in a half, without the address that waits."""
    rows = rows_of("sums", C=SUM_COLS, HALVES=halves)
    return curve((row.parameters["DEPTH"], _without_address(row, count)) for row in rows)


def _without_address(row: SynthesisRow, count: str) -> float:
    width = int(_bits(row.parameters["DEPTH"])) + row.parameters["HALVES"]
    waits = {"lut": chain_luts, "ff": chain_ffs}.get(count)
    return float(getattr(row, count)) - (width * int(waits(row.parameters["EDGE"])) if waits else 0)


def _write_mover(sizes: Sizes) -> Structure:
    """Count the write mover: bytes that wait, over how many may; and what requantises a column, once for each."""
    one, cols = row_of("requantise"), np.asarray(sizes.cols)
    rest = _on_curve("write mover", _waiting(sizes.lanes, cols), "write mover", _waits)
    return rest._replace(lut=rest.lut + one.lut * cols, ff=rest.ff + one.ff * cols)


def _waiting(lanes: Any, cols: Any) -> Any:
    """Return the bytes that may wait in the write mover: what two clocks send, and a word of every column."""
    return 2 * np.asarray(lanes) + 4 * np.asarray(cols)


def _waits(row: SynthesisRow) -> float:
    return float(_waiting(row.parameters["LANES"], row.parameters["C"]))


def _sequencers(sizes: Sizes) -> Structure:
    """Count the sequencers: of loads, of drains, and of passes."""
    transfer = row_of("transfer sequencer")
    passes = [[row_of("pass sequencer", os=os, SETTLED=settled) for settled in (0, 1)] for os in (0, 1)]
    codes = (np.asarray(sizes.os), (np.asarray(sizes.overlap) == OVERLAP["settled"]).astype(np.int64))
    lut, ff = (
        2 * getattr(transfer, count) + np.array([[getattr(row, count) for row in rows] for rows in passes])[codes]
        for count in ("lut", "ff")
    )
    return Structure("sequencers", lut, ff, 0 * lut, np.full_like(lut, RECORDED))


def _on_curve(name: str, size: Any, part: str, of: Callable[[SynthesisRow], float]) -> Structure:
    """Return a structure whose counts lie on curves over one size."""
    lut, ff = (_curve_of(part, of, count) for count in ("lut", "ff"))
    found = _whole(lut.at(size))
    return Structure(name, found, _whole(ff.at(size)), 0 * found, lut.how(size))


@cache
def _curve_of(part: str, of: Callable[[SynthesisRow], float], count: str) -> Curve:
    return curve_of(part, of, count)


def _lanes(row: SynthesisRow) -> float:
    return row.parameters["LANES"]


def _sides(row: SynthesisRow) -> float:
    return row.rows + row.cols
