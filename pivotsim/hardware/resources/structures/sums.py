"""OPMEM: a bank of sums of each column and half, and the address that waits for them to come down."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import EXACT, Curve, SynthesisRow, curve, row_of, rows_of
from pivotsim.hardware.resources.structures.byte_memories import HALVES
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts
from pivotsim.hardware.resources.structures.sizes import Sizes, Structure, Times, bits_of, in_slices, whole

SUM_COLS = 8  # of the recorded OPMEMs
SHARED_WORDS = (64, 512)  # of those that were recorded with twice as many columns: in LUTs, in block RAMs
WORD_BITS = 4  # of the least OPMEM recorded


def sum_banks(sizes: Sizes) -> Structure:
    """Count OPMEM's banks: one of sums for each column and half."""
    cols, words = np.asarray(sizes.cols), 2 ** _word_bits(sizes)
    double = np.asarray(sizes.opmem_halves) == 2
    lut, ff, halves = (
        np.where(double, _of_columns(count, 2, words, cols), _of_columns(count, 1, words, cols))
        for count in ("lut", "ff", "bram36")
    )
    return Structure("opmem", whole(lut), whole(ff), whole(HALVES * halves), _how(sizes))


def address_bit(sizes: Sizes) -> Structure:
    """Count a bit of OPMEM's address, which waits until its sums have come down."""
    packed = np.asarray(sizes.mac_packing) - 1
    waits = np.where(in_slices(sizes), 1 + 2 * packed, np.asarray(sizes.mac_latency) - 1 + packed)
    edge = np.asarray(sizes.rows) + waits
    lut = chain_luts(edge)
    return Structure("opmem", lut, chain_ffs(edge), 0 * lut, EXACT)


def address_bits(sizes: Sizes) -> Times:
    """Return the bits of an address of OPMEM, with whether it is added to, and which half."""
    return Times(_word_bits(sizes) + np.where(np.asarray(sizes.opmem_halves) == 2, 2, 1), _how(sizes))


def _word_bits(sizes: Sizes) -> Any:
    return np.maximum(bits_of(sizes.opmem_words), WORD_BITS)


def _how(sizes: Sizes) -> Any:
    words = 2 ** _word_bits(sizes)
    single, double = (_eight_columns("lut", halves).how(words) for halves in (1, 2))
    return np.where(np.asarray(sizes.opmem_halves) == 2, double, single)


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
    width = int(bits_of(row.parameters["DEPTH"])) + row.parameters["HALVES"]
    waits = {"lut": chain_luts, "ff": chain_ffs}.get(count)
    return float(getattr(row, count)) - (width * int(waits(row.parameters["EDGE"])) if waits else 0)
