"""The one place where quantities change unit. Names carry units: cycles, ms, ns, j, w, mhz."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np

    FloatArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    IntArray: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
else:  # hardware and single GEMMs do without numpy, which takes half as long to load as all the rest
    FloatArray = IntArray = Any

INT64_MAX = 2**63 - 1  # the most that clocks and bytes may count to
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


def plain_sum(values: Iterable[Number]) -> Number:
    """Return the sum from left to right; ``sum`` compensates single floats, but no vectors, from Python 3.12 on.

    >>> plain_sum([0.1] * 3)
    0.30000000000000004
    """
    total: Any = 0.0
    for value in values:
        total = total + value
    return total  # type: ignore[no-any-return]


def size_text(size_bytes: int) -> str:
    """Return bytes in words, in the largest unit up to MiB of which there is one.

    Examples
    --------
    >>> size_text(1023), size_text(1536), size_text(2**21)
    ('1023 bytes', '1.5 KiB', '2 MiB')
    """
    unit, scale = next((entry for entry in (("MiB", 2**20), ("KiB", 2**10)) if size_bytes >= entry[1]), ("bytes", 1))
    return f"{size_bytes / scale:.4g} {unit}" if scale > 1 else f"{size_bytes} {unit}"


class Ticks:
    """An integer unit of time in which clocks of the PL and float milliseconds of the PS are both whole.

    A float is a whole number over a power of two, and so is a clock frequency; with both denominators in the unit,
    sums and comparisons of times are exact, and each is rounded once, when it becomes milliseconds.

    Parameters
    ----------
    clock_mhz : float
        Clock of the PL.
    host_ms : iterable of float
        Every PS duration that is going to be counted in these ticks.
    """

    def __init__(self, clock_mhz: float, host_ms: Iterable[float]) -> None:
        clocks, parts = float(clock_mhz).as_integer_ratio()  # clocks / parts MHz, 1000 times that per ms
        finest = max((ms.as_integer_ratio()[1] for ms in host_ms), default=1)
        self.per_cycle = parts * finest
        self.per_ms = 1000 * clocks * finest

    def of(self, cycles: int, host_ms: float) -> int:
        """Return a duration of PL clocks and PS milliseconds in ticks."""
        if not host_ms:
            return cycles * self.per_cycle
        count, parts = host_ms.as_integer_ratio()
        return cycles * self.per_cycle + count * self.per_ms // parts

    def to_ms(self, ticks: int) -> float:
        """Return ticks in milliseconds, rounded once."""
        return ticks / self.per_ms

    def to_us(self, ticks: int) -> float:
        """Return ticks in microseconds, rounded once."""
        return 1000 * ticks / self.per_ms
