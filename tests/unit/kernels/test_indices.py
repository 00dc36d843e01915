"""Indices of kernels count from the start: what machine code does with others, and that the engines' kernels have none.

`make proof` runs more tests, with machine code that checks each index.
"""

from contextlib import suppress
from functools import partial

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.array.many_designs import cycles_per_design, design_columns
from pivotsim.engines.array.random_masks import drawn_column_counts, drawn_cycles
from pivotsim.engines.dram.channel import Command, DramChannel, earliest_clock, serve
from pivotsim.engines.mpca.lanes import sbmm_cycles
from pivotsim.engines.pe import clock as pe
from pivotsim.engines.pipeline.schedule import Edge, Stage, stage_schedule
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.dram.controller import SCHEDULERS
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.kernels import _jit
from pivotsim.kernels._indices import count_from_the_start
from pivotsim.pareto import front_mask
from tests.benchmarks.bench_memory import masked
from tests.benchmarks.roofline.counting import CountingNumpy, copied, counted_argument
from tests.plain_kernels import plain

ZCU102 = ps.load_hardware("zcu102")
DENSE = ps.lower(ps.plan("digits_vit"))
MASKED = masked(DENSE, 16, 0.5)
CALLS = 4  # of each kernel in a run that are looked at


@pytest.mark.parametrize(("module", "found"), [("pivotsim.kernels.of_a_test", 3), ("of_another", 7)])
def test_only_our_own_functions_are_not_asked_whether_an_index_is_negative(module, found):
    import numba

    names = {"__name__": module}
    exec("def at(values, index):\n    return values[index]", names)
    count_from_the_start()
    at = _jit.Kernel(names["at"], "", (), _jit._OPTIONS)._dispatcher_for(numba.int64(numba.int64[::1], numba.int64))
    values = np.array([3, 4, 5, 6, 7])
    assert at(values[1:], 1) == 5
    assert at(values[1:], -1) == found


def test_an_index_from_the_end_is_seen():
    values = counted_argument(np.arange(6).reshape(2, 3))
    assert (values[1, 2], values[1][2]) == (5, 5)
    for asked in (lambda: values[-1], lambda: values[0, -1], lambda: values.__setitem__((-1, 0), 1)):
        with pytest.raises(IndexError, match="from the start"):
            asked()


def bursts(scheduler):
    draw, spec = np.random.default_rng(3), load_dram("dram/ddr4_2400").replace({"scheduler": scheduler})
    arrivals = spec.refresh_clocks - 40 + 9 * np.arange(60)
    serve(spec, draw.integers(0, 2**18, 60) * 64, draw.random(60) < 0.5, arrivals)


def clock_by_clock(dataflow):
    for overlap in FOLD_OVERLAPS:
        mode = {"rows": 4, "cols": 3, "dataflow": dataflow, "fold_overlap": overlap, "mac_latency": 2}
        with suppress(ps.InputError):  # what the dataflow has not
            pe.run(*pe.seeded_operands(5, 6, 7), ZCU102.array.model_copy(update=mode), digests=True, trace=True)


def behind_memories(trace, dram):
    ps.simulate(trace, ZCU102.replace({"memories.dram": dram} if dram else {}), engine="memory", memory="hw")


def three_stages():
    stages = [Stage(f"s{s}", 3 + s, 4) for s in range(3)]
    edges = [Edge("chain", 0, 1, -1), Edge("chain", 1, 2, 2), Edge("whole", 0, 2, 2, is_whole=True)]
    stage_schedule(stages, [*edges, Edge("", 2, 0, -1, is_feedback=True)], 4, 2)


def fronts():
    for objectives in (2, 3, 4):
        front_mask(np.random.default_rng(1).integers(0, 9, (50, objectives)).astype(float))


def designs():
    axes = {name: np.arange(8, 14) for name in ("rows", "cols")}
    ps.simulate_designs(DENSE, ZCU102.replace({"array.count": 2}), axes, energy="activity")


def large_designs():
    sides = design_columns(ZCU102.array, {"rows": [3, 5], "cols": [7, 9]})
    cycles_per_design([np.array([[2**40, 1, 1, 1]])], sides)


def one_transfer():
    spec = load_dram("dram/ddr4_2400")
    DramChannel(spec).transfer(4096, 3000)
    earliest_clock(spec, [Command(0, "ACT", 0, 0)], "RD")


RUNS = {
    **{scheduler: partial(bursts, scheduler) for scheduler in SCHEDULERS},
    **{f"pe, {dataflow}": partial(clock_by_clock, dataflow) for dataflow in DATAFLOWS},
    "memory": partial(behind_memories, DENSE, None),
    "memory, commands": partial(behind_memories, DENSE, "dram/ddr4_2400"),
    "memory, masks": partial(behind_memories, MASKED, None),
    "masks": lambda: ps.simulate(MASKED, ZCU102),
    "drawn masks": lambda: drawn_cycles(
        64, 64, 64, density=0.5, block=4, seed=range(3), operand="b", array=ZCU102.array
    ),
    "mpca": lambda: sbmm_cycles(np.array([[3, 0, 2, 5]]), 20, 16, ps.load_hardware("u250_mpca").mpca),
    "pipeline": three_stages,
    "fronts": fronts,
    "designs": designs,
    "designs, in integers": large_designs,
    "one transfer": one_transfer,
    "columns of drawn masks": lambda: drawn_column_counts(24, 96, 0.5, [0, 1]),
}  # fmt: skip


def looked_at(kernel, seen):
    """Return what runs a kernel's machine code, after its Python where that has not been looked at often."""
    by_machine, by_python = kernel.compiled(), plain(kernel, {"np": CountingNumpy()})

    def run(*arguments):
        if seen.count(kernel) < CALLS:
            seen.append(kernel)
            by_python(*map(counted_argument, copied(arguments)))
        return by_machine(*arguments)

    return run


@pytest.mark.parametrize("name", RUNS)
def test_no_kernel_counts_from_the_end(monkeypatch, name):
    seen = []
    for kernel in _jit.KERNELS:
        if kernel.__module__.startswith("pivotsim."):
            monkeypatch.setattr(kernel, "_run", looked_at(kernel, seen))
    RUNS[name]()
    assert seen
