"""Memories of bytes: banks, and rotators that turn bytes to and from them."""

from functools import cache
from typing import Any

import numpy as np

from pivotsim.hardware.resources.recorded import EXACT, Curve, SynthesisRow, curve, rows_of
from pivotsim.hardware.resources.structures.sizes import Structure, bits_of, whole

HALVES = 2  # of a block RAM
BLOCK_WORDS = 1024  # of a bank that is a block RAM


def banks_of(lanes: Any) -> Any:
    """Return the banks of a memory: a power of two, at least its widest port in bytes, and two.

    >>> banks_of([1, 8, 9]).tolist()
    [2, 8, 16]
    """
    return 2 ** bits_of(lanes)


def byte_memory(name: str, size: Any, banks: Any, lanes: Any, width: Any, in_uram: Any) -> Structure:
    """Count a memory of bytes: rotators for ``lanes`` that are written and ``width`` that are read, and its banks."""
    crossings = np.asarray(banks, dtype=np.float64) * (np.asarray(lanes) + np.asarray(width))
    words = np.where(in_uram, BLOCK_WORDS, 2 ** bits_of(-(-np.asarray(size) // banks)))
    rotators = {count: _rotators(count) for count in ("lut", "ff")}
    found = {count: curve.at(crossings) + banks * _bank(count).at(words) for count, curve in rotators.items()}
    halves = np.where(in_uram, 0, banks * np.ceil(_bank("bram36").at(words) * HALVES))
    how = np.maximum(rotators["lut"].how(crossings), _bank("lut").how(words))
    there = np.asarray(size) > 0
    lut, ff, halves = (np.where(there, whole(amount), 0) for amount in (found["lut"], found["ff"], halves))
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
