"""Functions inside kernels: compiled once for all constants, and without what is None."""

from pivotsim.kernels import _jit
from pivotsim.kernels._jit import inlined, kernel
from pivotsim.kernels.dram import serving
from pivotsim.kernels.memory.addresses import Place
from pivotsim.kernels.memory.transfers import dram_cycles
from pivotsim.kernels.types import Dram, Gemm


def copies(function):
    """What numba compiled of a function inside kernels, by the types of its arguments."""
    dispatcher = _jit._part_dispatchers.get(function)
    return set() if dispatcher is None else set(dispatcher.overloads)


@inlined
def weighed(gemm, pair, factor):
    return factor * (gemm.m + 10 * gemm.k + 100 * gemm.n) + pair[0] - pair[1]


@kernel("int64(Gemm, int64)", types=(Gemm,))
def sum_of_constants(gemm, value):
    return weighed(gemm, (0, 1), 1) + weighed(gemm, (value, 7), 2) + weighed(Gemm(1, 2, 3), (1, value), value)


@kernel("int64(int64, Dram)", types=(Dram,))
def clocks_of_bandwidth(size, dram):
    return dram_cycles(size, 0, 5, Place(0, 0, 0, 0), dram, None)


def test_constants_make_no_further_copies():
    gemm = Gemm(1, 2, 3)
    assert sum_of_constants(gemm, 5) == 321 * (1 + 2 + 5) - 1 + (5 - 7) + (1 - 5)
    assert len(copies(weighed)) <= 1  # none where the kernel comes from the cache


def test_a_bandwidth_needs_no_commands():
    """Without a channel the branch that asks it is gone: it could not be compiled for None."""
    before = copies(serving.serve_tile)
    assert clocks_of_bandwidth(100, Dram(16, 3, 2, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0)) == 150
    assert copies(serving.serve_tile) == before
