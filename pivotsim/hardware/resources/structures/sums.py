"""OPMEM: a bank of sums of each column and half, and the address that waits for them to come down."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import Curve, SynthesisRow, curve, row_of, rows_of
from pivotsim.hardware.resources.structures.byte_memories import HALVES
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts
from pivotsim.hardware.resources.structures.sizes import Sizes, Structure, bits_of, in_slices, whole

SUM_COLS = 8  # of the recorded OPMEMs
SHARED_WORDS = (64, 512)  # of those that were recorded with twice as many columns: in LUTs, in block RAMs
WORD_BITS = 4  # of the least OPMEM recorded


def opmem(sizes: Sizes) -> Structure:
    """Count OPMEM: a bank of sums of each column and half, and the address that waits for them to come down."""
    rows, cols = np.asarray(sizes.rows), np.asarray(sizes.cols)
    bits, double = np.maximum(bits_of(sizes.opmem_words), WORD_BITS), np.asarray(sizes.opmem_halves) == 2
    words = 2**bits
    width = bits + np.where(double, 2, 1)  # an address, whether it is added to, which half
    packed = np.asarray(sizes.mac_packing) - 1
    edge = rows + np.where(in_slices(sizes), 1 + 2 * packed, np.asarray(sizes.mac_latency) - 1 + packed)
    lut, ff, halves = (
        np.where(double, _of_columns(count, 2, words, cols), _of_columns(count, 1, words, cols))
        for count in ("lut", "ff", "bram36")
    )
    how = np.where(double, _eight_columns("lut", 2).how(words), _eight_columns("lut", 1).how(words))
    return Structure(
        "opmem", whole(lut) + width * chain_luts(edge), whole(ff) + width * chain_ffs(edge),
        whole(HALVES * halves), how,
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
    width = int(bits_of(row.parameters["DEPTH"])) + row.parameters["HALVES"]
    waits = {"lut": chain_luts, "ff": chain_ffs}.get(count)
    return float(getattr(row, count)) - (width * int(waits(row.parameters["EDGE"])) if waits else 0)
