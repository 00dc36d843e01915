"""Memories of bytes: banks, and what turns bytes to and from them."""

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


def byte_memory(name: str, size: Any, banks: Any, lanes: Any, width: Any) -> Structure:
    """Count a memory of bytes: banks, and what turns ``lanes`` that are written and ``width`` that are read.

    A port that reaches fewer banks than there are chooses among as many groups of them.
    """
    banks, size = np.asarray(banks), np.asarray(size)
    written, read = banks_of(lanes), banks_of(width)
    words = 2 ** bits_of(-(-size // banks))
    turns = turning_luts(banks, written, read)
    left = {count: _left(count).at(banks) + banks * _bank(count).at(words) for count in ("lut", "ff")}
    halves = banks * np.ceil(_bank("bram36").at(words) * HALVES)
    how = np.maximum(_left("lut").how(banks), _bank("lut").how(words))
    how = np.where((written == banks) & (read == banks), how, np.maximum(how, INTERPOLATED))
    there = size > 0
    lut, ff, halves = (np.where(there, whole(amount), 0) for amount in (left["lut"] + turns, left["ff"], halves))
    return Structure(name, lut, ff, halves, np.where(there, how, EXACT))


def turning_luts(banks: Any, written: Any, read: Any) -> Any:
    """Return the LUTs that turn bytes to and from banks, of which a write and a read reach so many.

    >>> [int(turning_luts(*of)) for of in ((8, 8, 8), (64, 64, 64), (64, 64, 4))]
    [272, 3264, 1920]
    """
    banks, written, read = (np.asarray(amount) for amount in (banks, written, read))
    groups = BYTE * read * chooser_luts(banks // read) + np.where(written < banks, banks, 0)
    return rotator_luts(written, ENABLED) + rotator_luts(read, BYTE) + groups


@cache
def _left(count: str) -> Curve:
    """Return a memory's count over its banks without that of the banks, and without what turns bytes."""

    def alone(row: SynthesisRow) -> tuple[float, float]:
        banks = 2 ** row.parameters["BANK_BITS"]
        turns = float(turning_luts(banks, banks, banks)) if count == "lut" else 0.0
        return banks, getattr(row, count) - turns - float(banks * _bank(count).at(row.parameters["BYTES"] // banks))

    return curve(alone(row) for row in rows_of("memory"))


@cache
def _bank(count: str) -> Curve:
    """Return a bank's count over its words: half of what two take beside what turns bytes."""
    turns = float(turning_luts(2, 2, 2)) if count == "lut" else 0.0
    return curve((row.parameters["BYTES"] // 2, (getattr(row, count) - turns) / 2) for row in rows_of("two banks"))
