"""What every engine must hold; a new engine inherits the class and names itself."""

import functools
import itertools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.base import PAPER
from pivotsim.engines.registry import ENGINES
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS

SIZES = [(1, 1, 1), (1, 7, 3), (9, 1, 4), (5, 6, 1), (8, 4, 8), (17, 9, 33)]


@functools.cache
def changed(board, changes):
    """Return a board of ours with other values; most tests ask for the same one again and again."""
    return ps.load_hardware(board).replace(dict(changes))


class BoardConformance:
    """Tests of ``ENGINES[self.name]`` on any kind of hardware, on stall-free memories where an engine has any.

    A subclass names engine, board and its compute group, whole DeiT-S's clocks, and gives modes: values of that group.
    """

    name = board = compute = ""
    deit_s_cycles = 0

    def hardware(self, mode):
        return changed(self.board, tuple((f"{self.compute}.{key}", value) for key, value in mode.items()))

    def cycles(self, sizes, repeats=1, **mode):
        trace = ps.Trace((ps.workload.Op(1, "fc1", "gemm", *sizes, repeats),))
        return ENGINES[self.name].run(trace, self.hardware(mode), PAPER).cycles

    def test_cycles_are_int64_and_enough_for_the_work(self, mode):
        for sizes in SIZES:
            cycles = self.cycles(sizes, **mode)
            assert cycles.dtype == np.int64 and cycles.shape == (1,)
            assert int(cycles[0]) * self.hardware(mode).pes >= sizes[0] * sizes[1] * sizes[2]

    def test_repeats_multiply(self, mode):
        for sizes in SIZES:
            assert self.cycles(sizes, repeats=5, **mode)[0] == 5 * self.cycles(sizes, **mode)[0]

    def test_the_same_input_gives_the_same_cycles(self, mode):
        assert self.cycles((17, 9, 33), **mode)[0] == self.cycles((17, 9, 33), **mode)[0]

    def test_no_gemm_at_all(self):
        assert ENGINES[self.name].run(ps.Trace(()), ps.load_hardware(self.board)).cycles.shape == (0,)

    def test_simulate_takes_it_by_name(self):
        assert ps.simulate(ps.plan("deit_s"), self.board, engine=self.name).pl_cycles == self.deit_s_cycles


class EngineConformance(BoardConformance):
    """The same for an engine of a systolic array, and that it equals the contract."""

    board, compute, deit_s_cycles = "zcu102", "array", 3_026_160

    @pytest.fixture(params=itertools.product(DATAFLOWS, FOLD_OVERLAPS, EDGES), ids="-".join)
    def mode(self, request):
        return dict(zip(("dataflow", "fold_overlap", "edge"), request.param, strict=True), rows=4, cols=3)

    def test_equals_the_contract(self, mode):
        draw = random.Random(self.name)
        for _ in range(20):
            sizes = [draw.randint(1, 40) for _ in range(3)]
            cycles = self.cycles(sizes, **mode)[0]
            assert cycles == ps.simulate_gemm(*sizes, **mode, engine=self.name).cycles
            assert cycles == ps.simulate_gemm(*sizes, **mode).cycles
