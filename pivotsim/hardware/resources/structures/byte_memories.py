"""Memories of bytes: banks, in LUTs or block RAMs or in UltraRAM, and what turns bytes to and from them.

An UltraRAM block is 4,096 words of 8 bytes that can be written one by one, so a bank of bytes has up to 32,768 words in
one: upper bits of its address choose among them. A bank with fewer takes a whole block all the same.
"""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import EXACT, INTERPOLATED, Curve, SynthesisRow, curve, rows_of
from pivotsim.hardware.resources.structures.rotators import chooser_luts, rotator_luts
from pivotsim.hardware.resources.structures.sizes import Structure, bits_of, whole

HALVES = 2  # of a block RAM
ENABLED = 9  # bits that are turned to a bank: a byte, and whether it is written
BYTE = 8


def banks_of(lanes: Any) -> Any:
    """Return the banks of a memory, or those that a port reaches: a power of two, at least its bytes, and two.

    >>> banks_of([1, 8, 9]).tolist()
    [2, 8, 16]
    """
    return 2 ** bits_of(lanes)


BANKS = ("two banks", "two large banks")  # parts that were recorded: small ones, and those in UltraRAM


def byte_memory(name: str, size: Any, banks: Any, lanes: Any, width: Any, in_ultra: Any = False) -> Structure:
    """Count a memory of bytes: banks, and what turns ``lanes`` that are written and ``width`` that are read.

    A port that reaches fewer banks than there are chooses among as many groups of them. ``in_ultra`` says whether
    banks lie in UltraRAM.
    """
    banks, size, in_ultra = np.asarray(banks), np.asarray(size), np.asarray(in_ultra)
    words = 2 ** bits_of(-(-size // banks))
    exact = turning_luts(banks, lanes, width) + addressing_luts(banks, lanes, words)
    of_bank = {
        count: np.where(in_ultra, *(_bank(part, count).at(words) for part in reversed(BANKS)))
        for count in ("lut", "ff", "bram36", "uram")
    }
    left = {count: _left(count).at(banks) + banks * of_bank[count] for count in ("lut", "ff")}
    place = bits_of(banks)  # flip-flops: the first byte's bank, until the banks answer
    halves, urams = banks * np.ceil(of_bank["bram36"] * HALVES), banks * np.ceil(of_bank["uram"])
    of_words = np.where(in_ultra, *(_bank(part, "lut").how(words) for part in reversed(BANKS)))
    how = np.maximum(_left("lut").how(banks), of_words)
    is_square = (banks_of(lanes) == banks) & (banks_of(width) == banks)
    how = np.where(is_square, how, np.maximum(how, INTERPOLATED))
    there = size > 0
    lut, ff, halves, urams = (
        np.where(there, whole(amount), 0) for amount in (left["lut"] + exact, left["ff"] + place, halves, urams)
    )
    return Structure(name, lut, ff, halves, np.where(there, how, EXACT), urams)


def turning_luts(banks: Any, lanes: Any, width: Any) -> Any:
    """Return the LUTs that turn ``lanes`` bytes that are written to banks, and ``width`` bytes that are read back.

    What turns a byte that no port takes lacks its last LUT.

    >>> [int(turning_luts(*of)) for of in ((8, 8, 8), (64, 64, 64), (64, 64, 4))]
    [272, 3264, 1920]
    """
    banks, width = np.asarray(banks), np.asarray(width)
    written, read = banks_of(lanes), banks_of(width)
    groups = BYTE * read * chooser_luts(banks // read) + np.where(written < banks, banks, 0)
    return rotator_luts(written, ENABLED) + rotator_luts(read, BYTE) - BYTE * (read - width) + groups


def addressing_luts(banks: Any, lanes: Any, words: Any) -> Any:
    """Return the LUTs that choose each bank's word for reads and for writes: that of the first byte, or the one after.

    A bank that no first byte passes, the last one that a port reaches, takes the first byte's word.

    >>> int(addressing_luts(8, 8, 1024))
    140
    """
    banks = np.asarray(banks)
    return (2 * banks - 1 - banks // banks_of(lanes)) * bits_of(words)


def _exact(row: SynthesisRow, count: str) -> float:
    """Return what of a recorded memory is counted by formula."""
    banks, lanes, width = 2 ** row.parameters["BANK_BITS"], row.parameters["LANES"], row.parameters["READ_LANES"]
    words = row.parameters["BYTES"] // banks
    luts = float(turning_luts(banks, lanes, width) + addressing_luts(banks, lanes, words))
    return {"lut": luts, "ff": float(bits_of(banks))}.get(count, 0.0)


@cache
def _left(count: str) -> Curve:
    """Return a memory's count over its banks without that of the banks, and without what is exact."""

    def alone(row: SynthesisRow) -> tuple[float, float]:
        banks = 2 ** row.parameters["BANK_BITS"]
        of_banks = float(banks * _bank(BANKS[0], count).at(row.parameters["BYTES"] // banks))
        return banks, getattr(row, count) - _exact(row, count) - of_banks

    return curve(alone(row) for row in rows_of("memory"))


@cache
def _bank(part: str, count: str) -> Curve:
    """Return a bank's count over its words: half of what two take without what is exact."""
    return curve(
        (row.parameters["BYTES"] // 2, (getattr(row, count) - _exact(row, count)) / 2) for row in rows_of(part)
    )
