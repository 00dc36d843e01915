"""What the machine can do at best: bare loops of one arithmetic, and streams from memory and from the caches.

A rate is operations or bytes a second of the processor time of a thread; of several threads side by side the rates are
added. A multiply-add is two operations. A stream counts what is read and what is written, as STREAM does (McCalpin).
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba
import numpy as np

import pivotsim as ps
from pivotsim.workload.ops import Op

LANES = 1024  # numbers that a loop of arithmetic goes over: in the first cache
# float64 in each vector of a stream: three are 24 KiB, 384 KiB and 192 MiB
FIRST_CACHE, SECOND_CACHE, MEMORY = 2**10, 2**14, 2**23
TURN_S = 0.006  # of processor time that a peak is taken for, about


def _jit(signature: str) -> Callable:
    return numba.njit(signature, nogil=True, error_model="numpy", cache=True)


@_jit("void(int32[::1], int32, int32, int64)")
def multiply_add_int32(a, x, y, passes):
    """Eight multiply-adds of each number, then the next."""
    for _ in range(passes):
        for i in range(a.size):
            z = a[i]
            for _ in range(8):
                z = np.int32(z * x + y)
            a[i] = z


@_jit("void(float64[::1], float64, float64, int64)")
def multiply_add_float64(a, x, y, passes):
    """Eight products and sums of each number, rounded each."""
    for _ in range(passes):
        for i in range(a.size):
            z = a[i]
            for _ in range(8):
                z = z * x + y
            a[i] = z


@_jit("void(float64[::1], float64, float64, int64)")
def divide_float64(a, x, y, passes):
    """Four divisions of each number."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = x / (y / (x / (y / a[i])))


@_jit("void(uint64[::1], uint64, uint64, int64)")
def divide_int64(a, x, y, passes):
    """One unsigned division of each number by another, none of which waits for the one before."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = x // (a[i] | y)


@_jit("void(uint64[::1], uint64, uint64, int64)")
def mix_uint64(a, x, y, passes):
    """Shift, exclusive or and product, twice: what hashes are made of."""
    for _ in range(passes):
        for i in range(a.size):
            z = a[i]
            z = (z ^ (z >> np.uint64(30))) * x
            a[i] = (z ^ (z >> np.uint64(27))) * y


@_jit("int64(int64[::1], int64, int64, int64)")
def scalar_int64(a, x, y, passes):
    """Ten sums and logical operations of single integers, in five chains that a processor runs side by side."""
    p, q, r, s, t = a[0], a[1], a[2], a[3], a[4]
    for _ in range(passes):
        for i in range(a.size):
            p, q, r, s, t = (p + i) ^ x, (q - i) | y, (r ^ i) + y, (s | i) - x, (t & x) + i
    return p ^ q ^ r ^ s ^ t


@_jit("void(float64[::1], float64[::1], float64[::1], float64, int64)")
def triad(a, b, c, x, passes):
    """A vector is another one plus a multiple of a third."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = b[i] + x * c[i]


