"""The one place where quantities change unit. Names carry units: cycles, ms, ns, j, w, mhz."""

from typing import TypeAlias, TypeVar, overload

import numpy as np

FloatArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
IntArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Number = TypeVar("Number", float, FloatArray)


@overload
def cycles_to_ms(cycles: float, clock_mhz: float) -> float: ...
@overload
def cycles_to_ms(cycles: IntArray, clock_mhz: float) -> FloatArray: ...
def cycles_to_ms(cycles: float | IntArray, clock_mhz: float) -> float | FloatArray:
    """Return clocks at ``clock_mhz`` in milliseconds: cycles / (MHz * 1000)."""
    return cycles / (clock_mhz * 1e3)


def us_to_ms(us: float) -> float:
    """Return microseconds in milliseconds."""
    return us * 1e-3


def ns_to_ms(ns: float) -> float:
    """Return nanoseconds in milliseconds."""
    return ns * 1e-6


def energy_j(power_w: float, delay_ms: Number) -> Number:
    """Return power times delay, watts times milliseconds, in joules."""
    return delay_ms * (power_w * 1e-3)


def pj_to_j(pj: Number) -> Number:
    """Return picojoules in joules."""
    return pj * 1e-12


def kib(size_bytes: int) -> float:
    """Return bytes in KiB."""
    return size_bytes / 1024