@_jit("void(float64[::1], float64[::1], int64)")
def copy(a, b, passes):
    """A vector is another one, in turns."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = b[i]
        b[0] = a[1]


def python_integers(pairs: list[tuple[int, int]], passes: int) -> int:
    """A sum, a comparison and a sum of two integers, as the interpreter runs them."""
    most = -1
    for _ in range(passes):
        for one, other in pairs:
            if one + other > most:
                most = one + other
    return most


class Peak(NamedTuple):
    """A loop made ready: ``run(passes)``, and the operations or bytes of a pass."""

    run: Callable[[int], object]
    per_pass: float


class Roof(NamedTuple):
    """What is bounded, in words, its unit, and what makes a loop ready."""

    what: str
    unit: str
    make: Callable[[], Peak]
    threads: int = 2


def _loop(kernel: Callable, dtype: Any, operations: int, x: float, y: float) -> Callable[[], Peak]:
    def make() -> Peak:
        numbers = np.arange(1, LANES + 1).astype(dtype)
        return Peak(lambda passes: kernel(numbers, dtype(x), dtype(y), passes), LANES * operations)

    return make


def _vectors(count: int, length: int) -> list[Any]:
    """Return vectors of ones, each at the start of a cache line and of other bits below 4 KiB than the rest.

    A store that agrees with a load in those bits delays it.
    """
    line, apart = 8, 8 * 20  # float64
    room = np.ones(count * (length + apart) + line)
    first = -(room.ctypes.data // 8) % line
    return [room[at : at + length] for at in range(first, len(room) - length, length + apart)][:count]


def _triad(length: int) -> Callable[[], Peak]:
    def make() -> Peak:
        a, b, c = _vectors(3, length)
        return Peak(lambda passes: triad(a, b, c, 3.0, passes), 3 * 8 * length)

    return make


def _copy(length: int) -> Callable[[], Peak]:
    def make() -> Peak:
        a, b = _vectors(2, length)
        return Peak(lambda passes: copy(a, b, passes), 2 * 8 * length)

    return make


def _interpreter() -> Peak:
    pairs = [(i, 1000 - i) for i in range(1000)]
    return Peak(lambda passes: python_integers(pairs, passes), 2.0 * len(pairs))  # the second sum is seldom reached


def _objects() -> Peak:
    operations = list(ps.lower(ps.plan("deit_s")))

    def run(passes: int) -> None:
        for _ in range(passes):
            for values in operations:
                Op(*values)

    return Peak(run, len(operations))


ROOFS = {
    "copy_memory": Roof("copy in memory", "B", _copy(MEMORY)),
    "triad_memory": Roof("triad in memory", "B", _triad(MEMORY)),
    "copy_l2": Roof("copy in the second cache", "B", _copy(SECOND_CACHE)),
    "triad_l2": Roof("triad in the second cache", "B", _triad(SECOND_CACHE)),
    "copy_l1": Roof("copy in the first cache", "B", _copy(FIRST_CACHE)),
    "triad_l1": Roof("triad in the first cache", "B", _triad(FIRST_CACHE)),
    "int32": Roof("int32 products and sums", "op", _loop(multiply_add_int32, np.int32, 16, 5, 3)),
    "float64": Roof("float64 products and sums", "op", _loop(multiply_add_float64, np.float64, 16, 0.5, 3)),
    "words": Roof("64-bit shifts, exclusive ors, products", "op", _loop(mix_uint64, np.uint64, 6, 5, 3)),
    "scalar": Roof("int64 sums and logical operations, one at a time", "op", _loop(scalar_int64, np.int64, 10, 5, 3)),
    "float64_divisions": Roof("float64 divisions", "op", _loop(divide_float64, np.float64, 4, 5, 3)),
    "int64_divisions": Roof("int64 divisions", "op", _loop(divide_int64, np.uint64, 1, 1e12, 3)),
    "objects": Roof("operations of a trace, made as tuples", "object", _objects, threads=1),
    "interpreter": Roof("integer sums and comparisons of the interpreter", "op", _interpreter, threads=1),
}  # fmt: skip


class Measured:
    """A roof whose loop is ready, in one thread or more."""

    def __init__(self, name: str, threads: int = 1) -> None:
        self._peaks = [ROOFS[name].make() for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._passes = 1
        while self._seconds(self._peaks[0], self._passes) < TURN_S:
            self._passes *= 2

    @staticmethod
    def _seconds(peak: Peak, passes: int) -> float:
        start = time.thread_time()
        peak.run(passes)
        return time.thread_time() - start

    def rate(self) -> float:
        """Return operations or bytes a second, of all threads together."""
        if self._pool is None:
            return self._peaks[0].per_pass * self._passes / self._seconds(self._peaks[0], self._passes)
        taken = self._pool.map(lambda peak: self._seconds(peak, self._passes), self._peaks)
        return sum(self._peaks[0].per_pass * self._passes / seconds for seconds in taken)
